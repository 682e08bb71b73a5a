import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { spawnSync } from "node:child_process"
import { existsSync, readdirSync } from "node:fs"
import { createServer } from "node:net"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { stripVTControlCharacters } from "node:util"
import { testServer } from "../support/Database.ts"
import { ownTmpdir } from "../testing/support/ownTmpdir.ts"
import { canSeeProcesses, eventually, processesOf } from "../testing/support/processes.ts"
import { removeQuickstart } from "./database.ts"
import { type Ended, finished, type Program, quickstart, start } from "./program.ts"

const tmpdir = ownTmpdir()
const timeout = 90_000

/** The steps that it prints, in their order. */
const steps = [
  "server",
  "provision",
  "start",
  "connection",
  "core tables",
  "migrations",
  "schema",
  "missing tables",
  "constraints",
  "session",
  "typed error",
  "retry",
  "migrate down",
  "migrate up",
  "pool",
  "stop"
]

/** The directories of temporary servers. */
const servers = () => readdirSync(tmpdir).filter((name) => name.startsWith("pgkeel-server-"))

const linesOf = (output: string) => output.split("\n").filter((line) => /^(?:✓ | {4})/u.test(line))

const lineOf = (name: string, output: string) =>
  linesOf(output).find((line) => line.replace(/^✓/u, " ").trimStart().startsWith(name)) ?? ""

const millisOf = (name: string, output: string) => Number(/([\d.]+) ms$/u.exec(lineOf(name, output))?.[1])

/** A step a line, in order, and the times below each other. */
const assertReads = ({ code, errors, output }: Ended) => {
  assert.strictEqual(errors, "")
  assert.strictEqual(code, 0)
  const lines = linesOf(output)
  assert.lengthOf(lines, steps.length, output)
  for (const [index, line] of lines.entries())
    assert.strictEqual(line.slice(line.startsWith("✓") ? 2 : 4).indexOf(steps[index] ?? "?"), 0, line)
  const widths = lines.filter((line) => line.endsWith(" ms")).map((line) => line.length)
  assert.lengthOf(widths, steps.length - 3)
  assert.lengthOf([...new Set(widths)], 1, output)
  assert.include(lineOf("typed error", output), "customer_email_key refused a second")
  assert.include(lineOf("retry", output), "a serialization failure was retried")
  assert.include(lineOf("migrate down", output), "reverted 0003_seed")
  assert.include(lineOf("pool", output), "0 in use")
}

const checkout = fileURLToPath(new URL("../../package.json", import.meta.url))
const nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
const isRoot = process.getuid?.() === 0

const succeeds = ([command = "", ...args]: ReadonlyArray<string>) => spawnSync(command, args).status === 0

const hasNobody = isRoot && succeeds([...nobody, process.execPath, "-e", "fs.readFileSync(process.argv[1])", checkout])
const hasTerminal = succeeds(["script", "-qec", "true", "/dev/null"])

describe("The quickstart", () => {
  let first: Ended | undefined

  it.effect(
    `runs for ${hasNobody ? "an ordinary user" : "somebody"} who has nothing, not even a home`,
    () =>
      Effect.gen(function* () {
        const npm = [...(hasNobody ? nobody : []), "npm", "run", "--silent", "quickstart"]
        first = yield* finished(start(npm, { HOME: "/nowhere", npm_config_cache: join(tmpdir, "npm") }))
        // npm complains of the home and of settings of this host; nobody else does.
        assertReads({ ...first, errors: first.errors.replaceAll(/^npm warn .*\n/gmu, "") })
        assert.notInclude(first.output, "\u001B[")
        assert.include(lineOf("provision", first.output), "27 changes")
        assert.deepStrictEqual(servers(), [])
      }),
    timeout
  )

  describe.concurrent("with DATABASE_URL", () => {
    // A terminal is made with `script`, which a Linux host has and others may not.
    it.effect.skipIf(!hasTerminal)(
      "uses that server, twice, starts none, and has colours on a terminal",
      () =>
        Effect.gen(function* () {
          const command = `${join(dirname(checkout), "node_modules/.bin/tsx")} examples/quickstart.ts`
          const run = finished(
            start(["script", "-qec", command, "/dev/null"], { DATABASE_URL: Redacted.value(testServer().url) })
          )
          const coloured = yield* run
          assert.include(coloured.output, "\u001B[32m✓")
          // A terminal ends its lines in its own way.
          const plain = stripVTControlCharacters(coloured.output).replaceAll("\r", "")
          assertReads({ ...coloured, output: plain })
          assert.include(lineOf("server", plain), `yours, at ${testServer().host}:${testServer().port}`)
          assert.deepStrictEqual(servers(), [])
          assert.include((yield* run).output, "everything is as wanted")
        }).pipe(Effect.ensuring(removeQuickstart)),
      timeout
    )

    it.effect(
      "says in one line what is wrong with it",
      () =>
        Effect.gen(function* () {
          const { host, username } = testServer()
          const wrong = {
            nonsense: "DATABASE_URL is not a URL",
            [`postgres://${username}:hunter2@${host}:${yield* closedPort}/postgres`]: "no server answers"
          }
          yield* Effect.forEach(
            Object.entries(wrong),
            ([url, problem]) =>
              Effect.gen(function* () {
                const { code, errors, output } = yield* finished(quickstart([], { DATABASE_URL: url }))
                assert.match(errors, /^✗ .*\n$/u)
                assert.include(errors, problem)
                assert.notInclude(errors + output, "hunter2")
                assert.strictEqual(code, 1)
              }),
            { concurrency: "unbounded", discard: true }
          )
        }),
      timeout
    )
  })

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
          const { code, output } = yield* program.ended
          assert.notStrictEqual(code, 0)
          assert.notInclude(output, "✓ stop")
          assert.isTrue(yield* eventually(() => processesOf(dirname(data)).length === 0))
        }).pipe(Effect.scoped),
      timeout
    )

  stopped("during initdb", "SIGINT", () => has(".pgkeel-initdb-"))
  stopped("while the server starts", "SIGTERM", () => has("postmaster.pid"))
  stopped("while it provisions", "SIGINT", (output) => output.includes("✓ server"))
  stopped("while the application runs", "SIGTERM", (output) => output.includes("✓ start"))

  it.effect(
    "ends what was stopped, and with --keep changes nothing the next time and is quicker",
    () =>
      Effect.gen(function* () {
        const resumed = yield* finished(quickstart(["--keep", dirname(data)]))
        assertReads(resumed)
        const again = yield* finished(quickstart(["--keep", dirname(data)]))
        assertReads(again)
        assert.include(lineOf("provision", again.output), "everything is as wanted")
        assert.include(lineOf("migrations", again.output), "up to date")
        const sum = (output: string) =>
          ["server", "provision", "migrations"].reduce((total, name) => total + millisOf(name, output), 0)
        assert.isBelow(sum(again.output), sum(first?.output ?? ""))
      }),
    timeout
  )
})

/** A port on which nobody listens: one that has just been given up. */
const closedPort = Effect.callback<number>((resume) => {
  const server = createServer().listen(0, "127.0.0.1", () => {
    const address = server.address()
    server.close(() => resume(Effect.succeed(typeof address === "object" ? (address?.port ?? 1) : 1)))
  })
})

/** The quickstart's database is `quickstart`, which belongs to the whole server. */
