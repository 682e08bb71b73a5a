/** Options of rows and locks that no compiler has looked at. */
import { assert, layer } from "@effect/vitest"
import { Effect, Schema, Stream } from "effect"
import { SqlClient } from "effect/sql"
import type { DatabaseError } from "../../src/error/DatabaseError.ts"
import * as AdvisoryLock from "../../src/session/AdvisoryLock.ts"
import * as Bulk from "../../src/session/Bulk.ts"
import * as Copy from "../../src/session/Copy.ts"
import * as Cursor from "../../src/session/Cursor.ts"
import * as RowLock from "../../src/session/RowLock.ts"
import { assertClean, proxied } from "../support/Connected.ts"
import { Proxy } from "../support/Proxy.ts"

type Call = (options: never) => Effect.Effect<unknown, { readonly _tag: string }, SqlClient.SqlClient>

const one = Effect.map(SqlClient.SqlClient, (sql) => sql<{ n: number }>`SELECT 1 AS n`)

const insert: Call = (options) => Bulk.insertMany("thing", [{ id: 1 }], options)
const insertReturning: Call = (options) =>
  Bulk.insertReturning("thing", [{ id: 1 }], Schema.Struct({ id: Schema.Int }), options)
const into: Call = (target) => Copy.into(target, Stream.make("1\n"))
const out: Call = (source) => Stream.runDrain(Copy.out(source))
const cursor: Call = (options) => Effect.flatMap(one, (query) => Stream.runDrain(Cursor.stream(query, options)))
const take: Call = (options) => Effect.flatMap(one, (query) => RowLock.take(query, options))
const hold: Call = (options) => Effect.scoped(AdvisoryLock.hold("job", options))

const wrong: ReadonlyArray<readonly [call: Call, options: unknown, said: string]> = [
  [
    insert,
    { onConflict: { colums: ["id"], update: [] } },
    `"onConflict" of Bulk.insertMany is an object whose "colums" is not known (did you mean columns?): give "nothing", or`
  ],
  [
    insert,
    { onConflict: { columns: ["id"] } },
    `"onConflict" of Bulk.insertMany is an object whose "update" is undefined`
  ],
  [
    insert,
    { onConflict: "update" },
    `"onConflict" of Bulk.insertMany is a string that is none of them: give "nothing"`
  ],
  [insert, { onconflict: "nothing" }, `"onconflict" of Bulk.insertMany is not known: did you mean onConflict?`],
  [insert, { chunk: "5" }, `"chunk" of Bulk.insertMany is a string: give a whole number of rows, 1 or more`],
  [insert, { chunk: 0 }, `"chunk" of Bulk.insertMany is 0: give a whole number of rows, 1 or more`],
  [insert, null, `the options of Bulk.insertMany are null: give an object such as`],
  [insertReturning, { chnk: 5 }, `"chnk" of Bulk.insertReturning is not known: did you mean chunk?`],
  [into, { tabel: "thing" }, `"tabel" of Copy.into is not known: did you mean table?`],
  [into, { table: 3 }, `"table" of Copy.into is a number: give the name of a table`],
  [into, { table: "thing", columns: "id" }, `"columns" of Copy.into is a string: give names such as`],
  [into, { table: "thing", format: "cvs" }, `"format" of Copy.into is no format of COPY: give "text", "csv", "binary"`],
  [into, { table: "thing", header: "yes" }, `"header" of Copy.into is a string: give true or false`],
  [into, { query: "SELECT 1" }, `"query" of Copy.into is not known: give one of table, columns, format, header`],
  [into, {}, `"table" of Copy.into is missing: give the name of a table`],
  [into, "thing", `the options of Copy.into are a string: give an object such as { table: "customer" }`],
  [out, { query: "SELECT 1", headers: true }, `"headers" of Copy.out is not known: did you mean header?`],
  [
    out,
    { statement: "COPY thing TO STDOUT", header: true },
    `"header" of Copy.out is not known: give one of statement`
  ],
  [cursor, { batchsize: 5 }, `"batchsize" of Cursor.stream is not known: did you mean batchSize?`],
  [cursor, { batchSize: 1.5 }, `"batchSize" of Cursor.stream is 1.5: give a whole`],
  [take, { off: "job" }, `"off" of RowLock.take is not known: did you mean of?`],
  [hold, { patience: "5 parsecs" }, `"patience" of AdvisoryLock.hold is no duration: give a duration`],
  [hold, { share: true }, `"share" of AdvisoryLock.hold is not known: did you mean shared?`],
  [
    (options) => AdvisoryLock.inTransaction("job", options),
    { shared: 1 },
    `"shared" of AdvisoryLock.inTransaction is a n`
  ],
  [
    (options) => AdvisoryLock.tryInTransaction("job", options),
    true,
    `the options of AdvisoryLock.tryInTransaction are a`
  ]
]

layer(proxied({ maxConnections: 2 }), { excludeTestServices: true })("The options of rows and locks", (it) => {
  for (const [call, options, said] of wrong) {
    it.effect(`are refused before anything is sent: ${said}`, () =>
      Effect.gen(function* () {
        const { counters } = yield* Proxy
        const before = counters.roundTrips
        const error = (yield* Effect.flip(call(options as never))) as DatabaseError
        assert.strictEqual(error._tag, "DatabaseError")
        assert.strictEqual(error.reason._tag, "InvalidOption")
        assert.include(error.message, said)
        assert.strictEqual(counters.roundTrips, before)
        yield* assertClean
      })
    )
  }
})
