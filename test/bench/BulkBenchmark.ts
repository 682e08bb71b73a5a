/**
 * Many rows in and out, next to COPY in psql with its output let go or its input from
 * a file. What comes out as rows, or goes in from rows, has been an object here; what
 * psql moves has only been bytes.
 */
import { Context, Effect, Layer, Stream } from "effect"
import type { Redacted, Scope } from "effect"
import { SqlClient } from "effect/sql"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Bulk from "../../src/session/Bulk.ts"
import * as Copy from "../../src/session/Copy.ts"
import * as Cursor from "../../src/session/Cursor.ts"
import { hasPsql } from "../support/hasPsql.ts"
import type { Benchmark, Figure } from "./support/Benchmark.ts"
import { ours } from "./support/clients.ts"
import { median } from "./support/median.ts"
import { psql } from "./support/psql.ts"

interface Way {
  readonly name: string
  readonly against: string
  readonly ours: Effect.Effect<unknown, unknown, SqlClient.SqlClient>
  readonly theirs: Effect.Effect<unknown, unknown, SqlClient.SqlClient>
}

const ddl = "id int, name text, at timestamptz, value float8"

const row = (id: number) => ({ id, name: `the name of ${id}`, at: new Date(1767225600000 + id * 1000), value: id / 8 })

const lineOf = (id: number): string => {
  const { at, name, value } = row(id)
  return `${id}\t${name}\t${at.toISOString()}\t${value}\n`
}

const chunk = 1000

const lines = (count: number): ReadonlyArray<string> =>
  Array.from({ length: count / chunk }, (_, part) =>
    Array.from({ length: chunk }, (_, at) => lineOf(part * chunk + at)).join("")
  )

const sqlOf = <A, E>(run: (sql: SqlClient.SqlClient) => Effect.Effect<A, E>) => Effect.flatMap(SqlClient.SqlClient, run)

const emptied = <A, E>(effect: Effect.Effect<A, E, SqlClient.SqlClient>) =>
  Effect.andThen(
    sqlOf((sql) => sql`TRUNCATE bulk_target`),
    effect
  )

/** Where psql is missing, COPY through this package is what the other ways are held against. */
const ways = (url: Redacted.Redacted, count: number, file: string): ReadonlyArray<Way> => {
  const [from, into] = ["COPY bulk_source TO STDOUT", "COPY bulk_target FROM STDIN"]
  const parts = lines(count)
  const rows = Stream.map(Stream.range(0, count - 1), row)
  const read = sqlOf((sql) => Effect.succeed(sql<{ id: number }>`SELECT * FROM bulk_source`))
  const copyOut = Stream.runDrain(Copy.out({ table: "bulk_source" }))
  const copyIn = Copy.into({ table: "bulk_target" }, Stream.fromIterable(parts))
  const out = hasPsql ? psql(url, from) : copyOut
  const copied = hasPsql ? psql(url, into, file) : copyIn
  const against = hasPsql ? "COPY in psql" : "COPY by Copy, since psql is not installed"
  const reading = (name: string, ours: Way["ours"]): Way => ({ name, against, ours, theirs: out })
  const writing = (name: string, ours: Way["ours"]): Way => ({
    name,
    against,
    ours: emptied(ours),
    theirs: emptied(copied)
  })
  return [
    reading("Copy.out", copyOut),
    reading(
      "sql.stream, rows",
      Effect.flatMap(read, (all) => Stream.runDrain(all.stream))
    ),
    reading(
      "Cursor.stream, rows",
      Effect.flatMap(read, (all) => Stream.runDrain(Cursor.stream(all)))
    ),
    writing("Copy.into", copyIn),
    writing("Copy.rows, rows", Copy.rows("bulk_target", rows)),
    writing("Bulk.insertMany, rows", Bulk.insertMany("bulk_target", rows))
  ]
}

const timed = <E, R>(effect: Effect.Effect<unknown, E, R>) =>
  Effect.gen(function* () {
    const start = performance.now()
    yield* effect
    return (performance.now() - start) / 1000
  })

const measure = ({ against, name, ours, theirs }: Way, count: number, rounds: number) =>
  Effect.gen(function* () {
    yield* ours
    yield* theirs
    const times = yield* Effect.forEach(Array.from({ length: rounds }), (_, index) =>
      Effect.gen(function* () {
        if (index % 2 === 0) return { ours: yield* timed(ours), theirs: yield* timed(theirs) }
        const other = yield* timed(theirs)
        return { ours: yield* timed(ours), theirs: other }
      })
    )
    const figure: Figure = {
      name: `bulk, ${name}`,
      ratio: median(times.map(({ ours, theirs }) => theirs / ours)),
      against,
      ours: median(times.map(({ ours }) => count / ours)),
      theirs: median(times.map(({ theirs }) => count / theirs)),
      unit: "rows a second (higher is better)"
    }
    return figure
  })

const fileOf = (count: number): Effect.Effect<string, never, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(() => mkdtempSync(join(tmpdir(), "pgkeel-bulk-"))),
      (folder) => Effect.sync(() => rmSync(folder, { recursive: true }))
    ),
    (folder) => {
      const file = join(folder, "rows.txt")
      writeFileSync(file, lines(count).join(""))
      return file
    }
  )

export const bulk: Benchmark = {
  name: "bulk",
  run: ({ quick, url }) =>
    Effect.gen(function* () {
      const [count, rounds] = quick ? [20_000, 1] : [400_000, 5]
      const context = yield* Layer.build(ours(url))
      const sql = Context.get(context, SqlClient.SqlClient)
      yield* sql.unsafe(`CREATE UNLOGGED TABLE bulk_source (${ddl})`)
      yield* sql.unsafe(`CREATE UNLOGGED TABLE bulk_target (${ddl})`)
      const all = ways(url, count, yield* fileOf(count))
      yield* Copy.into({ table: "bulk_source" }, Stream.fromIterable(lines(count))).pipe(Effect.provide(context))
      const figures = yield* Effect.forEach(all, (way) => Effect.provide(measure(way, count, rounds), context))
      yield* sql`DROP TABLE bulk_source, bulk_target`
      return figures
    }).pipe(Effect.scoped)
}
