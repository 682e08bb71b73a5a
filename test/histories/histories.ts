/**
 * Histories of migrations as projects have them, each up, all the way down and up again, with the schema equal to what
 * psql makes of the same files. Prints a line for each, and what differs.
 *
 *     npm run histories -- [--only NAME ...] [--from URL]    the public ones of projects.ts, which git fetches
 *     npm run histories -- DIR...                            those in these directories
 *
 * `--from` is where the repositories are. Default: https://github.com
 */
import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { Console, Effect, FileSystem, Layer, Path, References } from "effect"
import { execFile } from "node:child_process"
import { parseArgs, promisify } from "node:util"
import { EmbeddedPostgres } from "../../src/testing/EmbeddedPostgres.ts"
import { TestDatabase } from "../../src/testing/TestDatabase.ts"
import { follow } from "./history.ts"
import { type Project, projects } from "./projects.ts"

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { only: { type: "string", multiple: true }, from: { type: "string", default: "https://github.com" } }
})

const said = (part: "equal" | "absent" | ReadonlyArray<string> | undefined): string =>
  part === undefined || typeof part === "string" ? String(part) : `different:\n${part.join("\n")}`

const failed = Effect.sync(() => (process.exitCode = 1))

const one = Effect.fnUntraced(
  function* (name: string, directory: string, first?: string) {
    const { again, applied, psql, reverted, revertedByPsql, stopped } = yield* follow(
      directory,
      TestDatabase.layer(),
      first
    )
    yield* Console.log(`${name}: ${applied} applied; psql ${said(psql)}`)
    yield* Console.log(
      `  ${reverted} reverted (${revertedByPsql ?? "none"} by psql)${stopped === undefined ? "" : `, then: ${stopped}`}; again ${said(again)}`
    )
    if (psql !== "equal" || again !== "equal" || reverted !== revertedByPsql) yield* failed
  },
  (effect, name) => Effect.catchCause(effect, (cause) => Effect.andThen(Console.log(`${name}: ${cause}`), failed))
)

const git = (...args: ReadonlyArray<string>) => Effect.tryPromise(() => promisify(execFile)("git", [...args]))

/** Only the folder is fetched. */
const fetched = Effect.fnUntraced(
  function* ({ as = (name) => name, before, folder, repository, tool }: Project) {
    const fs = yield* FileSystem.FileSystem
    const { join } = yield* Path.Path
    const parent = yield* fs.makeTempDirectoryScoped({ prefix: "pgkeel-histories-" })
    const [clone, directory] = [join(parent, "clone"), join(parent, "migrations")]
    yield* git("clone", "--quiet", "--depth=1", "--filter=blob:none", "--sparse", `${values.from}/${repository}`, clone)
    yield* git("-C", clone, "sparse-checkout", "set", folder)
    yield* fs.makeDirectory(directory)
    for (const name of yield* fs.readDirectory(join(clone, folder))) {
      const called = as(name)
      if (called !== undefined) yield* fs.copy(join(clone, folder, name), join(directory, called))
    }
    yield* one(`${repository} (${tool})`, directory, before)
  },
  Effect.scoped,
  (effect, { repository }) =>
    Effect.catchCause(effect, (cause) => Effect.andThen(Console.log(`${repository}: ${cause}`), failed))
)

const chosen = projects.filter(({ repository }) => values.only === undefined || values.only.includes(repository))

const all =
  positionals.length > 0
    ? Effect.forEach(positionals, (directory) => one(directory, directory), { discard: true })
    : Effect.forEach(chosen, fetched, { discard: true })

const main = all.pipe(
  Effect.provide(Layer.mergeAll(EmbeddedPostgres.layer({ settings: { fsync: "off" } }), NodeServices.layer)),
  Effect.provideService(References.MinimumLogLevel, "Error")
)

NodeRuntime.runMain(main)
