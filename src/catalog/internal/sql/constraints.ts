/**
 * Constraints of tables, sorted by name.
 *
 * Left out is what PostgreSQL keeps for itself: the constraints of a partition that
 * stand for a foreign key of the partitioned table, and (from 18) NOT NULL under
 * the name that it has by itself, which the column says already.
 */
import { flag, json, list, names, object, text, word } from "./json.ts"
import { joinComment } from "./scope.ts"

const kinds = { p: "primary key", u: "unique", f: "foreign key", c: "check", x: "exclusion", n: "not null" }
const actions = { a: "no action", r: "restrict", c: "cascade", n: "set null", d: "set default" }

/** Names of columns by their numbers, in the order of the numbers. */
const named = (numbers: string, of: string): string =>
  `(SELECT pg_catalog.array_agg(${of}[u.n] ORDER BY u.i) FROM pg_catalog.unnest(${numbers}) WITH ORDINALITY u(n, i) WHERE u.n > 0)`

/** The same for any table, also one that is not in the snapshot. */
const namedAnywhere = (numbers: string, table: string): string => `(
  SELECT pg_catalog.array_agg(a.attname::pg_catalog.text ORDER BY u.i) FROM pg_catalog.unnest(${numbers}) WITH ORDINALITY u(n, i)
  JOIN pg_catalog.pg_attribute a ON a.attrelid = ${table} AND a.attnum = u.n)`

const references = object({
  schema: text("fn.nspname"),
  table: text("f.relname"),
  columns: names(`coalesce(${named("k.confkey", "there.names")}, ${namedAnywhere("k.confkey", "k.confrelid")})`),
  onUpdate: word("k.confupdtype", actions),
  onDelete: word("k.confdeltype", actions),
  full: flag("k.confmatchtype = 'f'")
})

const constraint = object({
  name: text("k.conname"),
  kind: word("k.contype", kinds),
  columns: json(`coalesce(${names(named("k.conkey", "here.names")).json}, '[]')`),
  references: json(`CASE WHEN k.contype = 'f' THEN ${references} END`),
  definition: text("pg_catalog.pg_get_constraintdef(k.oid)"),
  notValid: flag("NOT k.convalidated"),
  inherited: flag("NOT k.conislocal"),
  comment: text("x.description")
})

const isOrdinaryNotNull = `k.contype = 'n' AND k.convalidated AND NOT k.connoinherit AND x.description IS NULL
  AND (NOT k.conislocal OR k.conname = r.relname || '_' || here.names[k.conkey[1]] || '_not_null')`

export const constraints = `
  SELECT k.conrelid, ${list(constraint, "k.conname")} AS constraints
  FROM pg_catalog.pg_constraint k
  JOIN rel r ON r.oid = k.conrelid
  JOIN names here ON here.attrelid = k.conrelid
  LEFT JOIN names there ON there.attrelid = k.confrelid
  LEFT JOIN pg_catalog.pg_class f ON f.oid = k.confrelid
  LEFT JOIN pg_catalog.pg_namespace fn ON fn.oid = f.relnamespace
  ${joinComment("x", "pg_constraint", "k.oid")}
  WHERE k.contype IN ('p', 'u', 'f', 'c', 'x', 'n') AND NOT (k.contype = 'f' AND k.conparentid <> 0)
    AND NOT (${isOrdinaryNotNull})
  GROUP BY k.conrelid`
