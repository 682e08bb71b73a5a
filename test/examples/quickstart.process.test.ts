import { assert, describe, it } from "@effect/vitest"
import { PgConnection } from "@effect/sql-pg"
import { Effect, Redacted } from "effect"
import { spawnSync } from "node:child_process"
import { existsSync, readdirSync, statSync } from "node:fs"
import { createServer } from "node:net"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { stripVTControlCharacters } from "node:util"
import { testServer } from "../support/Database.ts"
import { ownMigrations } from "../support/OwnMigrations.ts"
import { ownTmpdir } from "../testing/support/ownTmpdir.ts"
import { canSeeProcesses, eventually, processesOf } from "../testing/support/processes.ts"
import { removeQuickstart } from "./database.ts"
import { type Ended, finished, type Program, quickstart, start } from "./program.ts"

const tmpdir = ownTmpdir()
const timeout = 240_000

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
  "snapshot",
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

const linesOf = (output: string) => output.split("\n").filter((line) => /^(?:✓ | {4}.* ms$)/u.test(line))

const lineOf = (name: string, output: string) =>
  linesOf(output).find((line) => line.replace(/^✓/u, " ").trimStart().startsWith(name)) ?? ""

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
  assert.match(lineOf("retry", output), /in [3-9] runs: a serialization failure was retried/)
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
          assert.include(lineOf("server", plain), `yours, PostgreSQL ${testServer().version}`)
          assert.include(lineOf("server", plain), ` at ${testServer().host}:${testServer().port}`)
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

  describe("on somebody's own server", () => {
    const env = (state: string, login = Redacted.value(testServer().url)) => ({
      DATABASE_URL: login,
      XDG_STATE_HOME: join(tmpdir, state)
    })
    const run = (variables: Record<string, string>) => finished(quickstart([], variables))
    const statementsOf = (text: string) => text.split("\n").flatMap((line) => /^ *(DROP .*;)$/u.exec(line)?.[1] ?? [])

    it.effect(
      "says what it leaves there, and what it says to run removes all of it",
      () =>
        Effect.gen(function* () {
          const key = join(tmpdir, "own", "pgkeel", "quickstart.key")
          const before = yield* onServer
          const { output } = yield* run(env("own"))
          const left = (yield* onServer).filter((name) => !before.includes(name))
          assert.deepStrictEqual(left, [
            "database pgkeel_demo",
            "role pgkeel_demo_app",
            "role pgkeel_demo_migrator",
            "role pgkeel_demo_owner"
          ])
          for (const name of left) assert.include(output, String(name).replace(/^\w+ /u, ""))
          assert.isTrue(existsSync(key))
          assert.include(output, `  rm ${key}\n`)
          yield* onOwnServer(...statementsOf(output))
          assert.deepStrictEqual(yield* onServer, before)
        }).pipe(Effect.ensuring(removeQuickstart)),
      timeout
    )

    it.effect(
      "refuses an earlier run's passwords without their key, changes nothing and makes no other key",
      () =>
        Effect.gen(function* () {
          yield* run(env("first"))
          const away = yield* run(env("second"))
          assert.strictEqual(away.code, 1)
          assert.include(away.errors, `their key is not in ${join(tmpdir, "second", "pgkeel", "quickstart.key")}`)
          assert.isFalse(existsSync(join(tmpdir, "second", "pgkeel")))
          assert.notInclude(away.output, "✓")
          assert.strictEqual((yield* run(env("first"))).code, 0)
          // What it says to run makes way for a new beginning.
          yield* onOwnServer(...statementsOf(away.errors))
          assert.strictEqual((yield* run(env("second"))).code, 0)
        }).pipe(Effect.ensuring(removeQuickstart)),
      timeout
    )

    it.effect(
      "needs no superuser, and says to everybody without CREATEDB and CREATEROLE whose login it needs",
      () =>
        Effect.gen(function* () {
          const { host, port } = testServer()
          const login = (role: string) => `postgres://${role}:of-the-test@${host}:${port}/postgres`
          yield* onOwnServer(
            "CREATE ROLE quickstart_admin LOGIN CREATEDB CREATEROLE PASSWORD 'of-the-test'",
            "CREATE ROLE quickstart_half LOGIN CREATEDB PASSWORD 'of-the-test'"
          )
          const half = yield* run(env("half", login("quickstart_half")))
          assert.strictEqual(half.code, 1)
          assert.match(half.errors, /^✗ "quickstart_half" may not create .*CREATEDB and CREATEROLE\n$/u)
          assert.notInclude(half.output, "✓")
          assertReads(yield* run(env("admin", login("quickstart_admin"))))
        }).pipe(
          Effect.ensuring(removeQuickstart),
          Effect.ensuring(Effect.orDie(onOwnServer("DROP ROLE IF EXISTS quickstart_admin, quickstart_half")))
        ),
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

/** Runs statements as the superuser of the tests' server; gives the rows of the last. */
const onOwnServer = (...statements: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const session = yield* PgConnection.make({ url: testServer().url })
    return yield* Effect.forEach(statements, (statement) => session.query(statement))
  }).pipe(Effect.scoped)

/** Everything that belongs to the whole server, but for what other files of tests make there meanwhile. */
const onServer = Effect.map(
  onOwnServer(`SELECT array_agg(name ORDER BY name) AS names FROM (
    SELECT 'database ' || datname AS name FROM pg_database UNION ALL SELECT 'role ' || rolname FROM pg_roles) AS all_names
    WHERE name !~ '^(database|role) (pgkeel_test_.*|t[0-9a-f]{12}.*)$'`),
  (results): ReadonlyArray<unknown> => {
    const names: unknown = results[0]?.rows[0]?.["names"]
    return Array.isArray(names) ? names : []
  }
)

/** A port on which nobody listens: one that has just been given up. */
const closedPort = Effect.callback<number>((resume) => {
  const server = createServer().listen(0, "127.0.0.1", () => {
    const address = server.address()
    server.close(() => resume(Effect.succeed(typeof address === "object" ? (address?.port ?? 1) : 1)))
  })
})
