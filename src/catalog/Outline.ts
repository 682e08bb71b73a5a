/**
 * What a start has to know of a schema, in one query: the tables that the
 * application needs, what is not valid, and the hash of everything.
 *
 * However large a schema is, this reads a few rows of it and sends back a hash.
 * Everybody may read the catalogues, whatever they may do with the tables, so a
 * login with the least privileges can tell what is there.
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { SqlClient } from "effect/sql/SqlClient"
import { DatabaseError } from "../error/DatabaseError.ts"
import { InvalidResult } from "../error/Reason.ts"
import { statements } from "./internal/statements.ts"

const Column = Schema.Struct({
  name: Schema.String,
  /** As `format_type` writes it: `character varying(20)`. */
  type: Schema.String,
  /** `null` for a column of a view, of which PostgreSQL cannot tell. */
  nullable: Schema.NullOr(Schema.Boolean)
})

/** A table, a view or a foreign table. */
const Table = Schema.Struct({ schema: Schema.String, name: Schema.String, columns: Schema.Array(Column) })
export type Table = typeof Table.Type

/** A constraint that was added with NOT VALID and never validated. */
const OpenConstraint = Schema.Struct({ schema: Schema.String, table: Schema.String, name: Schema.String })
export type OpenConstraint = typeof OpenConstraint.Type

/** What a CREATE INDEX CONCURRENTLY left behind when it failed, or one of a partitioned table that is not complete. */
const InvalidIndex = Schema.Struct({
  schema: Schema.String,
  table: Schema.String,
  name: Schema.String,
  partitioned: Schema.Boolean
})
export type InvalidIndex = typeof InvalidIndex.Type

export const Outline = Schema.Struct({
  /** Where unqualified names are looked for, first to last. */
  searchPath: Schema.Array(Schema.String),
  /** Those that were asked for, in every schema that has one of the name. */
  tables: Schema.Array(Table),
  openConstraints: Schema.Array(OpenConstraint),
  invalidIndexes: Schema.Array(InvalidIndex),
  /** That of the snapshot of the database; `null` when it was not asked for. */
  hash: Schema.NullOr(Schema.String)
})
export type Outline = typeof Outline.Type

const inApplication = `n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'`

const columnsOf = `(
  SELECT coalesce(pg_catalog.json_agg(pg_catalog.json_build_object(
    'name', a.attname, 'type', pg_catalog.format_type(a.atttypid, a.atttypmod), 'nullable',
    CASE WHEN c.relkind NOT IN ('v', 'm') THEN NOT (a.attnotnull OR t.typnotnull) END
  ) ORDER BY a.attnum), '[]')
  FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
  WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped)`

const tables = `(
  SELECT coalesce(pg_catalog.json_agg(pg_catalog.json_build_object(
    'schema', n.nspname, 'name', c.relname, 'columns', ${columnsOf}) ORDER BY n.nspname, c.relname), '[]')
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relname = ANY ($1::text[]) AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND ${inApplication})`

// PostgreSQL 18 does not validate what it does not enforce, and earlier ones have no such column.
const openConstraints = `(
  SELECT coalesce(pg_catalog.json_agg(pg_catalog.json_build_object(
    'schema', n.nspname, 'table', c.relname, 'name', k.conname) ORDER BY n.nspname, c.relname, k.conname), '[]')
  FROM pg_catalog.pg_constraint k
  JOIN pg_catalog.pg_class c ON c.oid = k.conrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE NOT k.convalidated AND ${inApplication} AND c.relkind IN ('r', 'p')
    AND coalesce((pg_catalog.to_json(k) ->> 'conenforced'::text)::boolean, true))`

const invalidIndexes = `(
  SELECT coalesce(pg_catalog.json_agg(pg_catalog.json_build_object(
    'schema', n.nspname, 'table', c.relname, 'name', i.relname, 'partitioned', i.relkind = 'I'
  ) ORDER BY n.nspname, i.relname), '[]')
  FROM pg_catalog.pg_index x JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid
  JOIN pg_catalog.pg_class c ON c.oid = x.indrelid JOIN pg_catalog.pg_namespace n ON n.oid = i.relnamespace
  WHERE NOT x.indisvalid AND ${inApplication})`

// The hash comes last: it is computed with an empty search path, and the one that is told is the login's.
const query = (hash: string) => `
  SELECT pg_catalog.to_json(pg_catalog.current_schemas(false)) AS "searchPath", ${tables} AS "tables",
    ${openConstraints} AS "openConstraints", ${invalidIndexes} AS "invalidIndexes", ${hash} AS "hash"`

const withHash = Effect.map(statements, ({ hashQuery }) => query(`(${hashQuery})`))
const withoutHash = Effect.succeed(query("NULL::text"))

const decode = Schema.decodeUnknownEffect(Schema.Tuple([Outline]))

export interface Wanted {
  /** `schema.table`, or `table` in the search path. */
  readonly tables: ReadonlyArray<string>
  readonly hash: boolean
}

const splitName = (name: string): readonly [schema: string | undefined, table: string] => {
  const dot = name.indexOf(".")
  return dot < 0 ? [undefined, name] : [name.slice(0, dot), name.slice(dot + 1)]
}

/** What the login of `sql` sees: one round trip. */
export const read = Effect.fn("Outline.read")(function* (
  sql: SqlClient,
  wanted: Wanted
): Effect.fn.Return<Outline, DatabaseError> {
  const names = [...new Set(wanted.tables.map((name) => splitName(name)[1]))]
  const text = yield* wanted.hash ? withHash : withoutHash
  const rows = yield* DatabaseError.refine(sql.unsafe(text, [names]).withoutTransform)
  const [outline] = yield* Effect.mapError(
    decode(rows),
    (error) => new DatabaseError({ reason: new InvalidResult({ failure: error.message }) })
  )
  return outline
})

/** The table that `name` means: `schema.table`, or `table` in the first schema of the search path that has it. */
export const find = ({ searchPath, tables }: Outline, name: string): Table | undefined => {
  const [given, table] = splitName(name)
  for (const schema of given === undefined ? searchPath : [given]) {
    const found = tables.find((candidate) => candidate.schema === schema && candidate.name === table)
    if (found !== undefined) return found
  }
  return undefined
}
