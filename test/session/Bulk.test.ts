/** Many rows in and out: every kind of value comes back as it went, by either way, and what cannot is refused. */
import { assert, layer } from "@effect/vitest"
import { Effect, Schema, Stream } from "effect"
import { SqlClient } from "effect/sql"
import * as Bulk from "../../src/session/Bulk.ts"
import * as Copy from "../../src/session/Copy.ts"
import * as Cursor from "../../src/session/Cursor.ts"
import { SessionFactory } from "../../src/session/SessionFactory.ts"
import { assertClean, connected } from "../support/Connected.ts"

const ddl = `CREATE TABLE thing (
  id int PRIMARY KEY, big bigint, amount numeric(12, 3), ratio float8, flag boolean, name varchar(20), code char(4), bits bit(3),
  at timestamptz, day date, bytes bytea, doc jsonb, key uuid, tags text[], grid int[], docs jsonb[], mood mood, short shorty, "Odd "" name" text)`

const freshTable = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`DROP TABLE IF EXISTS thing`
  yield* sql`DROP DOMAIN IF EXISTS shorty`
  yield* sql`DROP TYPE IF EXISTS mood`
  yield* sql`CREATE TYPE mood AS ENUM ('sad', 'very "happy", {so}')`
  yield* sql`CREATE DOMAIN shorty AS text CHECK (length(VALUE) < 5)`
  yield* sql.unsafe(ddl)
})

const nasty = "a\tb\nc\rd\\e\\N\"f'{g},NULL\v\b\f ü 😀"

const thing = (id: number) => ({
  id,
  big: 9007199254740993n,
  amount: "12.345",
  ratio: 0.1 + 0.2,
  flag: id % 2 === 0,
  name: "",
  code: "ab",
  bits: "101",
  at: new Date(Date.UTC(2026, 1, 3, 4, 5, 6, 789)),
  day: "2026-02-03",
  bytes: new Uint8Array([0, 1, 92, 255]),
  doc: [{ text: nasty, list: [1, null, "x"] }, "\\"],
  key: "0b0f8b9e-5d3f-4a6e-9d0a-0123456789ab",
  tags: [nasty, "", "NULL", null, "null", "{}"],
  grid: [
    [1, 2],
    [3, -4]
  ],
  docs: [[1, 2], { a: '"' }, "text"],
  mood: 'very "happy", {so}',
  short: "abcd",
  'Odd " name': nasty
})

const empty = {
  ...thing(3),
  ...Object.fromEntries(
    Object.keys(thing(3))
      .slice(1)
      .map((name) => [name, null])
  )
}

/** What the server has, as it says it. */
const texts = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  return yield* sql`SELECT thing::text AS row, doc->0->>'text' AS text, tags[1] AS tag, grid[2][2] AS grid, docs[2]->>'a' AS doc,
    big::text, amount::text, encode(bytes, 'hex') AS bytes, "Odd "" name" AS odd, ratio, at FROM thing ORDER BY id`
})

layer(connected({ maxConnections: 2 }), { excludeTestServices: true })("Many rows", (it) => {
  it.effect("are the same by COPY and by INSERT", () =>
    Effect.gen(function* () {
      const rows = [thing(1), thing(2), empty]
      yield* freshTable
      assert.strictEqual(yield* Copy.rows("thing", rows), 3)
      const copied = yield* texts
      assert.deepInclude(copied[0], {
        text: nasty,
        tag: nasty,
        grid: -4,
        doc: '"',
        big: "9007199254740993",
        amount: "12.345",
        bytes: "00015cff",
        odd: nasty,
        ratio: 0.1 + 0.2,
        at: thing(1).at
      })
      yield* freshTable
      assert.strictEqual(yield* Bulk.insertMany(["public", "thing"], Stream.fromIterable(rows), { chunk: 2 }), 3)
      assert.deepStrictEqual(yield* texts, copied)
      yield* assertClean
    })
  )

  it.effect("travel far dates, infinities and what no number holds", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* sql`CREATE TABLE extreme (at timestamptz, ratio float8)`
      const ats = [Date.UTC(12026, 0, 2), -62167219200000 - 86400000, Date.UTC(2026, 0, 1)].map((at) => new Date(at))
      const rows = ats.map((at, index) => ({ at, ratio: [NaN, Infinity, -0][index] }))
      yield* Copy.rows("extreme", rows)
      yield* Bulk.insertMany("extreme", rows)
      const found = yield* sql`SELECT extract(epoch FROM at)::float8 * 1000 AS at, ratio::text FROM extreme`
      const expected = ats.map((at, index) => ({ at: at.getTime(), ratio: ["NaN", "Infinity", "0"][index] }))
      assert.deepStrictEqual(found, [...expected, ...expected])
      yield* assertClean
    })
  )

  it.effect("that have no text, or a column that the first has not, are refused by their number", () =>
    Effect.gen(function* () {
      yield* freshTable
      const refusals: ReadonlyArray<readonly [Record<string, unknown>, RegExp]> = [
        [{ id: 2, name: { a: 1 } }, /row 2.*json/],
        [{ id: 2, name: "a\0b" }, /row 2.*NUL/],
        [{ id: 2, name: new Date(Number.NaN) }, /row 2.*invalid Date/],
        [{ id: 2, name: "b", flag: true }, /row 2.*"flag"/]
      ]
      for (const [row, message] of refusals) {
        for (const write of [Copy.rows, Bulk.insertMany]) {
          const error = yield* Effect.flip(write("thing", [{ id: 1, name: "a" }, row]))
          assert.strictEqual(error.reason._tag, "InvalidParameter", error.message)
          assert.match(error.message, message)
        }
      }
      for (const write of [Copy.rows("thing", [{}]), Bulk.insertMany("thing", [{}])]) {
        assert.match((yield* Effect.flip(write)).message, /first row names the columns/)
      }
      const unknown = yield* Effect.flip(Bulk.insertMany("thing", [{ id: 1, nothing: 1 }]))
      assert.strictEqual(unknown.reason._tag, "UndefinedColumn")
      const tooLong = yield* Effect.flip(Bulk.insertMany("thing", [{ id: 1, name: "x".repeat(21) }]))
      assert.strictEqual(tooLong.reason._tag, "ValueTooLong")
      assert.deepStrictEqual(yield* texts, [])
      yield* assertClean
    })
  )

  it.effect("are all there or none, also over several statements and outside of a session", () =>
    Effect.gen(function* () {
      yield* freshTable
      const rows = Array.from({ length: 25 }, (_, id) => ({ id: id === 24 ? 0 : id, name: `n${id}` }))
      for (const options of [{ chunk: 10 }, {}]) {
        const error = yield* Effect.flip(Bulk.insertMany("thing", rows, options))
        assert.strictEqual(error.reason._tag, "UniqueViolation")
        assert.deepStrictEqual(yield* texts, [])
      }
      yield* assertClean
    })
  )

  it.effect("meet rows that exist as they are told to, and say what they became", () =>
    Effect.gen(function* () {
      yield* freshTable
      const { withSession } = yield* SessionFactory
      const row = (id: number, name: string) => ({ id, name, ratio: id })
      yield* withSession({ actor: "ada" })(Bulk.insertMany("thing", [row(1, "a"), row(2, "b")]))
      const again = [row(2, "c"), row(3, "d")]
      assert.strictEqual(yield* Bulk.insertMany("thing", again, { onConflict: "nothing" }), 1)
      const returned = yield* Bulk.insertReturning(
        "thing",
        [row(2, "e"), row(4, "f")],
        Schema.Struct({ id: Schema.Int, name: Schema.String }),
        { onConflict: { columns: ["id"], update: ["name"] } }
      )
      assert.deepStrictEqual(returned, [
        { id: 2, name: "e" },
        { id: 4, name: "f" }
      ])
      const kept = { onConflict: { columns: ["id"], update: [] } }
      assert.strictEqual(yield* Bulk.insertMany("thing", [row(2, "g"), row(5, "h")], kept), 1)
      const [two] = yield* Effect.flatMap(SqlClient.SqlClient, (sql) => sql`SELECT name FROM thing WHERE id = 2`)
      assert.deepStrictEqual(two, { name: "e" })
      assert.strictEqual(yield* Bulk.insertMany("thing", []), 0)
      assert.strictEqual(yield* Copy.rows("thing", []), 0)
      yield* assertClean
    })
  )

  it.effect("go so many at once as is a number of rows", () =>
    Effect.gen(function* () {
      yield* freshTable
      const sql = yield* SqlClient.SqlClient
      for (const size of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
        const write = Bulk.insertMany("thing", [{ id: 1 }], { chunk: size })
        const read = Stream.runDrain(Cursor.stream(sql`SELECT 1`, { batchSize: size }))
        for (const refused of [yield* Effect.flip(write), yield* Effect.flip(read)]) {
          assert.strictEqual(refused.reason._tag, "InvalidOption")
          assert.include(refused.message, `is ${size}: give a whole number of rows`)
        }
      }
      yield* assertClean
    })
  )

  it.effect("come out as CSV of a query, and go in again", () =>
    Effect.gen(function* () {
      yield* freshTable
      const csv = Stream.decodeText(Copy.out({ query: "SELECT 7 AS id, 'a,b' AS name", format: "csv", header: true }))
      const lines = yield* Stream.runCollect(csv)
      assert.deepStrictEqual(lines, ["id,name\n", '7,"a,b"\n'])
      const target = { table: "thing", columns: ["id", "name"], format: "csv", header: true } as const
      assert.strictEqual(yield* Copy.into(target, Stream.fromIterable(lines)), 1)
      yield* assertClean
    })
  )
})
