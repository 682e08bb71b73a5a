/**
 * Reading a schema: the whole of it next to `pg_dump --schema-only`, and the hash
 * that a start compares next to the least that a start can ask.
 *
 * Each round connects anew on both sides, as `pg_dump` and a start do: on a used
 * connection PostgreSQL has half of the work in its caches. A table has ten columns,
 * an identity, a primary and a foreign key, a CHECK and an index more. The server is
 * the newest that the installed `pg_dump` can read; without one its figure is left out.
 */
import { PgClient } from "@effect/sql-pg"
import { NodeServices } from "@effect/platform-node"
import { Effect, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import { spawn } from "node:child_process"
import { hashQuery } from "../../src/catalog/internal/sql/query.ts"
import { read } from "../../src/catalog/Snapshot.ts"
import { EmbeddedPostgres } from "../../src/testing/EmbeddedPostgres.ts"
import { TestDatabase } from "../../src/testing/TestDatabase.ts"
import { dumpVersion } from "../catalog/property/database.ts"
import { install, versions } from "../support/servers.ts"
import type { Benchmark, Figure } from "./support/Benchmark.ts"
import { median } from "./support/median.ts"

const table = (n: number) => `CREATE TABLE shop.t${n} (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, parent bigint REFERENCES shop.t${Math.max(1, n - 1)} (id),
    email text NOT NULL, name varchar(80) DEFAULT 'x', price numeric(10,2) CHECK (price > 0),
    created timestamptz NOT NULL DEFAULT now(), data jsonb, done boolean NOT NULL DEFAULT false, a int, b int);
  CREATE INDEX t${n}_created ON shop.t${n} (created);`

const build = Effect.fnUntraced(function* (count: number) {
  const sql = yield* SqlClient.SqlClient
  yield* sql`CREATE SCHEMA shop`
  for (let from = 1; from <= count; from += 250) {
    const tables = Array.from({ length: Math.min(250, count - from + 1) }, (_, index) => table(from + index))
    yield* sql.unsafe(`DO $do$ BEGIN ${tables.join("\n")} END $do$`)
  }
  yield* sql`VACUUM ANALYZE`
})

type Work = Effect.Effect<unknown, unknown>

const onFreshConnection = (
  url: Redacted.Redacted,
  use: (sql: SqlClient.SqlClient) => Effect.Effect<unknown, unknown>
): Work =>
  Effect.flatMap(SqlClient.SqlClient, use).pipe(
    Effect.provide(PgClient.layer({ url, maxConnections: 1 }), { local: true })
  )

const pgDump = (url: Redacted.Redacted): Work =>
  Effect.callback((resume) => {
    const child = spawn("pg_dump", ["--schema-only", "--file", "/dev/null", "--dbname", Redacted.value(url)])
    child.on("error", (error) => resume(Effect.fail(error)))
    child.on("close", (code) =>
      resume(code === 0 ? Effect.void : Effect.fail(new Error(`pg_dump ended with code ${code}`)))
    )
  })

const millis = (work: Work) =>
  Effect.gen(function* () {
    const start = performance.now()
    yield* work
    return performance.now() - start
  })

interface Pair extends Pick<Figure, "name" | "against" | "target"> {
  readonly ours: Work
  readonly theirs: Work
}

const compare = Effect.fnUntraced(function* ({ ours, theirs, ...figure }: Pair, rounds: number) {
  yield* ours
  yield* theirs
  const times = yield* Effect.forEach(Array.from({ length: rounds }), (_, index) =>
    Effect.gen(function* () {
      const first = yield* millis(index % 2 === 0 ? ours : theirs)
      const second = yield* millis(index % 2 === 0 ? theirs : ours)
      return index % 2 === 0 ? [first, second] : [second, first]
    })
  )
  const of = (side: 0 | 1) => times.map((round) => round[side] ?? Number.NaN)
  return {
    ...figure,
    ratio: median(times.map(([mine = Number.NaN, other = Number.NaN]) => mine / other)),
    ours: median(of(0)),
    theirs: median(of(1)),
    unit: "milliseconds (lower is better)"
  } satisfies Figure
})

const verification = (url: Redacted.Redacted, count: number): Pair => ({
  name: `hash of ${count} tables at a start`,
  against: "connecting and SELECT 1",
  ours: onFreshConnection(url, (sql) => sql.unsafe(`SELECT (${hashQuery}) AS hash`)),
  theirs: onFreshConnection(url, (sql) => sql`SELECT 1`)
})

const dumping = (url: Redacted.Redacted, count: number): Pair => ({
  name: `snapshot of ${count} tables`,
  against: "pg_dump --schema-only",
  ours: onFreshConnection(url, read),
  theirs: pgDump(url),
  // Of few tables most of the time is the connection, and the statement's plan.
  ...(count >= 5000 && { target: { atMost: 0.5 } })
})

const onTables = (count: number, rounds: number, hasDump: boolean) =>
  Effect.gen(function* () {
    yield* build(count)
    const { url } = yield* TestDatabase
    const pairs = [...(hasDump ? [dumping(url, count)] : []), verification(url, count)]
    return yield* Effect.forEach(pairs, (pair) => compare(pair, rounds))
  }).pipe(
    Effect.provide(TestDatabase.layerClient, { local: true }),
    Effect.provide(TestDatabase.layer(), { local: true })
  )

const measure = Effect.fnUntraced(function* (quick: boolean) {
  const newest = dumpVersion()
  const readable = Object.keys(versions).filter((major) => Number(major) <= (newest ?? 0))
  const major = quick ? readable[0] : readable.at(-1)
  const server = EmbeddedPostgres.layer({
    ...(major !== undefined && { package: yield* install(major) }),
    settings: { fsync: "off", max_locks_per_transaction: "1024" }
  })
  return yield* Effect.gen(function* () {
    const few = yield* onTables(quick ? 10 : 100, quick ? 2 : 20, major !== undefined)
    const many = yield* onTables(quick ? 20 : 5000, quick ? 2 : 10, major !== undefined)
    return [...few, ...many]
  }).pipe(Effect.provide(server, { local: true }))
})

export const snapshots: Benchmark = {
  name: "snapshot",
  run: ({ quick }) => measure(quick).pipe(Effect.provide(NodeServices.layer))
}
