/** Schemas, default privileges, and grants on what is not the application's. */
import { json } from "./json.ts"
import type { Kind } from "./scope.ts"
import { argumentTypes, classOf, granted, isOurs, notOfExtension, qualified } from "./scope.ts"

/** As every new database has it: PostgreSQL 15 and later. */
const publicGrants = `${granted("n.nspacl", "n.nspowner")} =
  '[{"name":"pg_database_owner","privileges":["CREATE","USAGE"]},{"name":"public","privileges":["USAGE"]}]'`

const isUsualPublic = `n.nspname = 'public' AND pg_catalog.pg_get_userbyid(n.nspowner) = 'pg_database_owner' AND ${publicGrants}
  AND pg_catalog.obj_description(n.oid, 'pg_namespace') = 'standard public schema'`

const schemas: Kind = {
  kind: "'schema'",
  name: "n.nspname",
  owner: "n.nspowner",
  identity: ["pg_namespace", "n.oid"],
  from: `pg_catalog.pg_namespace n WHERE ${isOurs("n")} AND NOT coalesce(${isUsualPublic}, false)`
}

const kinds =
  "CASE a.defaclobjtype WHEN 'r' THEN 'TABLES' WHEN 'S' THEN 'SEQUENCES' WHEN 'f' THEN 'FUNCTIONS' WHEN 'T' THEN 'TYPES' WHEN 'n' THEN 'SCHEMAS' WHEN 'L' THEN 'LARGE OBJECTS' END"

const defaultPrivileges: Kind = {
  kind: "'default privileges'",
  name: `pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(a.defaclrole)) || coalesce(' IN SCHEMA ' || pg_catalog.quote_ident(n.nspname), '') || ' ON ' || ${kinds}`,
  fields: { grants: json(granted("a.defaclacl", "a.defaclrole")) },
  from: `pg_catalog.pg_default_acl a LEFT JOIN pg_catalog.pg_namespace n ON n.oid = a.defaclnamespace WHERE a.defaclnamespace = '0' OR ${isOurs("n")}`
}

/** What an extension or PostgreSQL brings, with grants that did not come with it. */
const changed = (
  catalog: string,
  name: string,
  acl: string,
  ownerId: string,
  from: string,
  oid: string,
  part: string
): Kind => ({
  kind: "'grants'",
  name,
  fields: { grants: json(granted(acl, ownerId)) },
  from: `${from}
    LEFT JOIN pg_catalog.pg_init_privs i ON i.objoid = ${oid} AND i.classoid = ${classOf(catalog)} AND i.objsubid = ${part}
    WHERE ${acl}::pg_catalog.text IS DISTINCT FROM i.initprivs::pg_catalog.text AND ${acl} IS NOT NULL
      AND (n.nspname = 'pg_catalog' OR NOT ${notOfExtension(catalog, oid)})
      AND ${granted(acl, ownerId)} <> ${granted("i.initprivs", ownerId)}`
})

const relationKinds = "CASE c.relkind WHEN 'S' THEN 'sequence ' WHEN 'v' THEN 'view ' ELSE 'table ' END"

const foreignGrants = [
  changed(
    "pg_proc",
    `'function ' || ${qualified("n.nspname", "p.proname")} || '(' || ${argumentTypes("p.proargtypes")} || ')'`,
    "p.proacl",
    "p.proowner",
    "pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace",
    "p.oid",
    "0"
  ),
  changed(
    "pg_class",
    `${relationKinds} || ${qualified("n.nspname", "c.relname")}`,
    "c.relacl",
    "c.relowner",
    "pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace",
    "c.oid",
    "0"
  ),
  changed(
    "pg_class",
    `'column ' || ${qualified("n.nspname", "c.relname")} || '.' || pg_catalog.quote_ident(t.attname)`,
    "t.attacl",
    "c.relowner",
    "shared t JOIN pg_catalog.pg_class c ON c.oid = t.attrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace",
    "c.oid",
    "t.attnum"
  )
]

export const access = [schemas, defaultPrivileges, ...foreignGrants]
