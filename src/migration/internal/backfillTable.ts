/** The table that a backfill goes through, and the key in whose order it does. */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as SqlClient from "effect/sql/SqlClient"
import { DatabaseError } from "../../error/DatabaseError.ts"
import { InvalidResult } from "../../error/Reason.ts"
import { quoteIdentifier } from "../../error/internal/quote.ts"
import { MigrationError } from "../MigrationError.ts"
import { BackfillRefused } from "../MigrationErrorReason.ts"

export interface KeyColumn {
  readonly name: string
  /** As a cast names it. */
  readonly type: string
}

export interface BackfillTable {
  readonly oid: number
  /** Quoted, with its schema. */
  readonly name: string
  readonly key: ReadonlyArray<KeyColumn>
  /** How many rows the server believes that it has. */
  readonly estimate: number | undefined
}

const Found = Schema.Array(
  Schema.Tuple([
    Schema.Int,
    Schema.String,
    Schema.Finite,
    Schema.String,
    Schema.NullOr(Schema.String),
    Schema.NullOr(Schema.Boolean),
    Schema.Boolean
  ])
)

/** A row for each column of the key: those that are asked for, else those of the primary key. */
const select = `
  WITH asked AS (
    SELECT c.oid, n.nspname, c.relname, c.reltuples, coalesce(p.conkey, '{}') AS primary_key
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_catalog.pg_constraint p ON p.conrelid = c.oid AND p.contype = 'p'
    WHERE c.oid = pg_catalog.to_regclass($1::text)::oid AND c.relkind IN ('r', 'p')
  ), key AS (
    SELECT k.name, k.place FROM pg_catalog.unnest($2::text::text[]) WITH ORDINALITY AS k (name, place)
    UNION ALL
    SELECT a.attname, k.place FROM asked, pg_catalog.unnest(asked.primary_key) WITH ORDINALITY AS k (number, place)
    JOIN pg_catalog.pg_attribute a ON a.attnum = k.number AND a.attrelid = (SELECT oid FROM asked)
    WHERE pg_catalog.cardinality($2::text::text[]) = 0
  )
  SELECT asked.oid::bigint::float8, pg_catalog.format('%I.%I', asked.nspname, asked.relname), asked.reltuples::float8, key.name,
    pg_catalog.format_type(a.atttypid, a.atttypmod), a.attnotnull,
    EXISTS (SELECT FROM pg_catalog.pg_index i WHERE i.indrelid = asked.oid AND i.indisvalid AND i.indpred IS NULL
      AND (SELECT pg_catalog.array_agg(x.attname ORDER BY o.place)::text
        FROM pg_catalog.unnest(i.indkey::smallint[]) WITH ORDINALITY AS o (number, place)
        JOIN pg_catalog.pg_attribute x ON x.attrelid = asked.oid AND x.attnum = o.number
        WHERE o.place <= (SELECT pg_catalog.count(*) FROM key))
        = (SELECT pg_catalog.array_agg(key.name::name ORDER BY key.place)::text FROM key))
  FROM asked JOIN key ON true
  LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = asked.oid AND a.attname = key.name AND NOT a.attisdropped
  ORDER BY key.place`

const array = (names: ReadonlyArray<string>): string =>
  `{${names.map((name) => `"${name.replaceAll(/["\\]/gu, String.raw`\$&`)}"`).join(",")}}`

export const inspect = Effect.fnUntraced(function* (
  sql: SqlClient.SqlClient,
  backfill: string,
  table: string,
  key: ReadonlyArray<string>
) {
  const refuse = (problem: string) =>
    Effect.fail(new MigrationError({ reason: new BackfillRefused({ backfill, table, problem }) }))
  const rows = yield* DatabaseError.refine(sql.unsafe(select, [table, array(key)]).values).pipe(
    Effect.flatMap(Schema.decodeUnknownEffect(Found)),
    Effect.catchTag("SchemaError", (error) =>
      Effect.fail(new DatabaseError({ reason: new InvalidResult({ failure: error.message, statement: select }) }))
    )
  )
  const [first] = rows
  if (first === undefined) {
    return yield* refuse("there is no such table, or it has no primary key; name the key's columns in key")
  }
  const [oid, name, tuples, , , , hasIndex] = first
  const columns: Array<KeyColumn> = []
  for (const [, , , column, type, notNull] of rows) {
    if (type === null) return yield* refuse(`it has no column ${column}`)
    if (notNull !== true) return yield* refuse(`${column} may be NULL, and such rows have no place in an order`)
    columns.push({ name: column, type })
  }
  if (!hasIndex) {
    const names = columns.map((column) => quoteIdentifier(column.name)).join(", ")
    return yield* refuse(`no index begins with (${names}), so that each batch would read the whole table; create one`)
  }
  return { oid, name, key: columns, estimate: tuples < 0 ? undefined : tuples } satisfies BackfillTable
})
