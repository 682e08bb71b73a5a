/**
 * What a database knows of some relations, by their names, in one query: what
 * decides whether a change of them is cheap. Everybody may ask.
 *
 * Tables that have an index of such a name are told of as well.
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { Connection } from "effect/sql/SqlConnection"
import { DatabaseError } from "../error/DatabaseError.ts"
import { InvalidResult } from "../error/Reason.ts"

export const ColumnFacts = Schema.Struct({
  name: Schema.String,
  /** As `format_type` writes it: `character varying(20)`. */
  type: Schema.String,
  nullable: Schema.Boolean
})
export type ColumnFacts = typeof ColumnFacts.Type

export const ConstraintFacts = Schema.Struct({
  name: Schema.String,
  /** As `pg_get_constraintdef` writes it: `CHECK ((price > 0)) NOT VALID`. */
  definition: Schema.String,
  validated: Schema.Boolean,
  /** The table that a foreign key points at. */
  references: Schema.NullOr(Schema.Struct({ schema: Schema.String, table: Schema.String }))
})
export type ConstraintFacts = typeof ConstraintFacts.Type

export const IndexFacts = Schema.Struct({
  name: Schema.String,
  /** As `pg_get_indexdef` writes it. */
  definition: Schema.String,
  unique: Schema.Boolean,
  /** Those that it is sorted by, in order; an expression has none. */
  columns: Schema.Array(Schema.String)
})
export type IndexFacts = typeof IndexFacts.Type

export const TableFacts = Schema.Struct({
  schema: Schema.String,
  name: Schema.String,
  kind: Schema.Literals(["table", "partitioned table", "materialized view"]),
  rowSecurity: Schema.Boolean,
  /** By their names. Without row-level security they do nothing. */
  policies: Schema.Array(Schema.String),
  columns: Schema.Array(ColumnFacts),
  constraints: Schema.Array(ConstraintFacts),
  indexes: Schema.Array(IndexFacts)
})
export type TableFacts = typeof TableFacts.Type

export const RelationFacts = Schema.Struct({
  /** Such as 180004. */
  serverVersion: Schema.Int,
  /** Where unqualified names are looked for, first to last. */
  searchPath: Schema.Array(Schema.String),
  tables: Schema.Array(TableFacts),
  /** Of the functions that were asked for, those that give the same for all rows of a statement, whatever their arguments. */
  steadyFunctions: Schema.Array(Schema.String),
  /** Of the types that were asked for, those that are domains with constraints. */
  constrainedDomains: Schema.Array(Schema.String)
})
export type RelationFacts = typeof RelationFacts.Type

const columnsOf = `(SELECT coalesce(json_agg(json_build_object('name', a.attname,
    'type', pg_catalog.format_type(a.atttypid, a.atttypmod), 'nullable', NOT a.attnotnull) ORDER BY a.attnum), '[]')
  FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped)`

// PostgreSQL 18 lists NOT NULL among the constraints; the columns say it already.
const constraintsOf = `(SELECT coalesce(json_agg(json_build_object('name', k.conname,
    'definition', pg_catalog.pg_get_constraintdef(k.oid), 'validated', k.convalidated, 'references',
    (SELECT json_build_object('schema', s.nspname, 'table', r.relname) FROM pg_catalog.pg_class r
      JOIN pg_catalog.pg_namespace s ON s.oid = r.relnamespace WHERE r.oid = k.confrelid)) ORDER BY k.conname), '[]')
  FROM pg_catalog.pg_constraint k WHERE k.conrelid = c.oid AND k.contype <> 'n')`

const indexesOf = `(SELECT coalesce(json_agg(json_build_object('name', i.relname,
    'definition', pg_catalog.pg_get_indexdef(x.indexrelid), 'unique', x.indisunique, 'columns',
    (SELECT coalesce(json_agg(a.attname ORDER BY p.position), '[]')
      FROM pg_catalog.unnest(x.indkey::pg_catalog.int2[]) WITH ORDINALITY p (attnum, position)
      JOIN pg_catalog.pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = p.attnum
      WHERE p.position <= x.indnkeyatts)) ORDER BY i.relname), '[]')
  FROM pg_catalog.pg_index x JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid WHERE x.indrelid = c.oid)`

const policiesOf = `(SELECT coalesce(json_agg(p.polname ORDER BY p.polname), '[]')
  FROM pg_catalog.pg_policy p WHERE p.polrelid = c.oid)`

const kindOf = `CASE c.relkind WHEN 'r' THEN 'table' WHEN 'p' THEN 'partitioned table' ELSE 'materialized view' END`

const isAskedFor = `(c.relname = ANY ($1::text[]) OR EXISTS (SELECT 1 FROM pg_catalog.pg_index x
    JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid WHERE x.indrelid = c.oid AND i.relname = ANY ($1::text[])))`

const query = `SELECT pg_catalog.current_setting('server_version_num')::integer AS "serverVersion",
  pg_catalog.to_json(pg_catalog.current_schemas(false)) AS "searchPath",
  (SELECT coalesce(json_agg(json_build_object('schema', n.nspname, 'name', c.relname, 'kind', ${kindOf},
      'rowSecurity', c.relrowsecurity, 'policies', ${policiesOf}, 'columns', ${columnsOf}, 'constraints', ${constraintsOf}, 'indexes', ${indexesOf})), '[]')
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'm') AND ${isAskedFor}
      AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema') AS "tables",
  (SELECT coalesce(json_agg(f.proname), '[]') FROM (SELECT p.proname FROM pg_catalog.pg_proc p
    WHERE p.proname = ANY ($2::text[]) GROUP BY p.proname
    HAVING pg_catalog.bool_and(p.provolatile <> 'v')) f) AS "steadyFunctions",
  (SELECT coalesce(json_agg(t.typname ORDER BY t.typname), '[]') FROM pg_catalog.pg_type t
    WHERE t.typname = ANY ($3::text[]) AND t.typtype = 'd'
      AND (t.typnotnull OR EXISTS (SELECT 1 FROM pg_catalog.pg_constraint k WHERE k.contypid = t.oid))) AS "constrainedDomains"`

const decode = Schema.decodeUnknownEffect(Schema.Tuple([RelationFacts]))

export interface Question {
  /** Of tables, materialized views and indexes, without their schemas. */
  readonly relations: ReadonlyArray<string>
  readonly functions: ReadonlyArray<string>
  readonly types: ReadonlyArray<string>
}

/** One round trip. */
export const read = Effect.fnUntraced(function* (
  connection: Connection,
  { functions, relations, types }: Question
): Effect.fn.Return<RelationFacts, DatabaseError> {
  const rows = yield* DatabaseError.refine(connection.execute(query, [relations, functions, types], undefined))
  const [facts] = yield* Effect.mapError(
    decode(rows),
    (error) => new DatabaseError({ reason: new InvalidResult({ failure: error.message }) })
  )
  return facts
})
