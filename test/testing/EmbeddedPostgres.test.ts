import { PgConnection } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import { Effect, Exit, Layer, Option, Redacted, Scope } from "effect"
import { existsSync, statSync } from "node:fs"
import { networkInterfaces } from "node:os"
import { createConnection } from "node:net"
import { EmbeddedPostgres } from "../../src/testing/index.ts"
import { chosenServer } from "../support/chosenServer.ts"

const Live = EmbeddedPostgres.layer({
  ...chosenServer(),
  extensions: ["citext", "pgcrypto"],
  settings: { max_connections: "42", statement_timeout: "7s" }
})

const connect = (url: Redacted.Redacted) => PgConnection.make({ url })

const value = (url: Redacted.Redacted, sql: string) =>
  Effect.scoped(Effect.flatMap(connect(url), (session) => session.queryValues(sql))).pipe(
    Effect.map((rows) => rows[0]?.[0])
  )

const accepts = (host: string, port: number) =>
  Effect.callback<boolean>((resume) => {
    const socket = createConnection({ host, port })
    const answer = (open: boolean) => {
      socket.destroy()
      resume(Effect.succeed(open))
    }
    socket.once("connect", () => answer(true))
    socket.once("error", () => answer(false))
  })

const elsewhere = Object.values(networkInterfaces())
  .flat()
  .find((address) => address?.family === "IPv4" && !address.internal)?.address

layer(Live, { timeout: 120_000 })("EmbeddedPostgres", (it) => {
  it.effect("is a server of the version that it reports", () =>
    Effect.gen(function* () {
      const server = yield* EmbeddedPostgres
      assert.strictEqual(yield* value(server.url, "SHOW server_version"), server.version)
      assert.strictEqual(server.majorVersion, Number(server.version.split(".")[0]))
    })
  )

  it.effect("logs its superuser in to any database, by SCRAM and over TCP on 127.0.0.1", () =>
    Effect.gen(function* () {
      const server = yield* EmbeddedPostgres
      const session = yield* connect(server.databaseUrl("template1"))
      const { rows } = yield* session.query(
        `SELECT current_database() AS database, rolsuper AS super, host(inet_server_addr()) AS address,
                rolpassword LIKE 'SCRAM-SHA-256$%' AS scram
         FROM pg_catalog.pg_authid WHERE rolname = current_user`
      )
      assert.deepStrictEqual(rows, [{ database: "template1", super: true, address: "127.0.0.1", scram: true }])
    }).pipe(Effect.scoped)
  )

  it.effect("refuses a wrong password", () =>
    Effect.gen(function* () {
      const { host, port, username } = yield* EmbeddedPostgres
      const session = PgConnection.make({
        host,
        port,
        username,
        database: "postgres",
        password: Redacted.make("guess")
      })
      const error = yield* Effect.flip(Effect.scoped(session))
      assert.strictEqual(error.reason._tag, "AuthenticationError")
    })
  )

  // A host without a network has no other address to try.
  it.effect.skipIf(elsewhere === undefined)("cannot be reached from another host", () =>
    Effect.gen(function* () {
      const { port } = yield* EmbeddedPostgres
      assert.isTrue(yield* accepts("127.0.0.1", port))
      assert.isFalse(yield* accepts(elsewhere ?? "", port))
    })
  )

  it.effect("does not show its password when it is printed", () =>
    Effect.gen(function* () {
      const server = yield* EmbeddedPostgres
      const password = Redacted.value(server.password)
      assert.isAbove(password.length, 20)
      assert.notInclude(JSON.stringify(server), password)
    })
  )

  it.effect("has the extensions in `postgres` and in every database made later", () =>
    Effect.gen(function* () {
      const server = yield* EmbeddedPostgres
      const count = "SELECT count(*)::int FROM pg_catalog.pg_extension WHERE extname IN ('citext', 'pgcrypto')"
      assert.strictEqual(yield* value(server.url, count), 2)
      yield* value(server.url, "CREATE DATABASE later")
      assert.strictEqual(yield* value(server.databaseUrl("later"), count), 2)
    })
  )

  it.effect("runs with the settings that were asked for", () =>
    Effect.gen(function* () {
      const { url } = yield* EmbeddedPostgres
      assert.strictEqual(yield* value(url, "SHOW max_connections"), "42")
      assert.strictEqual(yield* value(url, "SHOW statement_timeout"), "7s")
      assert.strictEqual(yield* value(url, "SHOW fsync"), "off")
      assert.strictEqual(yield* value(url, "SHOW synchronous_commit"), "on")
    })
  )

  it.effect("compares names by byte and folds case beyond ASCII, whatever the host's locale", () =>
    Effect.gen(function* () {
      const { url } = yield* EmbeddedPostgres
      assert.strictEqual(yield* value(url, "SHOW server_encoding"), "UTF8")
      assert.strictEqual(yield* value(url, "SELECT upper('é') || ('B' < 'a')::text"), "Étrue")
      assert.strictEqual(yield* value(url, "SHOW timezone"), "UTC")
    })
  )

  it.effect("keeps its data directory to the account that runs it", () =>
    Effect.gen(function* () {
      const { dataDirectory } = yield* EmbeddedPostgres
      const info = statSync(dataDirectory)
      assert.strictEqual(info.mode & 0o777, 0o700)
      assert.notStrictEqual(info.uid, 0)
    })
  )

  it.effect("recovers what was committed after it was killed, on the same port with the same login", () =>
    Effect.gen(function* () {
      const server = yield* EmbeddedPostgres
      const before = yield* server.processId
      yield* value(server.url, "CREATE TABLE survivors (n int)")
      yield* value(server.url, "INSERT INTO survivors VALUES (1)")
      yield* server.kill
      assert.deepStrictEqual(yield* server.processId, Option.none())
      assert.isFalse(yield* accepts(server.host, server.port))
      yield* server.restart
      assert.strictEqual(yield* value(server.url, "SELECT count(*)::int FROM survivors"), 1)
      assert.notDeepEqual(yield* server.processId, before)
    })
  )

  it.effect("stops in good order, more than once, and starts again", () =>
    Effect.gen(function* () {
      const server = yield* EmbeddedPostgres
      yield* Effect.all([server.stop, server.stop], { concurrency: "unbounded" })
      assert.isFalse(yield* accepts(server.host, server.port))
      yield* server.restart
      yield* server.restart
      assert.isTrue(Option.isSome(yield* server.processId))
      assert.strictEqual(yield* value(server.url, "SELECT 1"), 1)
    })
  )

  it.effect("removes its temporary directory with its scope", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const context = yield* Layer.buildWithScope(EmbeddedPostgres.layer(chosenServer()), scope)
      const { dataDirectory } = yield* Effect.provideContext(EmbeddedPostgres, context)
      assert.isTrue(existsSync(dataDirectory))
      yield* Scope.close(scope, Exit.void)
      assert.isFalse(existsSync(dataDirectory))
    })
  )
})
