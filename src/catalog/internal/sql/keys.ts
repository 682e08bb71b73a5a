/** Names of the columns of constraints and indexes, which know them by their numbers. */
import { list, text } from "./json.ts"
import { ofUser } from "./scope.ts"

const numbered = [
  `SELECT 'constraint' AS what, c.oid AS id, c.conrelid AS relation, u.n, u.i
  FROM pg_catalog.pg_constraint c CROSS JOIN LATERAL pg_catalog.unnest(c.conkey) WITH ORDINALITY u(n, i) WHERE ${ofUser("c.conrelid")}`,
  `SELECT 'reference', c.oid, c.confrelid, u.n, u.i
  FROM pg_catalog.pg_constraint c CROSS JOIN LATERAL pg_catalog.unnest(c.confkey) WITH ORDINALITY u(n, i) WHERE ${ofUser("c.conrelid")}`,
  `SELECT 'index', x.indexrelid, x.indrelid, u.n, u.i
  FROM pg_catalog.pg_index x CROSS JOIN LATERAL pg_catalog.unnest(x.indkey) WITH ORDINALITY u(n, i)
  WHERE ${ofUser("x.indexrelid")} AND u.i <= x.indnkeyatts`
].join(" UNION ALL ")

/** Number 0 is an expression of an index, or the whole row in a CHECK. */
export const keys = `
  key AS MATERIALIZED (
    SELECT k.what, k.id, ${list(text("coalesce(a.attname, '')").json, "k.i")} AS columns
    FROM (${numbered}) k
    LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = k.relation AND a.attnum = k.n AND a.attnum > 0
    WHERE k.what = 'index' OR k.n > 0
    GROUP BY k.what, k.id)`
