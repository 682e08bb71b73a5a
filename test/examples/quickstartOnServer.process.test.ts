import { assert, layer } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { existsSync, readdirSync } from "node:fs"
import { createServer } from "node:net"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { stripVTControlCharacters } from "node:util"
import { EmbeddedPostgres } from "../../src/testing/index.ts"
import { chosenServer } from "../support/chosenServer.ts"
import { testServer } from "../support/Database.ts"
import { ownTmpdir } from "../testing/support/ownTmpdir.ts"
import { onServer, removeQuickstart } from "./database.ts"
import { finished, hasTerminal, onTerminal, quickstart } from "./program.ts"
import { assertReads, lineOf } from "./quickstartSteps.ts"

const tmpdir = ownTmpdir()
const timeout = 240_000
const root = fileURLToPath(new URL("../..", import.meta.url))

/** Nobody else makes anything on it meanwhile: that is how one can see what the quickstart leaves. */
const somebodysServer = EmbeddedPostgres.layer(chosenServer())

/** The directories of temporary servers. */
const servers = () => readdirSync(tmpdir).filter((name) => name.startsWith("pgkeel-server-"))

/** Everything that belongs to the whole server. */
const namesOn = (url: Redacted.Redacted) =>
  Effect.map(
    onServer(
      url,
      "SELECT 'database ' || datname AS name FROM pg_database UNION ALL SELECT 'role ' || rolname FROM pg_roles ORDER BY 1"
    ),
    (results) => results.flatMap(({ rows }) => rows.map((row) => String(row["name"])))
  )

const run = (variables: Record<string, string>) => finished(quickstart([], variables))

const statementsOf = (text: string) => text.split("\n").flatMap((line) => /^ *(DROP .*;)$/u.exec(line)?.[1] ?? [])

/** What a test leaves on the server is removed before the next. */
const cleanly = <A, E>(test: (server: EmbeddedPostgres["Service"]) => Effect.Effect<A, E>) =>
  Effect.flatMap(EmbeddedPostgres, (server) => Effect.ensuring(test(server), removeQuickstart(server.url)))

layer(somebodysServer, { excludeTestServices: true, timeout })("The quickstart on somebody's own server", (it) => {
  const env = ({ url }: { readonly url: Redacted.Redacted }, state: string) => ({
    DATABASE_URL: Redacted.value(url),
    XDG_STATE_HOME: join(tmpdir, state)
  })

  // A host without `script` has no terminal to show.
  it.effect.skipIf(!hasTerminal)(
    "uses it, twice, starts none, and has colours on a terminal",
    () =>
      cleanly((server) =>
        Effect.gen(function* () {
          const command = `${join(root, "node_modules/.bin/tsx")} examples/quickstart.ts`
          const before = servers()
          const coloured = yield* finished(onTerminal(command, { DATABASE_URL: Redacted.value(server.url) }))
          assert.include(coloured.output, "\u001B[32m✓")
          // A terminal ends its lines in its own way.
          const plain = stripVTControlCharacters(coloured.output).replaceAll("\r", "")
          assertReads({ ...coloured, output: plain })
          assert.include(lineOf("server", plain), `yours, PostgreSQL ${server.version}`)
          assert.include(lineOf("server", plain), ` at ${server.host}:${server.port}`)
          assert.deepStrictEqual(servers(), before)
          assert.include(
            (yield* finished(onTerminal(command, { DATABASE_URL: Redacted.value(server.url) }))).output,
            "everything is as wanted"
          )
        })
      ),
    timeout
  )

  it.effect(
    "says in one line what is wrong with the URL",
    () =>
      Effect.gen(function* () {
        const { host, username } = yield* EmbeddedPostgres
        const wrong = {
          nonsense: "DATABASE_URL is not a URL",
          [`postgres://${username}:hunter2@${host}:${yield* closedPort}/postgres`]: "no server answers"
        }
        yield* Effect.forEach(
          Object.entries(wrong),
          ([url, problem]) =>
            Effect.gen(function* () {
              const { code, errors, output } = yield* run({ DATABASE_URL: url })
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

  it.effect(
    "says what it leaves there, and what it says to run removes all of it",
    () =>
      cleanly((server) =>
        Effect.gen(function* () {
          const key = join(tmpdir, "own", "pgkeel", "quickstart.key")
          const before = yield* namesOn(server.url)
          const { output } = yield* run(env(server, "own"))
          const left = (yield* namesOn(server.url)).filter((name) => !before.includes(name))
          assert.deepStrictEqual(left, [
            "database pgkeel_demo",
            "role pgkeel_demo_app",
            "role pgkeel_demo_migrator",
            "role pgkeel_demo_owner"
          ])
          for (const name of left) assert.include(output, name.replace(/^\w+ /u, ""))
          assert.isTrue(existsSync(key))
          assert.include(output, `  rm ${key}\n`)
          yield* onServer(server.url, ...statementsOf(output))
          assert.deepStrictEqual(yield* namesOn(server.url), before)
        })
      ),
    timeout
  )

  it.effect(
    "refuses an earlier run's passwords without their key, changes nothing and makes no other key",
    () =>
      cleanly((server) =>
        Effect.gen(function* () {
          yield* run(env(server, "first"))
          const away = yield* run(env(server, "second"))
          assert.strictEqual(away.code, 1)
          assert.include(away.errors, `their key is not in ${join(tmpdir, "second", "pgkeel", "quickstart.key")}`)
          assert.isFalse(existsSync(join(tmpdir, "second", "pgkeel")))
          assert.notInclude(away.output, "✓")
          assert.strictEqual((yield* run(env(server, "first"))).code, 0)
          // What it says to run makes way for a new beginning.
          yield* onServer(server.url, ...statementsOf(away.errors))
          assert.strictEqual((yield* run(env(server, "second"))).code, 0)
        })
      ),
    timeout
  )

  it.effect(
    "needs no superuser from PostgreSQL 15 on, and says to everybody who may not do it whose login it needs",
    () =>
      cleanly(({ host, port, url }) =>
        Effect.gen(function* () {
          const login = (role: string) => ({
            url: Redacted.make(`postgres://${role}:of-the-test@${host}:${port}/postgres`)
          })
          yield* onServer(
            url,
            "CREATE ROLE quickstart_admin LOGIN CREATEDB CREATEROLE PASSWORD 'of-the-test'",
            "CREATE ROLE quickstart_half LOGIN CREATEDB PASSWORD 'of-the-test'"
          )
          const half = yield* run(env(login("quickstart_half"), "half"))
          assert.strictEqual(half.code, 1)
          assert.match(half.errors, /^✗ "quickstart_half" may not create .*CREATEDB and CREATEROLE\n$/u)
          assert.notInclude(half.output, "✓")
          const administrator = yield* run(env(login("quickstart_admin"), "admin"))
          if (testServer().majorVersion >= 15) return assertReads(administrator)
          assert.match(administrator.errors, /^✗ "quickstart_admin" may not create .*from PostgreSQL 15 on/u)
          assert.notInclude(administrator.output, "✓")
        })
      ),
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
