/** The schema of a database, without the package's own, as one text that is equal for equal schemas. */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"

const own = `n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast', 'pgkeel')`

const parts = {
  relations: `SELECT n.nspname, c.relname, c.relkind, pg_get_partkeydef(c.oid) AS key,
      CASE WHEN c.relkind IN ('v', 'm') THEN pg_get_viewdef(c.oid) END AS query
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE ${own}`,
  columns: `SELECT n.nspname, c.relname, a.attname, format_type(a.atttypid, a.atttypmod) AS type, a.attnotnull,
      pg_get_expr(d.adbin, d.adrelid) AS value
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE ${own} AND a.attnum > 0 AND NOT a.attisdropped AND c.relkind NOT IN ('i', 'I')`,
  indexes: `SELECT pg_get_indexdef(i.indexrelid) AS definition, i.indisvalid
    FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE ${own}`,
  constraints: `SELECT c.conname, c.conrelid::regclass::text AS of, pg_get_constraintdef(c.oid) AS definition
    FROM pg_constraint c JOIN pg_namespace n ON n.oid = c.connamespace WHERE ${own}`,
  triggers: `SELECT pg_get_triggerdef(t.oid) AS definition FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
    JOIN pg_namespace n ON n.oid = c.relnamespace WHERE ${own} AND NOT t.tgisinternal`,
  functions: `SELECT pg_get_functiondef(p.oid) AS definition
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE ${own} AND p.prokind <> 'a'`,
  labels: `SELECT enumtypid::regtype::text AS of, enumlabel FROM pg_enum`,
  extensions: `SELECT extname FROM pg_extension`
}

export const schemaState = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const texts = yield* Effect.forEach(Object.entries(parts), ([name, query]) =>
    Effect.map(
      sql.unsafe<{ readonly row: string }>(`SELECT to_jsonb(q)::text AS row FROM (${query}) q ORDER BY 1`),
      (rows) => [name, ...rows.map(({ row }) => row)].join("\n")
    )
  )
  return texts.join("\n")
})
