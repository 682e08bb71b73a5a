/** What happens to real sessions between others, the clock and an administrator. */
import { assert, describe, layer } from "@effect/vitest"
import { Effect, Fiber, Schedule } from "effect"
import { DatabaseError } from "../../src/error/DatabaseError.ts"
import { freshDatabase, testServer } from "../support/Database.ts"
import { type Connection, expectReason, failure, open, openAs, pidOf, run } from "./sessions.ts"

/** Waits until the backend does what the condition on pg_stat_activity says. */
const until = (observer: Connection, pid: number, condition: string) =>
  observer.queryValues(`SELECT ${condition} FROM pg_stat_activity WHERE pid = ${pid}`).pipe(
    Effect.filterOrFail((rows) => rows[0]?.[0] === true),
    Effect.retry(Schedule.spaced("10 millis").pipe(Schedule.upTo({ duration: "10 seconds" })))
  )

const sleeping = "wait_event = 'PgSleep'"
const blocked = "wait_event_type = 'Lock'"

const lock = (id: number) => `SELECT 1 FROM pair WHERE id = ${id} FOR UPDATE`

layer(freshDatabase(), { excludeTestServices: true })("a session", (it) => {
  describe("about others and the clock", () => {
    it.effect("tells a serialization failure, which runs the transaction again", () =>
      Effect.gen(function* () {
        const [one, two] = yield* Effect.all([open, open])
        yield* run(one, "CREATE TABLE counter AS SELECT 0 AS n")
        const begin = "BEGIN ISOLATION LEVEL REPEATABLE READ"
        yield* run(one, begin, "SELECT * FROM counter")
        yield* run(two, "UPDATE counter SET n = n + 1")
        const reason = yield* expectReason(run(one, "UPDATE counter SET n = n + 1"), "SerializationFailure")
        assert.deepInclude(reason, { transient: true, retryScope: "transaction", connectionLost: false })
      })
    )

    it.effect("tells a deadlock to one of the two", () =>
      Effect.gen(function* () {
        const [one, two, observer] = yield* Effect.all([open, open, open])
        yield* run(observer, "CREATE TABLE pair AS SELECT generate_series(1, 2) AS id")
        yield* Effect.forEach([one, two], (connection) => run(connection, "SET deadlock_timeout = '50ms'", "BEGIN"))
        yield* run(one, lock(1))
        yield* run(two, lock(2))
        const pid = yield* pidOf(one)
        const waiting = yield* Effect.forkScoped(Effect.result(run(one, lock(2), "COMMIT")))
        yield* until(observer, pid, blocked)
        const other = yield* Effect.result(run(two, lock(1), "COMMIT"))
        const errors = [yield* Fiber.join(waiting), other].flatMap((result) =>
          result._tag === "Failure" ? [DatabaseError.fromSqlError(result.failure)] : []
        )
        assert.deepStrictEqual(
          errors.map(({ reason }) => reason._tag),
          ["DeadlockDetected"]
        )
        assert.strictEqual(errors[0]?.retryScope, "transaction")
      })
    )

    it.effect("tells a lock that is not free, with NOWAIT and with lock_timeout", () =>
      Effect.gen(function* () {
        const [one, two] = yield* Effect.all([open, open])
        yield* run(one, "CREATE TABLE held (id int)", "BEGIN", "LOCK TABLE held")
        yield* run(two, "BEGIN")
        yield* expectReason(run(two, "LOCK TABLE held NOWAIT"), "LockNotAvailable")
        yield* run(two, "ROLLBACK", "SET lock_timeout = '20ms'")
        const reason = yield* expectReason(run(two, "SELECT * FROM held"), "LockNotAvailable")
        assert.strictEqual(reason.retryScope, "transaction")
      })
    )

    it.effect("tells statement_timeout from a cancel request", () =>
      Effect.gen(function* () {
        const [one, observer] = yield* Effect.all([open, open])
        const timeout = run(one, "BEGIN", "SET LOCAL statement_timeout = '30ms'", "SELECT pg_sleep(30)")
        assert.strictEqual((yield* expectReason(timeout, "StatementTimeout")).category, "timeout")
        yield* run(one, "ROLLBACK")
        const pid = yield* pidOf(one)
        const asleep = yield* Effect.forkScoped(expectReason(run(one, "SELECT pg_sleep(30)"), "QueryCanceled"))
        yield* until(observer, pid, sleeping)
        yield* run(observer, `SELECT pg_cancel_backend(${pid})`)
        assert.strictEqual((yield* Fiber.join(asleep)).retryScope, "never")
      })
    )
  })

  describe("about the session", () => {
    it.effect("a terminated session that runs a statement has lost its connection", () =>
      Effect.gen(function* () {
        const [one, observer] = yield* Effect.all([open, open])
        const pid = yield* pidOf(one)
        yield* run(one, "BEGIN")
        const asleep = yield* Effect.forkScoped(failure(run(one, "SELECT pg_sleep(30)"), { phase: "transaction_open" }))
        yield* until(observer, pid, sleeping)
        yield* run(observer, `SELECT pg_terminate_backend(${pid})`)
        const error = yield* Fiber.join(asleep)
        assert.include(["ConnectionLost", "ServerShuttingDown"], error.reason._tag)
        assert.deepInclude(
          { lost: error.connectionLost, transient: error.transient, scope: error.retryScope },
          { lost: true, transient: true, scope: "transaction" }
        )
      })
    )

    it.effect("a terminated idle session says so to the next statement", () =>
      Effect.gen(function* () {
        const [one, observer] = yield* Effect.all([open, open])
        const pid = yield* pidOf(one)
        yield* run(observer, `SELECT pg_terminate_backend(${pid}, 5000)`)
        const error = yield* failure(run(one, "SELECT 1"), { phase: "idle" })
        assert.include(["ConnectionLost", "ServerShuttingDown"], error.reason._tag)
        assert.isTrue(error.connectionLost)
        assert.strictEqual(error.retryScope, "statement")
      })
    )

    it.effect("a role that may have no connection is told that there are too many", () =>
      Effect.gen(function* () {
        const connection = yield* open
        yield* run(connection, "CREATE ROLE err_crowd LOGIN PASSWORD 'pw' CONNECTION LIMIT 1")
        yield* Effect.gen(function* () {
          yield* openAs("err_crowd")
          const reason = yield* expectReason(Effect.scoped(openAs("err_crowd")), "TooManyConnections")
          assert.deepInclude(reason, { sqlState: "53300", retryScope: "connection", connectionLost: true })
        }).pipe(Effect.scoped)
        const dropped = run(connection, "DROP ROLE err_crowd")
        yield* Effect.retry(dropped, Schedule.spaced("20 millis").pipe(Schedule.upTo({ duration: "5 seconds" })))
      })
    )

    // transaction_timeout came with PostgreSQL 17.
    it.effect.skipIf(testServer().majorVersion < 17)("a transaction that is open for too long loses its session", () =>
      Effect.gen(function* () {
        const connection = yield* open
        const statements = ["SET transaction_timeout = '40ms'", "BEGIN", "SELECT pg_sleep(30)"]
        const error = yield* failure(run(connection, ...statements), { phase: "transaction_open" })
        assert.include(["TransactionTimeout", "ConnectionLost"], error.reason._tag)
        assert.isTrue(error.connectionLost)
      })
    )
  })
})
