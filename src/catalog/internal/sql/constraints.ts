/**
 * Constraints of tables, sorted by name.
 *
 * Left out is what PostgreSQL keeps for itself: the constraints of a partition that
 * stand for a foreign key of the partitioned table, and (from 18) NOT NULL under
 * the name that it has by itself, which the column says already.
 */
import { flag, gathered, json, object, orEmpty, text, word } from "./json.ts"
import { keyNames } from "./keys.ts"
import { joinComment } from "./scope.ts"

const kinds = { p: "primary key", u: "unique", f: "foreign key", c: "check", x: "exclusion", n: "not null" }
const actions = { a: "no action", r: "restrict", c: "cascade", n: "set null", d: "set default" }

/** Of a CHECK a system column has no name, nor has the whole row. */
const columnsOf = (names: string, array: string): string =>
  keyNames({ array, first: 1, count: `pg_catalog.cardinality(${array})` }, (number) => text(`${names}[${number}]`).json)

const here = columnsOf("r.names", "k.conkey")

const references = object({
  schema: text("f.nspname"),
  table: text("f.relname"),
  columns: json(columnsOf("f.names", "k.confkey")),
  onUpdate: word("k.confupdtype", actions),
  onDelete: word("k.confdeltype", actions),
  full: flag("k.confmatchtype = 'f'")
})

const isPlain = "k.convalidated AND NOT k.condeferrable"
const isOneColumn = "pg_catalog.cardinality(k.conkey) = 1"

/**
 * What `pg_get_constraintdef` writes, which looks much up for each of thousands; written
 * here where it is short. One key column is neither a period nor has it columns beside it,
 * unless the index has more.
 */
const definition = `CASE
    WHEN k.contype = 'p' AND ${isPlain} AND ${isOneColumn} AND i.indnatts = 1
      THEN 'PRIMARY KEY (' || pg_catalog.quote_ident(r.names[k.conkey[1]]) || ')'
    WHEN k.contype = 'f' AND ${isPlain} AND ${isOneColumn} AND k.confmatchtype = 's' AND k.confupdtype = 'a' AND k.confdeltype IN ('a', 'c')
      THEN 'FOREIGN KEY (' || pg_catalog.quote_ident(r.names[k.conkey[1]]) || ') REFERENCES ' || f.title
        || '(' || pg_catalog.quote_ident(f.names[k.confkey[1]]) || ')' || CASE k.confdeltype WHEN 'c' THEN ' ON DELETE CASCADE' ELSE '' END
    WHEN k.contype = 'c' AND ${isPlain} AND NOT k.connoinherit THEN 'CHECK (' || pg_catalog.pg_get_expr(k.conbin, k.conrelid) || ')'
    ELSE pg_catalog.pg_get_constraintdef(k.oid) END`

const constraint = object({
  name: text("k.conname"),
  kind: word("k.contype", kinds),
  columns: orEmpty(here),
  references: json(`CASE WHEN k.contype = 'f' THEN ${references} END`),
  definition: text(definition),
  notValid: flag("NOT k.convalidated"),
  inherited: flag("NOT k.conislocal"),
  comment: text("x.description")
})

const isOrdinaryNotNull = `k.contype = 'n' AND k.convalidated AND NOT k.connoinherit AND x.description IS NULL
  AND (NOT k.conislocal OR k.conname = r.relname::pg_catalog.text || '_' || r.names[k.conkey[1]]::pg_catalog.text || '_not_null')`

export const constraints = gathered(
  "k.conrelid",
  constraint,
  "k.conname",
  `pg_catalog.pg_constraint k
  JOIN col r ON r.oid = k.conrelid
  LEFT JOIN col f ON f.oid = k.confrelid
  LEFT JOIN pg_catalog.pg_index i ON i.indexrelid = k.conindid
  ${joinComment("x", "pg_constraint", "k.oid")}
  WHERE k.contype IN ('p', 'u', 'f', 'c', 'x', 'n') AND NOT (k.contype = 'f' AND k.conparentid <> '0') AND NOT (${isOrdinaryNotNull})`
)
