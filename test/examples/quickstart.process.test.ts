import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { spawnSync } from "node:child_process"
import { existsSync, readdirSync, statSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { stripVTControlCharacters } from "node:util"
import { ownMigrations } from "../support/OwnMigrations.ts"
import { ownTmpdir } from "../testing/support/ownTmpdir.ts"
import { canSeeProcesses, eventually, processesOf } from "../testing/support/processes.ts"
import { finished, hasTerminal, onTerminal, type Program, quickstart, start } from "./program.ts"
import { assertReads, lineOf } from "./quickstartSteps.ts"

const tmpdir = ownTmpdir()
const timeout = 240_000

/** The directories of temporary servers. */
const servers = () => readdirSync(tmpdir).filter((name) => name.startsWith("pgkeel-server-"))

const checkout = fileURLToPath(new URL("../../package.json", import.meta.url))
const nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
const isRoot = process.getuid?.() === 0

const succeeds = ([command = "", ...args]: ReadonlyArray<string>) => spawnSync(command, args).status === 0

const hasNobody = isRoot && succeeds([...nobody, process.execPath, "-e", "fs.readFileSync(process.argv[1])", checkout])

describe("The quickstart", () => {
  it.effect(
    `runs for ${hasNobody ? "an ordinary user" : "somebody"} who has nothing, not even a home`,
    () =>
      Effect.gen(function* () {
        const npm = [...(hasNobody ? nobody : []), "npm", "run", "--silent", "quickstart"]
        const first = yield* finished(start(npm, { HOME: "/nowhere", npm_config_cache: join(tmpdir, "npm") }))
        // npm complains of the home and of settings of this host; nobody else does.
        assertReads({ ...first, errors: first.errors.replaceAll(/^npm warn .*\n/gmu, "") })
        assert.notInclude(first.output, "\u001B[")
        assert.include(lineOf("provision", first.output), `${29 + ownMigrations.length} changes`)
        assert.deepStrictEqual(servers(), [])
      }),
    timeout
  )

  it.live("prints its usage for --help, and refuses what it does not know with it and with the exit code 2", () =>
    Effect.gen(function* () {
      const [help, unknown] = yield* Effect.all([finished(quickstart(["--help"])), finished(quickstart(["--kepe"]))], {
        concurrency: 2
      })
      assert.deepStrictEqual([help.code, help.errors, help.output.trimEnd().split("\n").length], [0, "", 5])
      assert.match(help.output, /^usage: npm run quickstart -- \[--keep \[DIR\]\]/)
      assert.deepStrictEqual(unknown, { code: 2, output: "", errors: `✗ there is no option --kepe\n${help.output}` })
    })
  )

  const data = join(tmpdir, "kept", "data")
  const has = (name: string) => existsSync(data) && readdirSync(data).some((entry) => entry.startsWith(name))

  /** Each goes on in the directory in which the one before it was stopped. */
  const stopped = (when: string, signal: NodeJS.Signals, arrived: (output: string) => boolean) =>
    // Only where processes can be listed can one see that none is left.
    it.effect.skipIf(!canSeeProcesses)(
      `leaves no server behind when it gets ${signal} ${when}`,
      () =>
        Effect.gen(function* () {
          const program: Program = yield* quickstart(["--keep", dirname(data)])
          yield* program.until(arrived)
          // Ctrl-C goes to everybody in front of the terminal, SIGTERM to the one that was started.
          process.kill(signal === "SIGINT" ? -(program.process.pid ?? 0) : (program.process.pid ?? 0), signal)
          const { code, errors, output } = yield* program.ended
          assert.notStrictEqual(code, 0)
          assert.isTrue(errors.endsWith("stopped; nothing is left running\n"), errors)
          assert.notInclude(output, "✓ stop")
          assert.isTrue(yield* eventually(() => processesOf(dirname(data)).length === 0))
        }).pipe(Effect.scoped),
      timeout
    )

  stopped("during initdb", "SIGINT", () => has(".pgkeel-initdb-"))
  stopped("while the server starts", "SIGTERM", () => has("postmaster.pid"))
  stopped("while it provisions", "SIGINT", (output) => output.includes("✓ server"))
  stopped("while the application runs", "SIGTERM", (output) => output.includes("✓ start"))

  // As a newcomer does it. Without `script` there is no terminal, and what is left can be seen only where processes can be listed.
  it.effect.skipIf(!hasTerminal || !canSeeProcesses)(
    "leaves nothing behind when Ctrl-C is pressed on the terminal on which npm has started it",
    () =>
      Effect.forEach(
        [() => servers().length > 0, (output: string) => /✓.*provision/u.test(output)],
        (arrived) =>
          Effect.gen(function* () {
            const program = yield* onTerminal("npm run --silent quickstart")
            yield* program.until((output) => arrived(stripVTControlCharacters(output)))
            const directories = servers().map((name) => join(tmpdir, name))
            program.press("\u0003")
            const { code, output } = yield* program.ended
            assert.notStrictEqual(code, 0)
            assert.include(stripVTControlCharacters(output), "stopped; nothing is left running")
            assert.notInclude(stripVTControlCharacters(output), "✓ stop")
            assert.isTrue(yield* eventually(() => servers().length === 0))
            assert.isTrue(yield* eventually(() => directories.flatMap(processesOf).length === 0))
          }).pipe(Effect.scoped),
        { discard: true }
      ),
    timeout
  )

  it.effect(
    "ends what was stopped, and with --keep says where the data are, changes nothing and makes no server the next time",
    () =>
      Effect.gen(function* () {
        const resumed = yield* finished(quickstart(["--keep", dirname(data)]))
        assertReads(resumed)
        assert.include(resumed.output, `Kept in ${dirname(data)}: the server's data, and the key`)
        assert.include(resumed.output, `  rm -r ${dirname(data)} removes them`)
        const made = statSync(join(data, "PG_VERSION"))
        const again = yield* finished(quickstart(["--keep", dirname(data)]))
        assertReads(again)
        assert.include(lineOf("provision", again.output), "everything is as wanted")
        assert.include(lineOf("migrations", again.output), "up to date")
        // What takes long is not done again. Times of two runs tell what else the machine does.
        const { birthtimeMs, ino } = statSync(join(data, "PG_VERSION"))
        assert.deepStrictEqual({ birthtimeMs, ino }, { birthtimeMs: made.birthtimeMs, ino: made.ino })
      }),
    timeout
  )
})
