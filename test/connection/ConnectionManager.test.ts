import { assert, layer } from "@effect/vitest"
import { Deferred, Effect, Fiber, Stream } from "effect"
import { SqlClient } from "effect/sql"
import { ConnectionManager } from "../../src/connection/ConnectionManager.ts"
import { DatabaseError } from "../../src/error/DatabaseError.ts"
import { assertClean, connected, proxied } from "../support/Connected.ts"
import { Proxy } from "../support/Proxy.ts"

const untilWaiting = (count: number) =>
  Effect.gen(function* () {
    const manager = yield* ConnectionManager
    while ((yield* manager.poolStatus).waiting < count) yield* Effect.sleep("1 millis")
  })

layer(connected({ maxConnections: 2, acquireTimeout: "30 seconds" }), { excludeTestServices: true })(
  "ConnectionManager",
  (it) => {
    it.effect("answers a statement and gives the connection back", () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        assert.deepStrictEqual(yield* sql`SELECT ${"x"}::text AS value, ${2}::int AS number`, [
          { value: "x", number: 2 }
        ])
        yield* assertClean
      })
    )

    it.effect("says which server, database and role it is connected to", () =>
      Effect.gen(function* () {
        const manager = yield* ConnectionManager
        const server = yield* manager.connect
        assert.isAtLeast(server.versionNumber, 140_000)
        assert.strictEqual((yield* manager.state)._tag, "Connected")
        yield* assertClean
      })
    )

    it.effect("counts the connections that are in use, idle and waited for", () =>
      Effect.gen(function* () {
        const manager = yield* ConnectionManager
        const sql = yield* SqlClient.SqlClient
        const release = yield* Deferred.make<void>()
        const { acquired } = yield* manager.poolStatus
        const hold = Effect.scoped(Effect.andThen(manager.getConnection, Deferred.await(release)))
        const holders = yield* Effect.all([Effect.forkChild(hold), Effect.forkChild(hold)])
        while ((yield* manager.poolStatus).inUse < 2) yield* Effect.sleep("1 millis")
        const waiter = yield* Effect.forkChild(sql`SELECT 1`)
        yield* untilWaiting(1)
        const status = yield* manager.poolStatus
        assert.deepInclude(status, { inUse: 2, idle: 0, waiting: 1, total: 2, max: 2 })
        yield* Deferred.succeed(release, undefined)
        yield* Fiber.join(waiter)
        yield* Effect.forEach(holders, Fiber.join)
        const after = yield* manager.poolStatus
        assert.deepInclude(after, { inUse: 0, idle: 2, waiting: 0, total: 2, acquired: acquired + 3 })
        yield* assertClean
      })
    )

    it.effect("serves those who wait in the order of their coming", () =>
      Effect.gen(function* () {
        const manager = yield* ConnectionManager
        const sql = yield* SqlClient.SqlClient
        const order: Array<number> = []
        yield* Effect.scoped(
          Effect.gen(function* () {
            yield* manager.getConnection
            yield* Effect.scoped(
              Effect.gen(function* () {
                yield* manager.getConnection
                for (const index of [1, 2, 3]) {
                  yield* Effect.forkChild(Effect.tap(sql`SELECT 1`, () => Effect.sync(() => order.push(index))))
                  yield* untilWaiting(index)
                }
              })
            )
            while (order.length < 3) yield* Effect.sleep("1 millis")
          })
        )
        assert.deepStrictEqual(order, [1, 2, 3])
        yield* assertClean
      })
    )

    it.effect("cancels the statement of an interrupted fiber on the server", () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const fiber = yield* Effect.forkChild(sql`SELECT pg_sleep(60), 'interrupted'`)
        const running = sql`SELECT 1 FROM pg_stat_activity WHERE query LIKE '%interrupted%' AND state = 'active' AND pid <> pg_backend_pid()`
        while ((yield* running).length === 0) yield* Effect.sleep("5 millis")
        yield* Fiber.interrupt(fiber)
        while ((yield* running).length > 0) yield* Effect.sleep("5 millis")
        yield* assertClean
      })
    )

    it.effect("streams rows and frees the connection when the stream ends early", () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const rows = yield* sql`SELECT generate_series(1, 100000) AS n`.stream.pipe(Stream.take(3), Stream.runCollect)
        assert.deepStrictEqual(
          rows.map((row) => row["n"]),
          [1, 2, 3]
        )
        yield* assertClean
      })
    )

    it.effect("survives the loss of every connection", () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        yield* sql`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
          WHERE datname = current_database() AND pid <> pg_backend_pid()`
        const error = yield* Effect.flip(DatabaseError.refine(sql`SELECT pg_terminate_backend(pg_backend_pid())`))
        assert.isTrue(error.connectionLost)
        while ((yield* Effect.exit(sql`SELECT 1`))._tag === "Failure") yield* Effect.sleep("5 millis")
        yield* assertClean
      })
    )
  }
)

layer(connected({ maxConnections: 2, acquireTimeout: "200 millis" }), { excludeTestServices: true })(
  "A pool that is exhausted",
  (it) => {
    it.effect("names who holds the connections when none becomes free in time", () =>
      Effect.gen(function* () {
        const manager = yield* ConnectionManager
        const sql = yield* SqlClient.SqlClient
        // One after the other, so that nobody waits for a turn to connect, which may take longer than the timeout.
        yield* Effect.scoped(Effect.andThen(manager.getConnection, manager.getConnection))
        const slow = yield* Effect.forkChild(sql`SELECT pg_sleep(60)`)
        const held = Effect.gen(function* () {
          yield* manager.getConnection
          return yield* Effect.never
        }).pipe(Effect.scoped, Effect.withSpan("ReportJob.run"))
        const holder = yield* Effect.forkChild(held)
        while ((yield* manager.poolStatus).inUse < 2) yield* Effect.sleep("1 millis")
        const before = (yield* manager.poolStatus).timedOut
        const error = yield* Effect.flip(DatabaseError.refine(sql`SELECT 1`))
        assert.strictEqual(error.reason._tag, "PoolExhausted")
        assert.include(error.message, "ReportJob.run")
        assert.include(error.message, "pg_sleep")
        assert.strictEqual((yield* manager.poolStatus).timedOut, before + 1)
        yield* Fiber.interrupt(slow)
        yield* Fiber.interrupt(holder)
        yield* assertClean
      })
    )
  }
)

layer(proxied({ maxConnections: 2, acquireTimeout: "2 seconds" }), { excludeTestServices: true })(
  "A scope that outlives a failed attempt to connect",
  (it) => {
    it.effect("does not keep a place in the pool", () =>
      Effect.gen(function* () {
        const manager = yield* ConnectionManager
        const proxy = yield* Proxy
        yield* Effect.scoped(
          Effect.gen(function* () {
            yield* proxy.setRefusing(true)
            for (let attempt = 0; attempt < 4; attempt++) {
              const error = yield* Effect.flip(manager.getConnection)
              assert.strictEqual(error.reason._tag, "ConnectionLost")
            }
            yield* proxy.setRefusing(false)
            yield* manager.getConnection
          })
        )
        yield* assertClean
      })
    )
  }
)

layer(connected({ maxConnections: 2 }), { excludeTestServices: true })("A pool beside the application's own", (it) => {
  it.effect("has its own size and status, and closes with its scope", () =>
    Effect.gen(function* () {
      const manager = yield* ConnectionManager
      const sql = yield* SqlClient.SqlClient
      const opened = yield* Effect.scoped(
        Effect.gen(function* () {
          const { client, status } = yield* manager.createPool({ maxConnections: 1, applicationName: "reports" })
          assert.deepStrictEqual(yield* client`SELECT current_setting('application_name') AS name`, [
            { name: "reports" }
          ])
          assert.deepInclude(yield* status, { max: 1, total: 1, inUse: 0 })
          return client
        })
      )
      const error = yield* Effect.flip(DatabaseError.refine(opened`SELECT 1`))
      assert.strictEqual(error.reason._tag, "PoolClosed")
      const left = sql`SELECT 1 FROM pg_stat_activity
        WHERE application_name = 'reports' AND datname = current_database()`
      while ((yield* left).length > 0) yield* Effect.sleep("5 millis")
      yield* assertClean
    })
  )
})
