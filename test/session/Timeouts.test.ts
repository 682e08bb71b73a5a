/** What a session is allowed: for how long, with whose rights, and how often it is run again. */
import { assert, layer } from "@effect/vitest"
import { Deferred, Effect, Fiber, Logger } from "effect"
import { SqlClient } from "effect/sql"
import type { DatabaseError } from "../../src/error/DatabaseError.ts"
import type { SessionOptions } from "../../src/session/Session.ts"
import type { SessionError } from "../../src/session/SessionError.ts"
import { SessionFactory } from "../../src/session/SessionFactory.ts"
import { assertClean, connected } from "../support/Connected.ts"
import { add, freshTable, items } from "../support/Items.ts"

const tagOf = (error: DatabaseError | SessionError): string => error.reason._tag

const setting = (name: string) =>
  Effect.flatMap(SqlClient.SqlClient, (sql) =>
    Effect.map(sql<{ value: string }>`SELECT current_setting(${name}) AS value`, ([row]) => row?.value)
  )

layer(connected({ maxConnections: 3 }), { excludeTestServices: true })("A session's", (it) => {
  const settings: ReadonlyArray<readonly [options: SessionOptions, name: string, value: string]> = [
    [{ statementTimeout: "1500 millis" }, "statement_timeout", "1500ms"],
    [{ statementTimeout: 0 }, "statement_timeout", "0"],
    [{ lockTimeout: "0.4 millis" }, "lock_timeout", "1ms"],
    [{ lockTimeout: "2 seconds" }, "lock_timeout", "2s"],
    [{ idleTimeout: "1 minute" }, "idle_in_transaction_session_timeout", "1min"],
    [{ idleTimeout: "Infinity" }, "idle_in_transaction_session_timeout", "0"],
    [{ component: "bot" }, "pgkeel.component", "bot"]
  ]
  for (const [options, name, value] of settings) {
    it.effect(`option ${JSON.stringify(options)} is ${name} = ${value} in its transaction, and not after it`, () =>
      Effect.gen(function* () {
        const { withSession } = yield* SessionFactory
        const before = yield* withSession({})(setting(name))
        assert.strictEqual(yield* withSession(options)(setting(name)), value)
        assert.strictEqual(yield* withSession({})(setting(name)), before)
        yield* assertClean
      })
    )
  }

  it.effect("statement timeout, lock timeout and idle timeout arrive as what they are", () =>
    Effect.gen(function* () {
      const { withSession } = yield* SessionFactory
      const sql = yield* SqlClient.SqlClient
      yield* freshTable
      yield* add("a")
      const slow = withSession({ statementTimeout: "100 millis" })(sql`SELECT pg_sleep(600)`)
      assert.strictEqual(tagOf(yield* Effect.flip(slow)), "StatementTimeout")
      const held = yield* Deferred.make<void>()
      const release = yield* Deferred.make<void>()
      const holder = yield* Effect.forkChild(
        withSession({})(
          Effect.andThen(
            sql`LOCK TABLE item`,
            Effect.andThen(Deferred.succeed(held, undefined), Deferred.await(release))
          )
        )
      )
      yield* Deferred.await(held)
      const locked = withSession({ lockTimeout: "100 millis" })(add("b"))
      assert.strictEqual(tagOf(yield* Effect.flip(locked)), "LockNotAvailable")
      yield* Deferred.succeed(release, undefined)
      yield* Fiber.join(holder)
      yield* assertClean
    })
  )

  it.effect("timeout interrupts what it waits for, cancels, rolls back and says which limit it was", () =>
    Effect.gen(function* () {
      const { withSession } = yield* SessionFactory
      const sql = yield* SqlClient.SqlClient
      yield* freshTable
      for (const endless of [sql`SELECT pg_sleep(603)`, Effect.never]) {
        const session = withSession({ name: "slow", timeout: "250 millis" })
        const error = yield* Effect.flip(session(Effect.andThen(add("lost"), endless)))
        assert.strictEqual(tagOf(error), "SessionTimeout")
        assert.match(String(error), /session s\d+ \(slow\) was rolled back because its timeout of 250 ms has passed/)
        const left = sql`SELECT 1 FROM pg_stat_activity WHERE query LIKE '%pg_sleep(603)%' AND state = 'active'
          AND pid <> pg_backend_pid() AND datname = current_database()`
        yield* Effect.repeat(left, { until: (rows) => rows.length === 0 })
      }
      assert.deepStrictEqual(yield* items, [])
      yield* assertClean
    })
  )

  it.effect("timeout of a part that has joined ends the part, and the whole cannot commit", () =>
    Effect.gen(function* () {
      const { withSession } = yield* SessionFactory
      yield* freshTable
      const part = withSession({ name: "part", timeout: "100 millis" })(Effect.andThen(add("lost"), Effect.never))
      const error = yield* Effect.flip(withSession({})(Effect.ignore(part)))
      assert.strictEqual(tagOf(error), "RollbackOnly")
      assert.include(String(error), "timeout of 100 ms")
      yield* assertClean
    })
  )

  it.effect("role is whose rights its statements have, until it ends", () =>
    Effect.gen(function* () {
      const { withSession } = yield* SessionFactory
      const sql = yield* SqlClient.SqlClient
      yield* freshTable
      const own = yield* sql`SELECT current_user AS role`
      const asReader = withSession({ role: "pg_read_all_data", actor: "ada" })
      assert.deepStrictEqual(
        yield* asReader(sql`SELECT current_user AS role, current_setting('pgkeel.actor') AS actor`),
        [{ role: "pg_read_all_data", actor: "ada" }]
      )
      assert.strictEqual(tagOf(yield* Effect.flip(asReader(add("x")))), "InsufficientPrivilege")
      for (let index = 0; index < 4; index++) assert.deepStrictEqual(yield* sql`SELECT current_user AS role`, own)
      const logged: Array<unknown> = []
      const logger = Logger.layer([Logger.make(({ message }) => void logged.push(message))])
      const refused = withSession({ role: "nobody at all" })(sql`SELECT 1`)
      const unknown = yield* Effect.flip(Effect.provide(refused, logger))
      assert.strictEqual(tagOf(unknown), "InvalidOption")
      assert.include(
        unknown.message,
        `the session option "role" names a role that does not exist: give the name of a role`
      )
      const other = yield* Effect.flip(asReader(sql`SET LOCAL ROLE "nobody at all"`))
      assert.strictEqual(tagOf(other), "InvalidValue")
      assert.deepStrictEqual(logged, [])
      yield* assertClean
    })
  )
})

layer(connected({ maxConnections: 3 }), { excludeTestServices: true })(
  "A session that conflicts with another",
  (it) => {
    /** Two that read the counter before either writes it, so that one of them must be run again; how often the effect ran. */
    const race = (options: SessionOptions) =>
      Effect.gen(function* () {
        const { withSession } = yield* SessionFactory
        const sql = yield* SqlClient.SqlClient
        yield* sql`DROP TABLE IF EXISTS counter`
        yield* sql`CREATE TABLE counter AS SELECT 0 AS value`
        let runs = 0
        const bothRead = yield* Deferred.make<void>()
        const increment = withSession(options)(
          Effect.gen(function* () {
            const [row] = yield* sql<{ value: number }>`SELECT value FROM counter`
            if (++runs === 2) yield* Deferred.succeed(bothRead, undefined)
            yield* Deferred.await(bothRead)
            yield* sql`UPDATE counter SET value = ${(row?.value ?? 0) + 1}`
          })
        )
        const exits = yield* Effect.all([Effect.result(increment), Effect.result(increment)], { concurrency: 2 })
        const [row] = yield* sql<{ value: number }>`SELECT value FROM counter`
        const failures = exits.flatMap((result) => (result._tag === "Failure" ? [tagOf(result.failure)] : []))
        return { runs, value: row?.value, failures }
      })

    for (const isolation of ["repeatable read", "serializable"] as const) {
      it.effect(`under ${isolation} is run again as a whole`, () =>
        Effect.gen(function* () {
          assert.deepStrictEqual(yield* race({ isolation }), { runs: 3, value: 2, failures: [] })
          yield* assertClean
        })
      )

      it.effect(`under ${isolation} fails where it is not to be run again`, () =>
        Effect.gen(function* () {
          const outcome = yield* race({ isolation, retry: false })
          assert.deepStrictEqual(outcome, { runs: 2, value: 1, failures: ["SerializationFailure"] })
          yield* assertClean
        })
      )
    }

    it.effect("sees what was committed while it waited for LOCK TABLE, but not under stricter isolation", () =>
      Effect.gen(function* () {
        const { withSession } = yield* SessionFactory
        const sql = yield* SqlClient.SqlClient
        const locked = Effect.andThen(sql`LOCK TABLE counter`, sql<{ value: number }>`SELECT value FROM counter`)
        const isWaiting = Effect.repeat(
          withSession({ propagation: "not-supported" })(
            sql`SELECT 1 FROM pg_locks WHERE relation = 'counter'::regclass AND NOT granted`
          ),
          { until: ({ length }) => length === 1 }
        )
        const seenUnder = (isolation: "read committed" | "repeatable read") =>
          Effect.gen(function* () {
            yield* sql`DROP TABLE IF EXISTS counter`
            yield* sql`CREATE TABLE counter AS SELECT 0 AS value`
            const reader = withSession({ isolation, propagation: "requires-new" })(locked)
            const writer = Effect.andThen(sql`UPDATE counter SET value = 1`, Effect.forkChild(reader))
            const fiber = yield* withSession({})(Effect.tap(writer, isWaiting))
            const [row] = yield* Fiber.join(fiber)
            return row?.value
          })
        assert.strictEqual(yield* seenUnder("read committed"), 1)
        assert.strictEqual(yield* seenUnder("repeatable read"), 0)
        yield* assertClean
      })
    )

    it.effect("is run as often as its policy says, and says how often", () =>
      Effect.gen(function* () {
        const { withSession } = yield* SessionFactory
        const sql = yield* SqlClient.SqlClient
        let runs = 0
        const session = withSession({ retry: { attempts: 3, base: "1 millis" } })(
          Effect.andThen(
            Effect.sync(() => runs++),
            sql`DO $$ BEGIN RAISE EXCEPTION 'made up' USING ERRCODE = '40001'; END $$`
          )
        )
        assert.strictEqual(tagOf(yield* Effect.flip(session)), "RetriesExhausted")
        assert.strictEqual(runs, 3)
        // As a part of another it is run once: the whole is what could be run again.
        runs = 0
        yield* Effect.flip(withSession({})(session))
        assert.strictEqual(runs, 1)
        yield* assertClean
      })
    )
  }
)
