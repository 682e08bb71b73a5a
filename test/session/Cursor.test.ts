/** A cursor reads as much as is asked for, beside other statements, and leaves nothing behind. */
import { assert, layer } from "@effect/vitest"
import { Effect, Stream } from "effect"
import { SqlClient } from "effect/sql"
import * as Cursor from "../../src/session/Cursor.ts"
import { SessionFactory } from "../../src/session/SessionFactory.ts"
import { assertClean, connected } from "../support/Connected.ts"
import { heldBytes } from "../support/Memory.ts"

const cursors = Effect.flatMap(SqlClient.SqlClient, (sql) => sql`SELECT name FROM pg_cursors WHERE name <> ''`)

layer(connected({ maxConnections: 2 }), { excludeTestServices: true })("A cursor", (it) => {
  for (const rows of [0, 1, 9, 10, 11]) {
    it.effect(`reads ${rows} rows in batches of five, in a transaction of its own that only reads`, () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const query = sql<{ n: number }>`SELECT n FROM generate_series(1, ${rows}::int) n -- to the last`
        const found = yield* Stream.runCollect(Cursor.stream(query, { batchSize: 5 }))
        assert.deepStrictEqual(
          found,
          Array.from({ length: rows }, (_, at) => ({ n: at + 1 }))
        )
        yield* assertClean
      })
    )
  }

  it.effect("is the way to read beside statements, which a stream of the driver refuses to its reader", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const { withSession } = yield* SessionFactory
      const { stream } = sql`SELECT n FROM generate_series(1, 2000) n`
      const error = yield* Effect.flip(withSession({})(Stream.runForEach(stream, () => sql`SELECT 1`)))
      assert.strictEqual(error.reason._tag, "ClientError")
      assert.include(error.message, "Cursor.stream")
      const both = Effect.all([Stream.runCount(stream), sql`SELECT 1 AS one`])
      assert.deepStrictEqual(yield* withSession({})(both), [2000, [{ one: 1 }]])
      const early = Effect.all([Stream.runCount(Stream.take(stream, 1)), Effect.succeed(1)])
      yield* Effect.ignore(withSession({})(early))
      yield* assertClean
    })
  )

  it.effect("reads in a savepoint, while the statements of fibers outside of it wait", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const { withSession } = yield* SessionFactory
      const rows = Cursor.stream(sql`SELECT n FROM generate_series(1, 25) n`, { batchSize: 10 })
      const inSession = withSession({ propagation: "nested" })(Stream.runCount(rows))
      const inTransaction = sql.withTransaction(Stream.runCount(rows))
      const counts = yield* withSession({})(
        Effect.all([inSession, inTransaction, sql`SELECT 1`], { concurrency: "unbounded" })
      )
      assert.deepStrictEqual(counts.slice(0, 2), [25, 25])
      yield* assertClean
    })
  )

  it.effect("lets other statements and other cursors of its transaction run meanwhile", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const { withSession } = yield* SessionFactory
      yield* sql`CREATE TABLE doubled (n int)`
      const outer = Cursor.stream(sql<{ n: number }>`SELECT n FROM generate_series(1, 25) n`, { batchSize: 10 })
      yield* withSession({ actor: "ada" })(
        Effect.gen(function* () {
          yield* Stream.runForEach(outer, ({ n }) =>
            Stream.runForEach(
              Cursor.stream(sql<{ m: number }>`SELECT m FROM generate_series(1, 2) m`),
              ({ m }) => sql`INSERT INTO doubled VALUES (${n * m})`
            )
          )
          assert.deepStrictEqual(yield* cursors, [])
        })
      )
      const [sum] = yield* sql`SELECT count(*)::int AS count, sum(n)::int AS sum FROM doubled`
      assert.deepStrictEqual(sum, { count: 50, sum: (3 * 25 * 26) / 2 })
      yield* assertClean
    })
  )

  it.effect("that ends early, or fails, is closed, and its transaction goes on or rolls back", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const { withSession } = yield* SessionFactory
      const endless = Cursor.stream(sql`SELECT generate_series(1, 1000000000) AS n`, { batchSize: 3 })
      yield* withSession({})(
        Effect.gen(function* () {
          assert.strictEqual((yield* Stream.runCollect(Stream.take(endless, 4))).length, 4)
          assert.deepStrictEqual(yield* cursors, [])
          assert.strictEqual(yield* Effect.flip(Stream.runForEach(endless, () => Effect.fail("enough"))), "enough")
          assert.deepStrictEqual(yield* cursors, [])
        })
      )
      const divided = Cursor.stream(sql`SELECT 1 / (3 - n) AS n FROM generate_series(1, 5) n`, { batchSize: 1 })
      const failed = yield* Effect.flip(Stream.runDrain(divided))
      assert.strictEqual(failed.reason._tag, "InvalidValue")
      const wrong = yield* Effect.flip(Stream.runDrain(Cursor.stream(sql`SELECT nothing`)))
      assert.strictEqual(wrong.reason._tag, "UndefinedColumn")
      yield* assertClean
    })
  )

  it.effect("holds one batch, however many rows there are", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      // Two hundred megabytes, were they collected.
      const rows = Cursor.stream(
        sql<{ text: string }>`SELECT repeat('x', 10000) AS text FROM generate_series(1, 20000)`
      )
      const before = heldBytes()
      let most = 0
      let read = 0
      let batches = 0
      yield* Stream.runForEachArray(rows, (batch) =>
        Effect.sync(() => {
          read += batch.length
          if (batches++ % 16 === 0) most = Math.max(most, heldBytes())
        })
      )
      assert.strictEqual(read, 20_000)
      assert.isAtLeast(batches, 20)
      assert.isBelow(most - before, 100 * 2 ** 20)
      yield* assertClean
    })
  )
})
