/**
 * Runs the tests on every supported major version of PostgreSQL, one after the
 * other, on a host that needs to have none installed:
 *
 *   npm run test:matrix                      all of them
 *   npm run test:matrix -- 14 18             two of them
 *   npm run test:matrix -- 14 test/testing   one of them, and vitest's filters
 *
 * The servers come from npm and are kept in node_modules/.cache/pgkeel, outside
 * the ordinary installation, so that nobody else has to download them.
 */
import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { Console, Effect, Schema } from "effect"
import { install, run, versions } from "./servers.ts"

class MatrixFailed extends Schema.TaggedError<MatrixFailed>()("MatrixFailed", { failed: Schema.Array(Schema.String) }) {
  override get message() {
    return `failed on PostgreSQL ${this.failed.join(", ")}`
  }
}

const program = Effect.gen(function* () {
  const args = process.argv.slice(2)
  const asked = args.filter((arg) => arg in versions)
  const filters = args.filter((arg) => !(arg in versions))
  const failed: Array<string> = []
  for (const [major, version] of Object.entries(versions)) {
    if (asked.length > 0 && !asked.includes(major)) continue
    yield* Console.log(`\nPostgreSQL ${major} (${version})`)
    const directory = yield* install(major)
    const code = yield* run("vitest", ["run", ...filters], { PGKEEL_TEST_POSTGRES: directory })
    if (code !== 0) failed.push(major)
  }
  if (failed.length > 0) yield* new MatrixFailed({ failed })
  yield* Console.log("\nAll of them passed.")
})

NodeRuntime.runMain(Effect.provide(program, NodeServices.layer))
