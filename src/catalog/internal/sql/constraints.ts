/**
 * Constraints of tables, sorted by name.
 *
 * Left out is what PostgreSQL keeps for itself: the constraints of a partition that
 * stand for a foreign key of the partitioned table, and (from 18) NOT NULL under
 * the name that it has by itself, which the column says already.
 */
import { flag, json, list, object, orEmpty, text, word } from "./json.ts"
import { joinComment, ofUser } from "./scope.ts"

const kinds = { p: "primary key", u: "unique", f: "foreign key", c: "check", x: "exclusion", n: "not null" }
const actions = { a: "no action", r: "restrict", c: "cascade", n: "set null", d: "set default" }

const references = object({
  schema: text("fn.nspname"),
  table: text("f.relname"),
  columns: json("there.columns"),
  onUpdate: word("k.confupdtype", actions),
  onDelete: word("k.confdeltype", actions),
  full: flag("k.confmatchtype = 'f'")
})

const constraint = object({
  name: text("k.conname"),
  kind: word("k.contype", kinds),
  columns: orEmpty("here.columns"),
  references: json(`CASE WHEN k.contype = 'f' THEN ${references} END`),
  definition: text("pg_catalog.pg_get_constraintdef(k.oid)"),
  notValid: flag("NOT k.convalidated"),
  inherited: flag("NOT k.conislocal"),
  comment: text("x.description")
})

const isOrdinaryNotNull = `k.contype = 'n' AND k.convalidated AND NOT k.connoinherit AND x.description IS NULL
  AND (NOT k.conislocal OR k.conname = r.relname || '_' || (here.columns::pg_catalog.json ->> 0) || '_not_null')`

export const constraints = `
  SELECT k.conrelid, ${list(constraint, "k.conname")} AS constraints
  FROM pg_catalog.pg_constraint k
  JOIN pg_catalog.pg_class r ON r.oid = k.conrelid
  LEFT JOIN key here ON here.what = 'constraint' AND here.id = k.oid
  LEFT JOIN key there ON there.what = 'reference' AND there.id = k.oid
  LEFT JOIN pg_catalog.pg_class f ON f.oid = k.confrelid
  LEFT JOIN pg_catalog.pg_namespace fn ON fn.oid = f.relnamespace
  ${joinComment("x", "pg_constraint", "k.oid")}
  WHERE ${ofUser("k.conrelid")} AND k.contype IN ('p', 'u', 'f', 'c', 'x', 'n') AND NOT (k.contype = 'f' AND k.conparentid <> 0)
    AND NOT (${isOrdinaryNotNull})
  GROUP BY k.conrelid`
