/**
 * The whole snapshot as one statement.
 *
 * What PostgreSQL writes of a type, an expression or a definition depends on
 * settings of the session, `search_path` before all. The statement sets them for
 * itself before it reads anything, and back before it ends; inside a caller's
 * transaction too. Both are forced by data: the reading waits for the row that
 * says that they are set, and setting them back for the row that was read.
 *
 * Which operators it takes is decided before that, by the path of the session. They
 * are PostgreSQL's own wherever both sides have the types that one of those is
 * declared with; where a side would have to be converted first, an operator for just
 * this pair, which anybody may have made in a schema on the path, is preferred. So
 * everything is cast to the same type, and numbers next to an `oid` are in quotes.
 *
 * The planner has to think it cheap: where it guesses a cost of more than 100,000,
 * PostgreSQL compiles the statement first (`jit_above_cost`), which takes seconds. So
 * subqueries that run for each row are few, what hangs on tables is grouped in
 * subqueries, of which the planner knows that their keys are unique, and common table
 * expressions, of which it knows nothing, are joined to columns of catalogues only.
 */
import { access } from "./access.ts"
import { columns } from "./columns.ts"
import { database } from "./database.ts"
import { foreign } from "./foreign.ts"
import { operatorKinds } from "./operators.ts"
import { relations } from "./relations.ts"
import { routines } from "./routines.ts"
import { combined, scope } from "./scope.ts"
import { types } from "./types.ts"

/** Memory is for sorting all of it at once; the rest decides what text comes out. */
const settings = {
  search_path: "pg_catalog, pg_temp",
  datestyle: "ISO, YMD",
  intervalstyle: "postgres",
  timezone: "UTC",
  extra_float_digits: "1",
  bytea_output: "hex",
  lc_monetary: "C",
  quote_all_identifiers: "off",
  standard_conforming_strings: "on",
  work_mem: "64MB"
}

const wanted = Object.entries(settings)
  .map(([name, value]) => `('${name}', '${value}')`)
  .join(", ")

const kinds = [...relations, ...types, ...routines, ...access, ...database, ...operatorKinds, ...foreign]

const hash = `pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(o.objects, 'UTF8')), 'hex')`

/** A row with the columns of `select` over `o.objects`, a JSON text. */
const statement = (select: string): string => `
  WITH before AS MATERIALIZED (
    SELECT v.name, v.wanted, pg_catalog.current_setting(v.name) AS value FROM (VALUES ${wanted}) v(name, wanted)),
  during AS MATERIALIZED (
    SELECT pg_catalog.count(pg_catalog.set_config(b.name, b.wanted, true)) AS settings FROM before b),
  ${scope},
  ${columns}
  SELECT ${select}
  FROM during, LATERAL (${combined(kinds, "during.settings > 0")}) o,
  LATERAL (SELECT pg_catalog.count(pg_catalog.set_config(b.name, b.value, true)) FROM before b WHERE o.objects <> '') after(settings)
  WHERE after.settings > 0`

/** The hash alone, to stand in parentheses in a statement of somebody else; nothing else is sent. */
export const hashQuery = statement(hash)

export const snapshotQuery = statement(
  `pg_catalog.current_setting('server_version_num')::integer AS "serverVersion", ${hash} AS hash, o.objects AS objects`
)
