/** Locks that end with a transaction or a scope, rows that are taken, and a state that several sessions share. */
import { assert, layer } from "@effect/vitest"
import { Effect, Exit, Fiber, Scope } from "effect"
import { SqlClient } from "effect/sql"
import * as AdvisoryLock from "../../src/session/AdvisoryLock.ts"
import * as RowLock from "../../src/session/RowLock.ts"
import { SessionFactory } from "../../src/session/SessionFactory.ts"
import * as SharedSnapshot from "../../src/session/SharedSnapshot.ts"
import { assertClean, connected } from "../support/Connected.ts"

const session = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.flatMap(SessionFactory, ({ withSession }) => withSession({ actor: "ada" })(effect))

/** How many wait in the server for an advisory lock. */
const waiting = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const rows = yield* sql`SELECT 1 FROM pg_locks l JOIN pg_database d ON d.oid = l.database
    WHERE locktype = 'advisory' AND NOT granted AND datname = current_database()`
  return rows.length
})

layer(connected({ maxConnections: 5 }), { excludeTestServices: true })("A lock", (it) => {
  it.effect("of a transaction is waited for, tried, shared, and free when the transaction has ended", () =>
    Effect.gen(function* () {
      const inner = { tried: false, other: false }
      let entered = false
      const holder = yield* Scope.make()
      yield* Scope.provide(AdvisoryLock.hold("rotation"), holder)
      const fiber = yield* Effect.forkChild(
        session(
          Effect.andThen(
            AdvisoryLock.inTransaction("rotation"),
            Effect.sync(() => void (entered = true))
          )
        )
      )
      yield* Effect.repeat(waiting, { until: (count) => count === 1 })
      inner.tried = yield* session(AdvisoryLock.tryInTransaction("rotation"))
      inner.other = yield* session(AdvisoryLock.tryInTransaction("another"))
      assert.deepStrictEqual(inner, { tried: false, other: true })
      assert.isFalse(entered)
      yield* Scope.close(holder, Exit.void)
      yield* Fiber.join(fiber)
      assert.isTrue(entered)
      yield* assertClean
    })
  )

  it.effect("that is shared keeps out only those who want it alone", () =>
    Effect.gen(function* () {
      yield* Effect.scoped(
        Effect.gen(function* () {
          yield* AdvisoryLock.hold("report", { shared: true })
          yield* AdvisoryLock.hold("report", { shared: true })
          assert.isTrue(yield* session(AdvisoryLock.tryInTransaction("report", { shared: true })))
          assert.isFalse(yield* session(AdvisoryLock.tryInTransaction("report")))
          const refused = yield* Effect.flip(AdvisoryLock.hold("report", { patience: "150 millis" }))
          assert.strictEqual(refused._tag, "LockHeld")
        })
      )
      yield* Effect.scoped(AdvisoryLock.hold("report"))
      yield* assertClean
    })
  )

  it.effect("outside of a transaction would be gone at once, and is refused", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const wanted = [
        AdvisoryLock.inTransaction("x"),
        AdvisoryLock.tryInTransaction("x"),
        RowLock.take(sql`SELECT 1`),
        SharedSnapshot.exported
      ]
      for (const lock of wanted) {
        const error = yield* Effect.flip<unknown, { readonly _tag: string }, SqlClient.SqlClient>(lock)
        assert.strictEqual(error._tag, "NoTransaction")
      }
      yield* assertClean
    })
  )
})

layer(connected({ maxConnections: 6 }), { excludeTestServices: true })("Rows of a queue", (it) => {
  it.effect("are each worked on once by several workers, and free again when one fails", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* sql`CREATE TABLE job (id int PRIMARY KEY, done int NOT NULL DEFAULT 0)`
      yield* sql`INSERT INTO job SELECT generate_series(1, 100)`
      let failures = 0
      const next = sql<{ id: number }>`SELECT id FROM job WHERE done = 0 ORDER BY id LIMIT 5 -- the oldest`
      const work: Effect.Effect<number, unknown, SessionFactory | SqlClient.SqlClient> = session(
        Effect.gen(function* () {
          const jobs = yield* RowLock.take(next)
          const ids = jobs.map(({ id }) => id)
          yield* sql`UPDATE job SET done = done + 1 WHERE id = ANY(${ids}::int[])`
          if (ids.includes(42) && failures++ === 0) return yield* Effect.fail("broken")
          return ids.length
        })
      )
      const worker = Effect.repeat(
        Effect.catch(work, () => Effect.succeed(1)),
        { until: (count) => count === 0 }
      )
      yield* Effect.all(
        Array.from({ length: 5 }, () => worker),
        { concurrency: "unbounded" }
      )
      assert.strictEqual(failures, 2)
      assert.deepStrictEqual(yield* sql`SELECT DISTINCT done FROM job`, [{ done: 1 }])
      yield* assertClean
    })
  )
})

layer(connected({ maxConnections: 6 }), { excludeTestServices: true })("A shared snapshot", (it) => {
  it.effect("shows several sessions at once what one saw, whatever was written since", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const { withSession } = yield* SessionFactory
      yield* sql`CREATE TABLE entry (id int PRIMARY KEY)`
      yield* sql`INSERT INTO entry SELECT generate_series(0, 99)`
      const other = yield* sql.reserve
      const part = (at: number) =>
        sql<{ pid: number; n: number; actor: string }>`SELECT pg_backend_pid() AS pid, count(*)::int AS n,
          current_setting('pgkeel.actor') AS actor FROM entry WHERE id % 3 = ${at}`
      const counts = yield* withSession({ isolation: "repeatable read", readOnly: true })(
        Effect.gen(function* () {
          const snapshot = yield* SharedSnapshot.exported
          yield* other.execute("DELETE FROM entry WHERE id < 50", [], undefined)
          const parts = [0, 1, 2].map((at) => SharedSnapshot.within(snapshot, { actor: `a${at}` })(part(at)))
          const rows = (yield* Effect.all([...parts, part(0)], { concurrency: "unbounded" })).flat()
          assert.notInclude(
            rows.slice(0, 3).map(({ pid }) => pid),
            rows[3]?.pid
          )
          return rows.map(({ n, actor }) => ({ n, actor }))
        })
      )
      assert.deepStrictEqual(counts, [
        { n: 34, actor: "a0" },
        { n: 33, actor: "a1" },
        { n: 33, actor: "a2" },
        { n: 34, actor: "" }
      ])
      assert.strictEqual((yield* sql`SELECT id FROM entry`).length, 50)
    }).pipe(Effect.scoped, Effect.andThen(assertClean))
  )

  it.effect("that is gone, or none, lets nothing run outside of it", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* sql`CREATE TABLE witness (id int)`
      for (const snapshot of ["00000003-0000001B-1", "'; DROP TABLE witness; --"]) {
        const error = yield* Effect.flip(SharedSnapshot.within(snapshot)(sql`SELECT 1`))
        assert.strictEqual(error._tag, "DatabaseError")
        yield* assertClean
      }
      assert.deepStrictEqual(yield* sql`SELECT id FROM witness`, [])
    })
  )
})
