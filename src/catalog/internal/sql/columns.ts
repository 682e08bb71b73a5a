/** Columns of tables and views, in their order. */
import { flag, integer, json, names, object, text, word } from "./json.ts"
import { classOf, joinComment, joinGrants, ofUser, qualified } from "./scope.ts"

/** The collation, where it is not the type's. */
const collation = `CASE WHEN a.attcollation <> t.typcollation THEN a.attcollation::pg_catalog.regcollation END`

const storages = { p: "plain", e: "external", x: "extended", m: "main" }

/** Only the expression of a generated column reads other columns; without its table an expression is written more quickly. */
const expression = (table: string): string => `pg_catalog.pg_get_expr(d.adbin, ${table})`

const column = object({
  name: text("a.attname"),
  type: text("pg_catalog.format_type(a.atttypid, a.atttypmod)"),
  notNull: flag("a.attnotnull"),
  default: text(`CASE WHEN a.attgenerated = '' THEN ${expression("0")} END`),
  identity: word("a.attidentity", { a: "always", d: "by default" }),
  generated: text(`CASE WHEN a.attgenerated <> '' THEN ${expression("d.adrelid")} END`),
  virtual: flag("a.attgenerated = 'v'"),
  collation: text(collation),
  storage: json(`CASE WHEN a.attstorage <> t.typstorage THEN ${word("a.attstorage", storages).json} END`),
  compression: word("a.attcompression", { p: "pglz", l: "lz4" }),
  statistics: integer("CASE WHEN a.attstattarget >= 0 THEN a.attstattarget END"),
  options: names("a.attoptions"),
  foreignOptions: names("a.attfdwoptions"),
  inherited: flag("NOT a.attislocal"),
  comment: text("x.description"),
  grants: json("g.grants")
})

const hasColumns = `${ofUser("r.oid")} AND r.relkind IN ('r', 'p', 'v', 'm', 'f')`

/**
 * `col` has the columns of each relation, and by their numbers the names, types and
 * collations of them: constraints and indexes know columns by numbers. A dropped
 * column keeps its number.
 */
export const columns = `
  col AS MATERIALIZED (
    SELECT r.oid, n.nspname, r.relname, ${qualified("n.nspname", "r.relname")} AS title, a.columns, a.names, a.types, a.collations
    FROM pg_catalog.pg_class r
    JOIN pg_catalog.pg_namespace n ON n.oid = r.relnamespace
    LEFT JOIN (
      SELECT a.attrelid, '[' || pg_catalog.string_agg(a.value, ',') || ']' AS columns, pg_catalog.array_agg(a.attname) AS names,
        pg_catalog.array_agg(a.atttypid) AS types, pg_catalog.array_agg(a.attcollation) AS collations
      FROM (
        SELECT a.attrelid, a.attname, a.atttypid, a.attcollation, CASE WHEN NOT a.attisdropped THEN ${column} END AS value
        FROM pg_catalog.pg_class r
        JOIN pg_catalog.pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0
        LEFT JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
        LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        ${joinComment("x", "pg_class", "a.attrelid", "a.attnum")}
        ${joinGrants("g", classOf("pg_class"), "a.attrelid", "a.attnum")}
        WHERE ${hasColumns}
        ORDER BY a.attrelid, a.attnum) a
      GROUP BY a.attrelid) a ON a.attrelid = r.oid
    WHERE ${hasColumns})`
