/**
 * PostgreSQL's catalogues read into values, in one query.
 *
 * Everybody may read them, whatever they may do with the tables, so a login with
 * the least privileges can tell what is there.
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { SqlClient } from "effect/sql/SqlClient"
import { DatabaseError } from "../error/DatabaseError.ts"
import { InvalidResult } from "../error/Reason.ts"

export const Column = Schema.Struct({
  name: Schema.String,
  /** As `format_type` writes it: `character varying(20)`. */
  type: Schema.String,
  nullable: Schema.Boolean
})
export type Column = typeof Column.Type

export const Constraint = Schema.Struct({
  name: Schema.String,
  /** As `pg_get_constraintdef` writes it: `CHECK ((price > 0)) NOT VALID`. */
  definition: Schema.String,
  validated: Schema.Boolean
})
export type Constraint = typeof Constraint.Type

export const Index = Schema.Struct({
  name: Schema.String,
  definition: Schema.String,
  /** False for what a CREATE INDEX CONCURRENTLY left behind when it failed. */
  valid: Schema.Boolean
})
export type Index = typeof Index.Type

export const Table = Schema.Struct({
  schema: Schema.String,
  name: Schema.String,
  columns: Schema.Array(Column),
  constraints: Schema.Array(Constraint),
  indexes: Schema.Array(Index)
})
export type Table = typeof Table.Type

/** The tables of an application, in the order of their names; without PostgreSQL's own. */
export const Catalog = Schema.Struct({
  /** Where unqualified names are looked for, first to last. */
  searchPath: Schema.Array(Schema.String),
  tables: Schema.Array(Table)
})
export type Catalog = typeof Catalog.Type

const columnsOf = `(
  SELECT coalesce(json_agg(json_build_object(
    'name', a.attname, 'type', pg_catalog.format_type(a.atttypid, a.atttypmod), 'nullable', NOT a.attnotnull
  ) ORDER BY a.attnum), '[]')
  FROM pg_catalog.pg_attribute a
  WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped)`

// PostgreSQL 18 lists NOT NULL among the constraints; the columns say it already.
const constraintsOf = `(
  SELECT coalesce(json_agg(json_build_object(
    'name', k.conname, 'definition', pg_catalog.pg_get_constraintdef(k.oid), 'validated', k.convalidated
  ) ORDER BY k.conname), '[]')
  FROM pg_catalog.pg_constraint k
  WHERE k.conrelid = c.oid AND k.contype <> 'n')`

const indexesOf = `(
  SELECT coalesce(json_agg(json_build_object(
    'name', i.relname, 'definition', pg_catalog.pg_get_indexdef(x.indexrelid), 'valid', x.indisvalid
  ) ORDER BY i.relname), '[]')
  FROM pg_catalog.pg_index x JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid
  WHERE x.indrelid = c.oid)`

/** Ordinary and partitioned tables outside the server's own schemas. */
const query = `
  SELECT
    pg_catalog.to_json(pg_catalog.current_schemas(false)) AS "searchPath",
    (SELECT coalesce(json_agg(json_build_object('schema', n.nspname, 'name', c.relname, 'columns', ${columnsOf},
        'constraints', ${constraintsOf}, 'indexes', ${indexesOf}) ORDER BY n.nspname, c.relname), '[]')
      FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind IN ('r', 'p') AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema') AS "tables"`

const decode = Schema.decodeUnknownEffect(Schema.Tuple([Catalog]))

/** Reads the catalogue that the login of `sql` sees: one round trip. */
export const read = Effect.fn("Catalog.read")(function* (sql: SqlClient): Effect.fn.Return<Catalog, DatabaseError> {
  const rows = yield* DatabaseError.refine(sql.unsafe(query).withoutTransform)
  const [catalog] = yield* Effect.mapError(
    decode(rows),
    (error) => new DatabaseError({ reason: new InvalidResult({ failure: error.message }) })
  )
  return catalog
})

/** The table that `name` means: `schema.table`, or `table` in the first schema of the search path that has it. */
export const find = (catalog: Catalog, name: string): Table | undefined => {
  const dot = name.indexOf(".")
  const schemas = dot < 0 ? catalog.searchPath : [name.slice(0, dot)]
  const table = name.slice(dot + 1)
  for (const schema of schemas) {
    const found = catalog.tables.find((candidate) => candidate.schema === schema && candidate.name === table)
    if (found !== undefined) return found
  }
  return undefined
}
