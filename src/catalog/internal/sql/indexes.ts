/** Indexes of tables and materialized views, sorted by name; those of constraints too. */
import { flag, gathered, json, names, object, orEmpty, text } from "./json.ts"
import { keyNames } from "./keys.ts"
import { joinComment, ofUser } from "./scope.ts"

const attachedTo = object({ schema: text("h.nspname"), name: text("h.relname") })

/** An expression has no name. */
const keys = keyNames(
  { array: "x.indkey", first: 0, count: "x.indnkeyatts" },
  (number) => text(`coalesce(r.names[${number}], '')`).json
)

/** A B-tree (403) on one column in its usual order, with PostgreSQL's own operators for just this type and the column's collation. */
const isSimple = `i.relkind = 'i' AND NOT x.indisunique AND i.relnatts = 1 AND x.indkey[0] > 0 AND x.indoption[0] = 0
  AND x.indpred IS NULL AND i.reloptions IS NULL AND o.oid IS NOT NULL AND o.opcintype = r.types[x.indkey[0]]
  AND x.indcollation[0] = r.collations[x.indkey[0]]`

/** What `pg_get_indexdef` writes, which looks much up for each of thousands; written here where it is short. */
const definition = `CASE WHEN k.oid IS NOT NULL THEN NULL
    WHEN ${isSimple} THEN 'CREATE INDEX ' || pg_catalog.quote_ident(i.relname) || ' ON ' || r.title || ' USING btree ('
      || pg_catalog.quote_ident(r.names[x.indkey[0]]) || ')'
    ELSE pg_catalog.pg_get_indexdef(x.indexrelid) END`

const index = object({
  name: text("i.relname"),
  definition: text(definition),
  options: names("i.reloptions"),
  unique: flag("x.indisunique"),
  columns: orEmpty(keys),
  constraint: flag("k.oid IS NOT NULL"),
  invalid: flag("NOT x.indisvalid"),
  clustered: flag("x.indisclustered"),
  replicaIdentity: flag("x.indisreplident"),
  attachedTo: json(`CASE WHEN h.inhrelid IS NOT NULL THEN ${attachedTo} END`),
  tablespace: text("s.spcname"),
  statistics: names("targets.targets"),
  comment: text("d.description")
})

/** Few have any. */
const targets = `
  SELECT a.attrelid, pg_catalog.array_agg(a.attnum::pg_catalog.text || ': ' || a.attstattarget::pg_catalog.text ORDER BY a.attnum) AS targets
  FROM pg_catalog.pg_attribute a WHERE a.attnum > 0 AND a.attstattarget >= 0 GROUP BY a.attrelid`

export const indexes = gathered(
  "x.indrelid",
  index,
  "i.relname",
  `pg_catalog.pg_index x
  JOIN col r ON r.oid = x.indrelid
  JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid
  LEFT JOIN pg_catalog.pg_constraint k ON k.conrelid = x.indrelid AND k.conindid = x.indexrelid AND k.contype IN ('p', 'u', 'x')
  LEFT JOIN pg_catalog.pg_opclass o ON o.oid = x.indclass[0] AND o.opcmethod = '403' AND o.opcdefault AND NOT ${ofUser("o.oid")}
  LEFT JOIN heir h ON h.inhrelid = x.indexrelid
  LEFT JOIN pg_catalog.pg_tablespace s ON s.oid = i.reltablespace
  LEFT JOIN (${targets}) targets ON targets.attrelid = x.indexrelid
  ${joinComment("d", "pg_class", "x.indexrelid")}`
)
