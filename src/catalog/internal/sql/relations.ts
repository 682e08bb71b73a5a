/** Tables, views, foreign tables and sequences. */
import { columns } from "./columns.ts"
import { constraints } from "./constraints.ts"
import { indexes } from "./indexes.ts"
import { flag, json, list, names, object, orEmpty, sorted, text, word } from "./json.ts"
import type { Kind } from "./scope.ts"
import { policies, rules, triggers } from "./triggers.ts"

const parents = `
  SELECT h.inhrelid, ${list(object({ schema: text("n.nspname"), name: text("p.relname") }), "h.inhseqno")} AS parents
  FROM pg_catalog.pg_inherits h
  JOIN pg_catalog.pg_class p ON p.oid = h.inhparent AND p.relkind IN ('r', 'p', 'f')
  JOIN pg_catalog.pg_namespace n ON n.oid = p.relnamespace
  GROUP BY h.inhrelid`

const part = (alias: string, query: string, key: string): string =>
  `LEFT JOIN (${query}) ${alias} ON ${alias}.${key} = r.oid`

const withParts = `rel r
  ${part("col", columns, "attrelid")}
  ${part("act", triggers, "tgrelid")}
  ${part("rul", rules, "ev_class")}`

const withTableParts = `${withParts}
  ${part("con", constraints, "conrelid")}
  ${part("par", parents, "inhrelid")}`

const stored = `
  LEFT JOIN pg_catalog.pg_tablespace s ON s.oid = r.reltablespace
  LEFT JOIN pg_catalog.pg_am am ON am.oid = r.relam AND am.amname <> 'heap'
  LEFT JOIN pg_catalog.pg_class toast ON toast.oid = r.reltoastrelid
  ${part("ind", indexes, "indrelid")}`

const common = {
  schema: "r.nspname",
  name: "r.relname",
  owner: "r.relowner",
  comment: ["pg_class", "r.oid"],
  grants: ["r.relacl", "'r'"]
} as const

const relation = {
  columns: orEmpty("col.columns"),
  triggers: json("act.triggers"),
  rules: json("rul.rules"),
  options: sorted("r.reloptions")
}

const inheriting = {
  constraints: json("con.constraints"),
  parents: json("par.parents"),
  bound: text("CASE WHEN r.relispartition THEN pg_catalog.pg_get_expr(r.relpartbound, r.oid) END")
}

const storage = {
  indexes: json("ind.indexes"),
  toastOptions: sorted("toast.reloptions"),
  accessMethod: text("am.amname"),
  tablespace: text("s.spcname")
}

const tables: Kind = {
  kind: "table",
  ...common,
  fields: {
    ...relation,
    ...inheriting,
    ...storage,
    policies: json("pol.policies"),
    rowSecurity: flag("r.relrowsecurity"),
    forceRowSecurity: flag("r.relforcerowsecurity"),
    partitionKey: text("CASE WHEN r.relkind = 'p' THEN pg_catalog.pg_get_partkeydef(r.oid) END"),
    unlogged: flag("r.relpersistence = 'u'"),
    replicaIdentity: word("r.relreplident", { n: "nothing", f: "full", i: "index" }),
    ofType: text("CASE WHEN r.reloftype <> 0 THEN pg_catalog.format_type(r.reloftype, NULL) END")
  },
  from: `${withTableParts} ${stored} ${part("pol", policies, "polrelid")} WHERE r.relkind IN ('r', 'p')`
}

const foreignTables: Kind = {
  kind: "foreign table",
  ...common,
  fields: { ...relation, ...inheriting, server: text("srv.srvname"), foreignOptions: names("ft.ftoptions") },
  from: `${withTableParts}
  JOIN pg_catalog.pg_foreign_table ft ON ft.ftrelid = r.oid
  JOIN pg_catalog.pg_foreign_server srv ON srv.oid = ft.ftserver
  WHERE r.relkind = 'f'`
}

const definition = { definition: text("pg_catalog.pg_get_viewdef(r.oid)") }

const views: Kind = {
  kind: "view",
  ...common,
  fields: { ...relation, ...definition },
  from: `${withParts} WHERE r.relkind = 'v'`
}

const materializedViews: Kind = {
  kind: "materialized view",
  ...common,
  fields: { ...relation, ...storage, ...definition },
  from: `${withParts} ${stored} WHERE r.relkind = 'm'`
}

const ownedBy = object({
  schema: text("n.nspname"),
  table: text("c.relname"),
  column: text("a.attname"),
  identity: flag("dep.deptype = 'i'")
})

const sequences: Kind = {
  kind: "sequence",
  schema: "r.nspname",
  name: "r.relname",
  owner: "r.relowner",
  grants: ["r.relacl", "'s'"],
  comment: ["pg_class", "r.oid"],
  fields: {
    type: text("pg_catalog.format_type(q.seqtypid, NULL)"),
    start: text("q.seqstart"),
    increment: text("q.seqincrement"),
    minimum: text("q.seqmin"),
    maximum: text("q.seqmax"),
    cache: text("q.seqcache"),
    cycle: flag("q.seqcycle"),
    unlogged: flag("r.relpersistence = 'u'"),
    ownedBy: json(`CASE WHEN c.oid IS NOT NULL THEN ${ownedBy} END`)
  },
  from: `rel r
  JOIN pg_catalog.pg_sequence q ON q.seqrelid = r.oid
  LEFT JOIN pg_catalog.pg_depend dep ON dep.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND dep.objid = r.oid
    AND dep.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND dep.refobjsubid > 0 AND dep.deptype IN ('a', 'i')
  LEFT JOIN pg_catalog.pg_class c ON c.oid = dep.refobjid
  LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = dep.refobjid AND a.attnum = dep.refobjsubid
  WHERE r.relkind = 'S'`
}

export const relations = [tables, foreignTables, views, materializedViews, sequences]
