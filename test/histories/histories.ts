/**
 * `npm run histories`: histories of migrations as projects have them, each up, all the way down and up again, with the
 * schema equal to what psql makes of the same files. Prints a line for each, and what differs.
 */
import { Console, Effect, FileSystem, Path, References } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { execFile } from "node:child_process"
import { promisify } from "node:util"
import { EmbeddedPostgres } from "../../src/testing/EmbeddedPostgres.ts"
import { TestDatabase } from "../../src/testing/TestDatabase.ts"
import * as Program from "../support/program.ts"
import { follow } from "./history.ts"
import { type Project, projects } from "./projects.ts"

const flags = {
  directories: Argument.Directory("DIR", { mustExist: true }).pipe(
    Argument.withDescription("Histories to follow in place of the public ones, which git fetches"),
    Argument.atLeast(0)
  ),
  only: Flag.Literals(
    "only",
    projects.map(({ repository }) => repository)
  ).pipe(Flag.withMetavar("NAME"), Flag.withDescription("Only this public one; may be repeated"), Flag.atLeast(0)),
  from: Flag.String("from").pipe(
    Flag.withMetavar("URL"),
    Flag.withDescription("Where the repositories are. Default: https://github.com"),
    Flag.withDefault("https://github.com")
  )
}

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
  function* ({ as = (name) => name, before, folder, repository, tool }: Project, from: string) {
    const fs = yield* FileSystem.FileSystem
    const { join } = yield* Path.Path
    const parent = yield* fs.makeTempDirectoryScoped({ prefix: "pgkeel-histories-" })
    const [clone, directory] = [join(parent, "clone"), join(parent, "migrations")]
    yield* git("clone", "--quiet", "--depth=1", "--filter=blob:none", "--sparse", `${from}/${repository}`, clone)
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

const histories = Command.make(
  "npm run histories --",
  flags,
  Effect.fnUntraced(
    function* ({ directories, from, only }) {
      yield* Effect.forEach(directories, (directory) => one(directory, directory), { discard: true })
      if (directories.length > 0) return
      const chosen = projects.filter(({ repository }) => only.length === 0 || only.includes(repository))
      yield* Effect.forEach(chosen, (project) => fetched(project, from), { discard: true })
    },
    Effect.provide(EmbeddedPostgres.layer({ settings: { fsync: "off" } })),
    Effect.provideService(References.MinimumLogLevel, "Error")
  )
).pipe(
  Command.withDescription("Follows the migrations of public projects, or those in directories, and compares with psql.")
)

Program.main(histories)
