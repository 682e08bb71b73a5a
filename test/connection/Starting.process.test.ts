import { assert, it, layer } from "@effect/vitest"
import { ConfigProvider, Duration, Effect, Fiber, Layer, Redacted, Stream } from "effect"
import { SqlClient } from "effect/sql"
import { ConnectionManager } from "../../src/connection/ConnectionManager.ts"
import { LoginSource } from "../../src/secret/LoginSource.ts"
import { EmbeddedPostgres } from "../../src/testing/index.ts"
import { chosenServer } from "../support/chosenServer.ts"
import { freshClient, TestDatabase, testServer } from "../support/Database.ts"
import { Proxy } from "../support/Proxy.ts"
import { uniqueName } from "../support/Roles.ts"
import { freePort, rawServer, scriptedServer } from "../support/ScriptedServer.ts"
import type { ScriptedColumn } from "../support/ScriptedServer.ts"
import { connecting, manager, refused, withManager } from "./support.ts"

const collapse = (states: ReadonlyArray<string>) => states.filter((state, index) => state !== states[index - 1])

it.live("A server that is not there is tried until the start timeout, and the last refusal is in the error", () =>
  Effect.gen(function* () {
    const port = yield* freePort
    const { error, states } = yield* refused({ port }, { startTimeout: "2 seconds" })
    assert.strictEqual(error.reason._tag, "RetriesExhausted")
    if (error.reason._tag !== "RetriesExhausted") return
    assert.deepInclude(error.reason.last, { _tag: "ConnectionRefused", port })
    assert.isAbove(error.reason.attempts.length, 1)
    assert.include(error.message, `127.0.0.1:${port}`)
    assert.deepStrictEqual(collapse(states), ["Initializing", "Retrying", "Failed"])
  })
)

it.live(
  "A server that starts later is connected to without a restart of the application",
  () =>
    Effect.gen(function* () {
      const port = yield* freePort
      const password = Redacted.make("later")
      const application = yield* Effect.forkChild(
        connecting({ port, username: "postgres", password, database: "postgres" }, { startTimeout: "40 seconds" })
      )
      yield* Effect.sleep("5 seconds")
      yield* Layer.build(EmbeddedPostgres.layer({ ...chosenServer(), port, password }))
      const { exit, states } = yield* Fiber.join(application)
      assert.strictEqual(exit._tag, "Success")
      assert.deepStrictEqual(collapse(states), ["Initializing", "Retrying", "Connected"])
    }).pipe(Effect.scoped),
  120_000
)

it.live("A port that speaks HTTP is told apart from PostgreSQL, and not tried again", () =>
  Effect.gen(function* () {
    const server = yield* rawServer((socket) =>
      socket.once("data", () => socket.end("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"))
    )
    for (const sslMode of ["disable", "prefer", "require"] as const) {
      const before = server.connections()
      const { error, states } = yield* refused(server, { sslMode })
      assert.strictEqual(error.reason._tag, "NotPostgres", sslMode)
      assert.strictEqual(server.connections() - before, 1, sslMode)
      assert.deepStrictEqual(states, ["Initializing", "Failed"])
    }
  }).pipe(Effect.scoped)
)

it.live("A port that stays silent fails with a timeout, and is tried again until the start timeout", () =>
  Effect.gen(function* () {
    const server = yield* rawServer(() => undefined)
    for (const sslMode of ["disable", "prefer"] as const) {
      const { error } = yield* refused(server, { sslMode, connectTimeout: "100 millis", startTimeout: "300 millis" })
      assert.strictEqual(error.reason._tag, "RetriesExhausted")
      if (error.reason._tag === "RetriesExhausted") assert.strictEqual(error.reason.last._tag, "ConnectTimeout")
    }
  }).pipe(Effect.scoped)
)

it.live(
  "A server that lets in and then says nothing fails with a timeout, and so does one with no connect timeout at all",
  () =>
    Effect.gen(function* () {
      for (const server of [yield* scriptedServer(), yield* rawServer(() => undefined)]) {
        const [took, { error, states }] = yield* Effect.timed(
          refused(server, { startTimeout: "300 millis", shutdownTimeout: "100 millis" }).pipe(
            Effect.provide(ConfigProvider.layer(ConfigProvider.fromEnv({ env: { PGCONNECT_TIMEOUT: "0" } })))
          )
        )
        assert.isBelow(Duration.toMillis(took), 9_000)
        assert.strictEqual(error.reason._tag, "RetriesExhausted")
        if (error.reason._tag === "RetriesExhausted") assert.strictEqual(error.reason.last._tag, "ConnectTimeout")
        assert.deepStrictEqual(collapse(states), ["Initializing", "Retrying", "Failed"])
      }
    }).pipe(Effect.scoped)
)

const answer = (versionNumber: number): ReadonlyArray<ScriptedColumn> => [
  { name: "versionNumber", value: versionNumber },
  { name: "version", value: `${Math.floor(versionNumber / 10_000)}.${versionNumber % 10_000}` },
  { name: "database", value: "shop" },
  { name: "role", value: "ada" },
  { name: "inRecovery", value: false },
  { name: "readOnly", value: false }
]

it.live("A server older than PostgreSQL 14 is refused by its version, and one that is not is accepted", () =>
  Effect.gen(function* () {
    const old = yield* scriptedServer(answer(130_023))
    const { error, states } = yield* refused(old)
    assert.deepInclude(error.reason, { _tag: "UnsupportedServer", version: "13.23", oldest: "14" })
    assert.deepStrictEqual(states, ["Initializing", "Failed"])
    assert.strictEqual(old.connections(), 1)
    const oldest = yield* scriptedServer(answer(140_000))
    const accepted = yield* connecting(oldest)
    assert.strictEqual(accepted.exit._tag, "Success")
    assert.deepStrictEqual(accepted.states, ["Initializing", "Connected"])
  }).pipe(Effect.scoped)
)

it.live("A server whose answer makes no sense is refused with a type", () =>
  Effect.gen(function* () {
    const server = yield* scriptedServer([{ name: "versionNumber", value: "eighteen" }])
    const { error } = yield* refused(server)
    assert.strictEqual(error.reason._tag, "InvalidResult")
  }).pipe(Effect.scoped)
)

layer(Proxy.layer.pipe(Layer.provideMerge(freshClient())), { excludeTestServices: true })("Logging in", (it) => {
  const target = Effect.gen(function* () {
    const { name, password, username } = yield* TestDatabase
    const { port } = yield* Proxy
    return { port, username, password, database: name }
  })

  /** The reason why it is refused, after one attempt. */
  const refusal = (change: object) =>
    Effect.gen(function* () {
      const { counters } = yield* Proxy
      const before = counters.connections
      const { error, states } = yield* refused({ ...(yield* target), ...change })
      assert.strictEqual(counters.connections - before, 1)
      assert.deepStrictEqual(states, ["Initializing", "Failed"])
      return error
    })

  it.effect("with a wrong password fails at once", () =>
    Effect.gen(function* () {
      const error = yield* refusal({ password: Redacted.make("hunter2") })
      assert.strictEqual(error.reason._tag, "AuthenticationFailed")
      assert.notInclude(JSON.stringify(error) + String(error), "hunter2")
    })
  )

  it.effect("without the password that the server asks for fails at once", () =>
    Effect.gen(function* () {
      const { database, port, username } = yield* target
      const { error } = yield* refused({ database, port, username })
      assert.strictEqual(error.reason._tag, "AuthenticationFailed")
    })
  )

  it.effect("to a database that does not exist fails at once", () =>
    Effect.map(refusal({ database: uniqueName() }), ({ reason }) => assert.strictEqual(reason._tag, "DatabaseMissing"))
  )

  it.effect("as a role that may not connect fails at once", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const { database } = yield* target
      const role = uniqueName()
      yield* sql.unsafe(`CREATE ROLE "${role}" LOGIN PASSWORD 'pw'`)
      yield* sql.unsafe(`REVOKE CONNECT ON DATABASE "${database}" FROM PUBLIC`)
      const error = yield* refusal({ username: role, password: Redacted.make("pw") }).pipe(
        Effect.ensuring(Effect.orDie(sql.unsafe(`DROP ROLE "${role}"`)))
      )
      assert.strictEqual(error.reason._tag, "InsufficientPrivilege")
      assert.include(error.message, database)
    })
  )

  it.effect("with a URL that is malformed fails before anything is sent", () =>
    Effect.gen(function* () {
      const { counters } = yield* Proxy
      const before = counters.connections
      const exit = yield* Effect.exit(refused(yield* target, { url: Redacted.make("mysql://u:hunter2@h/d") }))
      assert.include(String(exit), "does not begin with postgres://")
      assert.strictEqual(counters.connections, before)
    })
  )

  it.effect("is retried while the server refuses, and every state is seen", () =>
    Effect.gen(function* () {
      const { setRefusing } = yield* Proxy
      yield* setRefusing(true)
      const login = yield* target
      const states = yield* withManager(
        login,
        { startTimeout: "20 seconds" },
        Effect.gen(function* () {
          const { changes, closeAll, connect } = yield* ConnectionManager
          const watching = yield* Effect.forkChild(
            Stream.runCollect(Stream.takeUntil(changes, ({ _tag }) => _tag === "Closed")),
            {
              startImmediately: true
            }
          )
          const opening = yield* Effect.forkChild(connect)
          yield* changes.pipe(
            Stream.takeUntil(({ _tag }) => _tag === "Retrying"),
            Stream.runDrain
          )
          yield* setRefusing(false)
          yield* Fiber.join(opening)
          yield* closeAll
          yield* closeAll
          assert.strictEqual((yield* Effect.flip(connect)).reason._tag, "PoolClosed")
          return yield* Fiber.join(watching)
        })
      )
      assert.deepStrictEqual(collapse(states.map(({ _tag }) => _tag)), [
        "Initializing",
        "Retrying",
        "Connected",
        "Closing",
        "Closed"
      ])
      const retrying = states.find(({ _tag }) => _tag === "Retrying")
      assert.strictEqual(retrying?._tag === "Retrying" ? retrying.attempt : 0, 1)
    })
  )

  it.effect("stays Closed when an attempt fails that the closing has overtaken", () =>
    Effect.gen(function* () {
      yield* withManager(
        yield* target,
        {},
        Effect.gen(function* () {
          const { closeAll, connect, state } = yield* ConnectionManager
          yield* closeAll
          yield* Effect.flip(connect)
          assert.strictEqual((yield* state)._tag, "Closed")
        })
      )
    })
  )

  it.effect("for a second pool uses the login that it is given, whatever LoginSource says", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const login = yield* target
      const role = uniqueName()
      yield* sql.unsafe(`CREATE ROLE "${role}" LOGIN PASSWORD 'pw'`)
      yield* sql.unsafe(`GRANT CONNECT ON DATABASE "${login.database}" TO "${role}"`)
      const users = Effect.scoped(
        Effect.gen(function* () {
          const { createPool } = yield* ConnectionManager
          const own = yield* SqlClient.SqlClient
          const { client } = yield* createPool({ username: login.username, password: login.password })
          const like = yield* createPool({ maxConnections: 1 })
          const ask = (on: SqlClient.SqlClient) =>
            Effect.map(on<{ user: string }>`SELECT current_user::text AS user`, ([row]) => row?.user)
          return yield* Effect.all([ask(own), ask(client), ask(like.client)])
        })
      )
      const source = Layer.succeed(LoginSource, {
        login: Effect.succeed({ username: role, password: Redacted.make("pw") })
      })
      const seen = yield* Effect.provide(users, Layer.provide(manager(login), source), { local: true }).pipe(
        Effect.ensuring(
          Effect.orDie(
            Effect.andThen(
              sql.unsafe(`REVOKE ALL ON DATABASE "${login.database}" FROM "${role}"`),
              sql.unsafe(`DROP ROLE "${role}"`)
            )
          )
        )
      )
      assert.deepStrictEqual(seen, [role, testServer().username, role])
    })
  )
})
