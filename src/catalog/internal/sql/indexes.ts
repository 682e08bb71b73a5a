/** Indexes of tables and materialized views, sorted by name; those of constraints too. */
import { flag, json, list, names, object, orEmpty, text } from "./json.ts"
import { joinComment, ofUser } from "./scope.ts"

const attachedTo = object({ schema: text("pn.nspname"), name: text("p.relname") })

const index = object({
  name: text("i.relname"),
  definition: text("CASE WHEN k.oid IS NULL THEN pg_catalog.pg_get_indexdef(x.indexrelid) END"),
  options: names("i.reloptions"),
  unique: flag("x.indisunique"),
  columns: orEmpty("keys.columns"),
  constraint: flag("k.oid IS NOT NULL"),
  invalid: flag("NOT x.indisvalid"),
  clustered: flag("x.indisclustered"),
  replicaIdentity: flag("x.indisreplident"),
  attachedTo: json(`CASE WHEN p.oid IS NOT NULL THEN ${attachedTo} END`),
  tablespace: text("s.spcname"),
  statistics: names("targets.targets"),
  comment: text("d.description")
})

/** Few have any. */
const targets = `
  SELECT a.attrelid, pg_catalog.array_agg(a.attnum || ': ' || a.attstattarget ORDER BY a.attnum) AS targets
  FROM pg_catalog.pg_attribute a WHERE a.attstattarget >= 0 AND a.attnum > 0 GROUP BY a.attrelid`

export const indexes = `
  SELECT x.indrelid, ${list(index, "i.relname")} AS indexes
  FROM pg_catalog.pg_index x
  JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid AND i.relnamespace <> 'pg_toast'::pg_catalog.regnamespace
  LEFT JOIN pg_catalog.pg_constraint k ON k.conrelid = x.indrelid AND k.conindid = x.indexrelid AND k.contype IN ('p', 'u', 'x')
  LEFT JOIN pg_catalog.pg_inherits h ON h.inhrelid = x.indexrelid
  LEFT JOIN pg_catalog.pg_class p ON p.oid = h.inhparent
  LEFT JOIN pg_catalog.pg_namespace pn ON pn.oid = p.relnamespace
  LEFT JOIN pg_catalog.pg_tablespace s ON s.oid = i.reltablespace
  LEFT JOIN key keys ON keys.what = 'index' AND keys.id = x.indexrelid
  LEFT JOIN (${targets}) targets ON targets.attrelid = x.indexrelid
  ${joinComment("d", "pg_class", "x.indexrelid")}
  WHERE ${ofUser("x.indexrelid")}
  GROUP BY x.indrelid`
