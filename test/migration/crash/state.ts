/** What a database holds after a migration, the history included, as one text that is equal for equal databases. */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"

const own = "n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')"

const parts = {
  relations: `SELECT n.nspname, c.relname, c.relkind, c.relispartition, pg_get_partkeydef(c.oid) AS key
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE ${own}`,
  columns: `SELECT n.nspname, c.relname, a.attname, format_type(a.atttypid, a.atttypmod) AS type, a.attnotnull,
      pg_get_expr(d.adbin, d.adrelid) AS value
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE ${own} AND a.attnum > 0 AND NOT a.attisdropped`,
  indexes: `SELECT pg_get_indexdef(i.indexrelid) AS definition, i.indisvalid, i.indisready
    FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE ${own}`,
  constraints: `SELECT c.conname, c.conrelid::regclass::text AS of, pg_get_constraintdef(c.oid) AS definition
    FROM pg_constraint c JOIN pg_namespace n ON n.oid = c.connamespace WHERE ${own}`,
  functions: `SELECT pg_get_functiondef(p.oid) AS definition
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE ${own}`,
  labels: `SELECT enumtypid::regtype::text AS of, enumlabel FROM pg_enum`,
  rows: `SELECT c.oid::regclass::text AS of,
      query_to_xml(format('SELECT * FROM %s AS t ORDER BY t::text', c.oid::regclass), true, true, '')::text AS rows
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'public' AND c.relkind = 'r'`,
  history: `SELECT namespace, id, name, kind, checksum, state, statements, error, role, application, reverting,
      done_checksum, begun, known_indexes, finished_at IS NOT NULL AS finished, applied_at IS NOT NULL AS applied
    FROM pgkeel.migrations`
}

export const databaseState = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const texts = yield* Effect.forEach(Object.entries(parts), ([name, query]) =>
    Effect.map(
      sql.unsafe<{ readonly rows: unknown }>(
        `SELECT jsonb_agg(to_jsonb(q) ORDER BY to_jsonb(q)) AS rows FROM (${query}) q`
      ),
      ([row]) => `${name}: ${JSON.stringify(row?.rows, undefined, 1)}`
    )
  )
  return texts.join("\n")
})
