/**
 * The columns of a table, as far as values must be written for them as texts. The
 * catalogue is asked on the connection that the rows go to, so that names mean there
 * what they mean here.
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { Connection } from "effect/sql/SqlConnection"
import type { SqlError } from "effect/sql/SqlError"
import { finalError } from "../../connection/internal/failure.ts"
import { qualified } from "../../error/internal/quote.ts"
import { InvalidParameter, InvalidResult } from "../../error/Reason.ts"

/** How a value of the column is written: as JSON, as an array, as an array of JSON, or by what it is in JavaScript. */
export const Shape = Schema.Literals(["json", "array", "jsonArray", "plain"])
export type Shape = typeof Shape.Type

export interface Column {
  readonly name: string
  /** As a cast takes it, without length or precision: a cast would cut what assignment refuses. */
  readonly type: string
  readonly shape: Shape
  /** Whether there are arrays of it that `unnest` takes apart into its values. */
  readonly nests: boolean
}

/** A name as `sql(name)` takes it, with a dot between schema and table, or in parts. */
export type TableName = string | readonly [schema: string, table: string]

export const quoteTable = (table: TableName): string =>
  qualified(...(typeof table === "string" ? table.split(".") : table))

const find = `
  SELECT a.attname::text, pg_catalog.format_type(a.atttypid, -1),
    CASE
      WHEN b.oid IN ('pg_catalog.json'::regtype::oid, 'pg_catalog.jsonb'::regtype::oid) THEN 'json'
      WHEN b.typcategory <> 'A' THEN 'plain'
      WHEN b.typelem IN ('pg_catalog.json'::regtype::oid, 'pg_catalog.jsonb'::regtype::oid) THEN 'jsonArray'
      ELSE 'array'
    END,
    b.typcategory <> 'A' AND t.typarray <> '0'
  FROM pg_catalog.pg_attribute a
    JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
    JOIN pg_catalog.pg_type b ON b.oid = CASE t.typbasetype WHEN '0' THEN t.oid ELSE t.typbasetype END
  WHERE a.attrelid = $1::text::regclass::oid AND a.attnum > 0 AND NOT a.attisdropped
  ORDER BY a.attnum`

const decode = Schema.decodeUnknownEffect(
  Schema.Array(Schema.Tuple([Schema.String, Schema.String, Shape, Schema.Boolean]))
)

/** The columns by these names; one that is not there is left to the server to refuse. */
export const columnsOf = (
  connection: Connection,
  table: TableName,
  names: ReadonlyArray<string>
): Effect.Effect<ReadonlyArray<Column>, SqlError> => {
  if (names.length > 0) return found(connection, table, names)
  const failure = "the first row names the columns, and has none"
  return Effect.fail(finalError(new InvalidParameter({ failure }), "query"))
}

const found = (connection: Connection, table: TableName, names: ReadonlyArray<string>) =>
  connection.executeValues(find, [quoteTable(table)]).pipe(
    Effect.flatMap((rows) => decode(rows)),
    Effect.catchTag("SchemaError", ({ message: failure }) =>
      Effect.fail(finalError(new InvalidResult({ failure }), "query"))
    ),
    Effect.map((rows) => {
      const known = new Map(rows.map(([name, type, shape, nests]) => [name, { name, type, shape, nests }]))
      return names.map((name): Column => known.get(name) ?? { name, type: "text", shape: "plain", nests: true })
    })
  )
