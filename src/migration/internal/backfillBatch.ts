/**
 * One batch of a backfill: the rows behind the position, what is done to them, and
 * the new position, in one transaction. So each row is done once, whatever becomes
 * of the process, and processes that run the same backfill take turns.
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as SqlClient from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import type * as Statement from "effect/sql/Statement"
import { DatabaseError } from "../../error/DatabaseError.ts"
import { InvalidResult } from "../../error/Reason.ts"
import { quoteIdentifier } from "../../error/internal/quote.ts"
import { MigrationError } from "../MigrationError.ts"
import { BackfillRefused } from "../MigrationErrorReason.ts"
import type { BackfillTable } from "./backfillTable.ts"

/** Rows that are next to each other in the order of the key. */
export interface Batch {
  /** Counted from 1 over all runs. */
  readonly number: number
  /** How many rows there are in it. */
  readonly size: number
  /** The condition of a WHERE that they meet, which `update` has to ask for. With the table's alias, where other tables have such columns too. */
  readonly where: (alias?: string) => Statement.Fragment
}

/** A statement without it changes all rows, once for each batch. */
const withoutWhere =
  "its update has not called where(), without which each batch changes all rows; the batch was rolled back: put " +
  "`WHERE ${where()}` into the statement"

export type Outcome =
  | { readonly _tag: "Done"; readonly batch: number; readonly size: number; readonly rows: number }
  /** Another process is at it. */
  | { readonly _tag: "Taken" }
  | { readonly _tag: "Finished"; readonly rows: number }

const Place = Schema.Array(
  Schema.Tuple([Schema.NullOr(Schema.Array(Schema.String)), Schema.Finite, Schema.Finite, Schema.Boolean])
)
const Last = Schema.Array(Schema.TupleWithRest(Schema.Tuple([Schema.Int]), [Schema.String]))

/** Rows as arrays: a client may transform the names of columns. */
export const decoded = <A>(
  schema: Schema.Codec<A, unknown, never, never>,
  rows: Statement.Statement<unknown>
): Effect.Effect<A, DatabaseError> =>
  DatabaseError.refine(rows.values).pipe(
    Effect.flatMap(Schema.decodeUnknownEffect(schema)),
    Effect.catchTag("SchemaError", (error) =>
      Effect.fail(new DatabaseError({ reason: new InvalidResult({ failure: error.message, statement: "a backfill" }) }))
    )
  )

interface BatchOptions<E, R> {
  readonly name: string
  readonly table: BackfillTable
  readonly size: number
  readonly lockMillis: number
  readonly update: (batch: Batch) => Effect.Effect<unknown, E, R>
}

export const runBatch = <E, R>(
  sql: SqlClient.SqlClient,
  options: BatchOptions<E, R>
): Effect.Effect<Outcome, E | DatabaseError | MigrationError | SqlError, R> =>
  sql.withTransaction(
    Effect.gen(function* () {
      const { lockMillis, name, size, table, update } = options
      yield* sql`SELECT pg_catalog.set_config('lock_timeout', ${String(lockMillis)}::text, true)`
      const [place] = yield* decoded(
        Place,
        sql`SELECT position, rows_done::float8, batches::float8, finished_at IS NOT NULL FROM pgkeel.backfills
          WHERE name = ${name}::text FOR UPDATE SKIP LOCKED`
      )
      if (place === undefined) return { _tag: "Taken" } satisfies Outcome
      const [position, rows, batches, finished] = place
      const [last] = finished ? [] : yield* decoded(Last, lastOf(sql, table, position, size))
      if (last === undefined) {
        yield* sql`UPDATE pgkeel.backfills SET finished_at = pg_catalog.clock_timestamp()
          WHERE name = ${name}::text AND finished_at IS NULL`
        return { _tag: "Finished", rows } satisfies Outcome
      }
      const [found, ...to] = last
      let isAsked = false
      const where = (alias?: string) => {
        isAsked = true
        return between(sql, table, alias, position, to)
      }
      yield* update({ number: batches + 1, size: found, where })
      if (!isAsked) {
        const refused = new BackfillRefused({ backfill: name, table: table.name, problem: withoutWhere })
        return yield* Effect.fail(new MigrationError({ reason: refused }))
      }
      yield* sql`UPDATE pgkeel.backfills SET position = ARRAY[${listOf(
        sql,
        to.map((value) => sql`${value}::text`)
      )}],
        rows_done = rows_done + ${String(found)}::text::bigint, batches = batches + 1,
        updated_at = pg_catalog.clock_timestamp() WHERE name = ${name}::text`
      return { _tag: "Done", batch: batches + 1, size: found, rows: rows + found } satisfies Outcome
    })
  )

/** The last row of the batch. JSON writes a value in one way, whatever the session's settings say of dates. */
const lastOf = (
  sql: SqlClient.SqlClient,
  table: BackfillTable,
  position: ReadonlyArray<string> | null,
  size: number
) => {
  const names = table.key.map(({ name }) => quoteIdentifier(name))
  const columns = sql.literal(names.join(", "))
  const backwards = sql.literal(names.map((name) => `${name} DESC`).join(", "))
  const texts = sql.literal(names.map((name) => `pg_catalog.to_jsonb(${name}) #>> '{}'`).join(", "))
  const behind = position === null ? sql.literal("true") : after(sql, table, undefined, position)
  return sql`WITH batch AS (
      SELECT ${columns} FROM ${sql.literal(table.name)} WHERE ${behind}
      ORDER BY ${columns} LIMIT ${String(size)}::text::bigint)
    SELECT (SELECT pg_catalog.count(*) FROM batch)::integer, ${texts} FROM batch ORDER BY ${backwards} LIMIT 1`
}

const between = (
  sql: SqlClient.SqlClient,
  table: BackfillTable,
  alias: string | undefined,
  from: ReadonlyArray<string> | null,
  to: ReadonlyArray<string>
): Statement.Fragment => {
  const upTo = sql`${keyOf(sql, table, alias)} <= ${valuesOf(sql, table, to)}`
  return from === null ? sql`(${upTo})` : sql`(${after(sql, table, alias, from)} AND ${upTo})`
}

const after = (
  sql: SqlClient.SqlClient,
  table: BackfillTable,
  alias: string | undefined,
  from: ReadonlyArray<string>
): Statement.Fragment => sql`${keyOf(sql, table, alias)} > ${valuesOf(sql, table, from)}`

const keyOf = (sql: SqlClient.SqlClient, { key }: BackfillTable, alias: string | undefined) => {
  const prefix = alias === undefined ? "" : `${quoteIdentifier(alias)}.`
  return sql.literal(`(${key.map(({ name }) => prefix + quoteIdentifier(name)).join(", ")})`)
}

const valuesOf = (sql: SqlClient.SqlClient, { key }: BackfillTable, values: ReadonlyArray<string>) =>
  sql`(${listOf(
    sql,
    key.map(({ type }, i) => sql`${values[i] ?? null}::text::${sql.literal(type)}`)
  )})`

const listOf = (sql: SqlClient.SqlClient, parts: ReadonlyArray<Statement.Fragment>) => sql.join(", ", false)(parts)
