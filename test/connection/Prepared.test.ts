/** Prepared statements that the server no longer has, has otherwise, or has already. */
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { DatabaseError } from "../../src/error/DatabaseError.ts"
import * as Retry from "../../src/error/Retry.ts"
import { assertClean, connected } from "../support/Connected.ts"

/** Takes the names that the driver will give to the next statements of the only connection. */
const takeNextNames = (count: number) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const names = yield* sql<{ readonly name: string }>`
      SELECT name FROM pg_prepared_statements WHERE name LIKE 'effect%'`
    const number = (name: string) => Number(name.slice(name.lastIndexOf("_") + 1))
    const last = Math.max(...names.map(({ name }) => number(name)))
    const [{ name } = { name: "" }] = names
    for (let next = last + 1; next <= last + count; next++) {
      const taken = `${name.slice(0, name.lastIndexOf("_"))}_${next}`
      yield* sql`PREPARE ${sql(taken)} AS SELECT 'of somebody else'`.unprepared
    }
  })

layer(connected({ maxConnections: 1 }), { excludeTestServices: true })("A prepared statement", (it) => {
  it.effect("whose name is taken is given another, once", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* takeNextNames(1)
      assert.deepStrictEqual(yield* sql`SELECT 1 AS one`, [{ one: 1 }])
      yield* takeNextNames(2)
      const { reason } = yield* Effect.flip(DatabaseError.refine(sql`SELECT 2 AS two`))
      assert.deepInclude(reason, { _tag: "StalePreparedStatement", sqlState: "42P05", retryScope: "statement" })
      assert.deepStrictEqual(yield* sql`SELECT 2 AS two`, [{ two: 2 }])
      yield* assertClean
    })
  )

  it.effect("whose name is taken is given another on a reserved connection too, outside of a transaction", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const ask = (text: string) =>
        Effect.scoped(Effect.flatMap(sql.reserve, (connection) => connection.execute(text, [], undefined)))
      yield* takeNextNames(1)
      assert.deepStrictEqual(yield* ask("SELECT 7 AS seven"), [{ seven: 7 }])
      yield* assertClean
    })
  )

  it.effect("whose name is taken is given another as the first of a transaction, which begins again", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* takeNextNames(1)
      assert.deepStrictEqual(yield* sql.withTransaction(sql`SELECT 3 AS three`), [{ three: 3 }])
      yield* assertClean
    })
  )

  it.effect("whose name is taken later in a transaction fails it, and the policy runs the whole again", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* sql`CREATE TABLE counted (id serial)`
      let runs = 0
      const whole = sql.withTransaction(
        Effect.gen(function* () {
          yield* sql`INSERT INTO counted DEFAULT VALUES`
          if (runs++ === 0) yield* takeNextNames(1)
          return yield* sql`SELECT 4 AS four`
        })
      )
      assert.deepStrictEqual(yield* Retry.transaction()(DatabaseError.refine(whole)), [{ four: 4 }])
      assert.deepStrictEqual({ runs, rows: (yield* sql`SELECT id FROM counted`).length }, { runs: 2, rows: 1 })
      yield* assertClean
    })
  )

  it.effect("that the server has forgotten, or whose tables have changed, is prepared again", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* sql`CREATE TABLE changing (id int)`
      yield* sql`INSERT INTO changing VALUES (1)`
      const all = sql`SELECT * FROM changing`
      yield* all
      yield* sql`DISCARD ALL`
      assert.deepStrictEqual(yield* all, [{ id: 1 }])
      yield* sql`ALTER TABLE changing ADD COLUMN name text DEFAULT 'x'`
      assert.deepStrictEqual(yield* all, [{ id: 1, name: "x" }])
      yield* assertClean
    })
  )

  it.effect("of the application's own that is not there is told, and run once", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* sql`CREATE TABLE called (id serial)`
      yield* sql`CREATE PROCEDURE prepares() LANGUAGE plpgsql AS $$ BEGIN
        INSERT INTO called DEFAULT VALUES; COMMIT; EXECUTE 'PREPARE taken AS SELECT 1'; END $$`
      yield* sql`PREPARE taken AS SELECT 1`.unprepared
      const { reason } = yield* Effect.flip(DatabaseError.refine(sql`CALL prepares()`))
      assert.deepInclude(reason, { _tag: "StalePreparedStatement", sqlState: "42P05" })
      assert.strictEqual((yield* sql`SELECT id FROM called`).length, 1)
      yield* assertClean
    })
  )
})
