import { assert, it } from "@effect/vitest"
import { Context, Deferred, Duration, Effect, Exit, Fiber, Layer, Scope } from "effect"
import { SqlClient } from "effect/sql"
import { ConnectionManager } from "../../src/connection/ConnectionManager.ts"
import { DatabaseError } from "../../src/error/DatabaseError.ts"
import { EmbeddedPostgres } from "../../src/testing/index.ts"
import { chosenServer } from "../support/chosenServer.ts"
import { freshDatabase, TestDatabase } from "../support/Database.ts"
import { withManager } from "./support.ts"

const target = Effect.map(TestDatabase, ({ name, password, port, username }) => ({
  port,
  username,
  password,
  database: name
}))

/** Runs on a manager whose pool has to end within `shutdownTimeout`. */
const closingWithin = <A, E, R>(shutdownTimeout: Duration.Input, use: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    return yield* withManager(yield* target, { shutdownTimeout, maxConnections: 3 }, use)
  }).pipe(Effect.timeout("20 seconds"), Effect.provide(freshDatabase(), { local: true }))

const begun = <A, E, R>(body: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const started = yield* Deferred.make<void>()
    const fiber = yield* Effect.forkChild(
      DatabaseError.refine(
        sql.withTransaction(
          Effect.gen(function* () {
            yield* sql`CREATE TABLE IF NOT EXISTS work (id int)`
            yield* Deferred.succeed(started, undefined)
            return yield* body
          })
        )
      )
    )
    yield* Deferred.await(started)
    return fiber
  })

it.live("Closing lets a transaction that runs finish, and refuses new work with a type", () =>
  closingWithin(
    "10 seconds",
    Effect.gen(function* () {
      const { closeAll, getConnection, poolStatus, state } = yield* ConnectionManager
      const sql = yield* SqlClient.SqlClient
      const release = yield* Deferred.make<void>()
      const work = yield* begun(Effect.andThen(Deferred.await(release), sql`INSERT INTO work VALUES (1) RETURNING id`))
      const closing = yield* Effect.forkChild(closeAll, { startImmediately: true })
      while ((yield* state)._tag !== "Closing") yield* Effect.sleep("1 millis")
      const late = yield* Effect.flip(DatabaseError.refine(sql`SELECT 1`))
      assert.strictEqual(late.reason._tag, "PoolClosed")
      assert.strictEqual((yield* Effect.flip(Effect.scoped(getConnection))).reason._tag, "PoolClosed")
      assert.isUndefined(closing.pollUnsafe())
      yield* Deferred.succeed(release, undefined)
      assert.deepStrictEqual(yield* Fiber.join(work), [{ id: 1 }])
      yield* Fiber.join(closing)
      assert.strictEqual((yield* state)._tag, "Closed")
      while ((yield* poolStatus).total > 0) yield* Effect.sleep("1 millis")
      assert.deepInclude(yield* poolStatus, { inUse: 0, waiting: 0 })
    })
  )
)

it.live("Closing refuses whoever waits for a connection", () =>
  closingWithin(
    "1 second",
    Effect.gen(function* () {
      const { closeAll, getConnection, poolStatus } = yield* ConnectionManager
      const sql = yield* SqlClient.SqlClient
      const release = yield* Deferred.make<void>()
      const hold = Effect.scoped(Effect.andThen(getConnection, Deferred.await(release)))
      const holders = yield* Effect.forEach([1, 2, 3], () => Effect.forkChild(hold))
      while ((yield* poolStatus).inUse < 3) yield* Effect.sleep("1 millis")
      const waiter = yield* Effect.forkChild(Effect.flip(DatabaseError.refine(sql`SELECT 1`)))
      while ((yield* poolStatus).waiting < 1) yield* Effect.sleep("1 millis")
      const closing = yield* Effect.forkChild(closeAll, { startImmediately: true })
      assert.strictEqual((yield* Fiber.join(waiter)).reason._tag, "PoolClosed")
      yield* Deferred.succeed(release, undefined)
      yield* Effect.forEach(holders, Fiber.join)
      yield* Fiber.join(closing)
    })
  )
)

it.live("A transaction that hangs in a statement is cut after the shutdown timeout, with a type", () =>
  closingWithin(
    "300 millis",
    Effect.gen(function* () {
      const { closeAll } = yield* ConnectionManager
      const sql = yield* SqlClient.SqlClient
      const work = yield* begun(sql`SELECT pg_sleep(60)`)
      const [took] = yield* Effect.timed(closeAll)
      assert.isAtLeast(Duration.toMillis(took), 290)
      assert.isBelow(Duration.toMillis(took), 15_000)
      const error = yield* Effect.flip(Fiber.join(work))
      assert.strictEqual(error._tag === "DatabaseError" && error.connectionLost, true)
    })
  )
)

it.live("A connection that its user never gives back does not keep the application from ending", () =>
  closingWithin(
    "300 millis",
    Effect.gen(function* () {
      const { closeAll, getConnection, poolStatus } = yield* ConnectionManager
      const idle = yield* Effect.forkChild(Effect.scoped(Effect.andThen(getConnection, Effect.never)))
      const inTransaction = yield* begun(Effect.never)
      while ((yield* poolStatus).inUse < 2) yield* Effect.sleep("1 millis")
      const [took] = yield* Effect.timed(closeAll)
      assert.isBelow(Duration.toMillis(took), 15_000)
      yield* Fiber.interrupt(idle)
      yield* Fiber.interrupt(inTransaction)
      while ((yield* poolStatus).total > 0) yield* Effect.sleep("1 millis")
    })
  )
)

it.live("Closing closes the pools that were made beside the first, and lets their work finish", () =>
  closingWithin(
    "10 seconds",
    Effect.scoped(
      Effect.gen(function* () {
        const { closeAll, createPool, state } = yield* ConnectionManager
        const { client, status } = yield* createPool({ maxConnections: 1 })
        const release = yield* Deferred.make<void>()
        const work = yield* Effect.forkChild(
          client.withTransaction(
            Effect.andThen(client`SELECT 1`, Effect.andThen(Deferred.await(release), client`SELECT 'done' AS text`))
          )
        )
        while ((yield* status).inUse < 1) yield* Effect.sleep("1 millis")
        const closing = yield* Effect.forkChild(closeAll, { startImmediately: true })
        while ((yield* state)._tag !== "Closing") yield* Effect.sleep("1 millis")
        assert.isUndefined(closing.pollUnsafe())
        yield* Deferred.succeed(release, undefined)
        assert.strictEqual((yield* Fiber.join(work))[0]?.["text"], "done")
        yield* Fiber.join(closing)
        assert.strictEqual((yield* Effect.flip(DatabaseError.refine(client`SELECT 1`))).reason._tag, "PoolClosed")
        while ((yield* status).total > 0) yield* Effect.sleep("1 millis")
        assert.strictEqual((yield* Effect.flip(createPool({}))).reason._tag, "PoolClosed")
      })
    )
  )
)

it.live("Closing a manager's layer ends its connections on the server", () =>
  Effect.gen(function* () {
    const scope = yield* Scope.make()
    const login = yield* target
    const pids = yield* withManager(
      login,
      {},
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const { createPool } = yield* ConnectionManager
        const { client } = yield* Scope.provide(createPool({ maxConnections: 1 }), scope)
        const pid = (on: SqlClient.SqlClient) =>
          Effect.map(on<{ pid: number }>`SELECT pg_backend_pid() AS pid`, ([row]) => row?.pid)
        return yield* Effect.all([pid(sql), pid(client)])
      })
    )
    yield* withManager(
      login,
      {},
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const left = sql`SELECT 1 FROM pg_stat_activity WHERE ${sql.in("pid", pids)}`
        while ((yield* left).length > 0) yield* Effect.sleep("5 millis")
      })
    )
    yield* Scope.close(scope, Exit.void)
  }).pipe(Effect.timeout("10 seconds"), Effect.provide(freshDatabase(), { local: true }))
)

it.live(
  "A server that is killed and comes back is worked with again without a restart of the application",
  () =>
    Effect.gen(function* () {
      const server = Context.get(yield* Layer.build(EmbeddedPostgres.layer(chosenServer())), EmbeddedPostgres)
      const { password, port, username } = server
      yield* withManager(
        { port, password, username, database: "postgres" },
        { maxConnections: 4 },
        Effect.gen(function* () {
          const sql = yield* SqlClient.SqlClient
          const { poolStatus } = yield* ConnectionManager
          yield* sql`CREATE TABLE entry (id serial, note text)`
          yield* sql`INSERT INTO entry (note) VALUES ('before')`
          const running = yield* Effect.forEach([1, 2, 3], () =>
            Effect.forkChild(
              Effect.flip(
                DatabaseError.refine(
                  sql.withTransaction(
                    Effect.andThen(sql`INSERT INTO entry (note) VALUES ('lost')`, sql`SELECT pg_sleep(60)`)
                  )
                )
              )
            )
          )
          const asleep = sql`SELECT 1 FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(60)' AND state = 'active'`
          yield* Effect.repeat(asleep, { until: ({ length }) => length === 3 })
          yield* server.kill
          for (const fiber of running) {
            const error = yield* Fiber.join(fiber)
            assert.strictEqual(error._tag === "DatabaseError" && error.connectionLost, true)
          }
          const down = yield* Effect.flip(DatabaseError.refine(sql`SELECT 1`))
          assert.strictEqual(down.reason._tag, "ConnectionRefused")
          yield* server.restart
          assert.deepStrictEqual(yield* sql`SELECT note FROM entry`, [{ note: "before" }])
          yield* sql.withTransaction(sql`INSERT INTO entry (note) VALUES ('after')`)
          assert.deepInclude(yield* poolStatus, { inUse: 0, waiting: 0 })
        })
      )
    }).pipe(Effect.scoped),
  120_000
)
