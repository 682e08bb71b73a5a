/** Tables, views, foreign tables and sequences. */
import { constraints } from "./constraints.ts"
import { indexes } from "./indexes.ts"
import { flag, gathered, json, names, object, orEmpty, text, word } from "./json.ts"
import type { Kind } from "./scope.ts"
import { classOf, relationsOf } from "./scope.ts"
import { policies, rules, triggers } from "./triggers.ts"

const common = { schema: "n.nspname", name: "r.relname", owner: "r.relowner", identity: ["pg_class", "r.oid"] } as const

const parents = gathered(
  "h.inhrelid",
  object({ schema: text("h.nspname"), name: text("h.relname") }),
  "h.inhseqno",
  "heir h WHERE h.relkind IN ('r', 'p', 'f')"
)

const only = (kinds: string, expression: string): string => `CASE WHEN r.relkind IN (${kinds}) THEN ${expression} END`

/** The last that a view has, whenever it was set: in a dump it is a clause of its own, behind all others. */
const checkOptions = ["'check_option=local'", "'check_option=cascaded'"].map(
  (option) =>
    `WHEN ${option} = ANY (r.reloptions) THEN pg_catalog.array_append(pg_catalog.array_remove(r.reloptions, ${option}), ${option})`
)

const options = `CASE ${checkOptions.join(" ")} ELSE r.reloptions END`

/** One query for all that have columns: what hangs on them is gathered once. */
const withColumns: Kind = {
  kind: `CASE r.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' WHEN 'f' THEN 'foreign table' ELSE 'table' END`,
  ...common,
  fields: {
    columns: orEmpty("col.columns"),
    constraints: json("con.list"),
    indexes: json("ind.list"),
    triggers: json("act.list"),
    rules: json("rul.list"),
    policies: json("pol.list"),
    rowSecurity: flag("r.relrowsecurity"),
    forceRowSecurity: flag("r.relforcerowsecurity"),
    definition: text(only("'v', 'm'", "pg_catalog.pg_get_viewdef(r.oid)")),
    partitionKey: text(only("'p'", "pg_catalog.pg_get_partkeydef(r.oid)")),
    bound: text("CASE WHEN r.relispartition THEN pg_catalog.pg_get_expr(r.relpartbound, r.oid) END"),
    parents: json("par.list"),
    options: names(options),
    toastOptions: names("toast.reloptions"),
    unlogged: flag("r.relpersistence = 'u'"),
    accessMethod: text("SELECT am.amname FROM pg_catalog.pg_am am WHERE am.oid = r.relam AND am.amname <> 'heap'"),
    tablespace: text(
      "CASE WHEN r.reltablespace <> '0' THEN (SELECT s.spcname FROM pg_catalog.pg_tablespace s WHERE s.oid = r.reltablespace) END"
    ),
    replicaIdentity: json(only("'r', 'p'", word("r.relreplident", { n: "nothing", f: "full", i: "index" }).json)),
    ofType: text("CASE WHEN r.reloftype <> '0' THEN pg_catalog.format_type(r.reloftype, NULL) END"),
    server: text("srv.srvname"),
    foreignOptions: names("ft.ftoptions")
  },
  from: `${relationsOf("'r', 'p', 'v', 'm', 'f'")}
  LEFT JOIN col ON col.oid = r.oid
  LEFT JOIN (${constraints}) con ON con.owner = r.oid
  LEFT JOIN (${indexes}) ind ON ind.owner = r.oid
  LEFT JOIN (${triggers}) act ON act.owner = r.oid
  LEFT JOIN (${rules}) rul ON rul.owner = r.oid
  LEFT JOIN (${policies}) pol ON pol.owner = r.oid
  LEFT JOIN (${parents}) par ON par.owner = r.oid
  LEFT JOIN pg_catalog.pg_class toast ON toast.oid = r.reltoastrelid AND toast.reloptions IS NOT NULL
  LEFT JOIN pg_catalog.pg_foreign_table ft ON ft.ftrelid = r.oid
  LEFT JOIN pg_catalog.pg_foreign_server srv ON srv.oid = ft.ftserver`
}

const ownedBy = object({
  schema: text("c.nspname"),
  table: text("c.relname"),
  column: text("c.names[dep.refobjsubid]"),
  identity: flag("dep.deptype = 'i'")
})

/** Larger than a number of JSON may be. */
const digits = (expression: string) => json(`'"' || ${expression}::pg_catalog.text || '"'`)

const sequences: Kind = {
  kind: "'sequence'",
  ...common,
  fields: {
    type: text("pg_catalog.format_type(q.seqtypid, NULL)"),
    start: digits("q.seqstart"),
    increment: digits("q.seqincrement"),
    minimum: digits("q.seqmin"),
    maximum: digits("q.seqmax"),
    cache: digits("q.seqcache"),
    cycle: flag("q.seqcycle"),
    unlogged: flag("r.relpersistence = 'u'"),
    ownedBy: json(`CASE WHEN c.oid IS NOT NULL THEN ${ownedBy} END`)
  },
  from: `${relationsOf("'S'")}
  JOIN pg_catalog.pg_sequence q ON q.seqrelid = r.oid
  LEFT JOIN pg_catalog.pg_depend dep ON dep.classid = ${classOf("pg_class")} AND dep.objid = r.oid
    AND dep.refclassid = ${classOf("pg_class")} AND dep.refobjsubid > 0 AND dep.deptype IN ('a', 'i')
  LEFT JOIN col c ON c.oid = dep.refobjid`
}

export const relations = [withColumns, sequences]
