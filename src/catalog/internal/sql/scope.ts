/** Which objects are read, and what all of them have: an owner, a comment, grants. */
import type { Fields, Json } from "./json.ts"
import { entries, json, list, object, text } from "./json.ts"

/** Objects that initdb has made have lower ids (PostgreSQL's access/transam.h). */
export const ofUser = (oid: string): string => `${oid} >= 16384`

export const notOfExtension = (catalog: string, oid: string): string =>
  `NOT EXISTS (SELECT FROM member m WHERE m.classid = 'pg_catalog.${catalog}'::pg_catalog.regclass AND m.objid = ${oid})`

/** Common table expressions that the others stand on. */
export const scope = `
  ns AS MATERIALIZED (
    SELECT n.* FROM pg_catalog.pg_namespace n
    WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND n.nspname <> 'pgkeel'),
  member AS MATERIALIZED (
    SELECT d.classid, d.objid FROM pg_catalog.pg_depend d
    WHERE d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass AND d.deptype = 'e'),
  rel AS MATERIALIZED (
    SELECT c.*, ns.nspname FROM pg_catalog.pg_class c JOIN ns ON ns.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S', 'c') AND c.relpersistence <> 't' AND ${notOfExtension("pg_class", "c.oid")}),
  names AS MATERIALIZED (
    SELECT a.attrelid, pg_catalog.array_agg(a.attname::pg_catalog.text ORDER BY a.attnum) AS names
    FROM pg_catalog.pg_attribute a JOIN rel ON rel.oid = a.attrelid WHERE a.attnum > 0 GROUP BY a.attrelid)`

/** `alias.description` is the comment of an object or of its part. */
export const joinComment = (alias: string, catalog: string, oid: string, part = "0"): string =>
  `LEFT JOIN pg_catalog.pg_description ${alias} ON ${alias}.classoid = 'pg_catalog.${catalog}'::pg_catalog.regclass
    AND ${alias}.objoid = ${oid} AND ${alias}.objsubid = ${part}`

export const role = (oid: string): string =>
  `CASE ${oid} WHEN 0 THEN 'public' ELSE pg_catalog.pg_get_userbyid(${oid}) END`

/** Everything in an access control list, whoever has granted it. */
export const granted = (acl: string, owner: string): string => `(
  SELECT coalesce(${list(object({ name: text("g.grantee"), privileges: json("g.privileges") }), `g.grantee COLLATE "C"`)}, '[]')
  FROM (
    SELECT p.grantee, pg_catalog.to_json(pg_catalog.array_agg(p.privilege ORDER BY p.privilege COLLATE "C"))::pg_catalog.text AS privileges
    FROM (
      SELECT ${role("x.grantee")} AS grantee, x.privilege_type
        || CASE WHEN x.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END
        || CASE WHEN x.grantor <> ${owner} THEN ' BY ' || pg_catalog.pg_get_userbyid(x.grantor) ELSE '' END AS privilege
      FROM pg_catalog.aclexplode(${acl}) x) p
    GROUP BY p.grantee) g)`

/** NULL where it is what PostgreSQL grants by itself on an object of this type; all of it for the type NULL. */
export const grants = (acl: string, type: string, owner: string): Json =>
  json(`CASE WHEN ${acl} IS NOT NULL THEN nullif(${granted(acl, owner)},
    CASE WHEN ${type} IS NOT NULL THEN ${granted(`pg_catalog.acldefault(${type}, ${owner})`, owner)} END) END`)

/** A name as SQL has it, with its schema. */
export const qualified = (schema: string, name: string): string =>
  `pg_catalog.quote_ident(${schema}) || '.' || pg_catalog.quote_ident(${name})`

/** `integer, text` of an `oidvector`. */
export const argumentTypes = (types: string): string => `pg_catalog.oidvectortypes(${types})`

/** What the objects of all kinds may have; expressions over `from`. */
interface Common {
  /** The owner's id. */
  readonly owner?: string
  /** The role that the grants come from by themselves, where it is not to be shown as an owner. */
  readonly granter?: string
  /** The catalogue and the id, for the comment. */
  readonly comment?: readonly [catalog: string, oid: string]
  /** The access control list and its type for `acldefault`; the type NULL where the usual grants are said too. */
  readonly grants?: readonly [acl: string, type: string]
}

export interface Kind extends Common {
  readonly kind: string
  /** An expression; without one the kind has no schema. */
  readonly schema?: string
  readonly name: string
  readonly fields?: Fields
  readonly from: string
}

/** A query of the objects of one kind, of which `combined` makes values. */
const query = ({ comment, fields, from, granter, grants: acl, kind, name, owner, schema }: Kind): string => `
  SELECT '${kind}' AS kind, ${schema ?? "NULL"}::pg_catalog.text AS schema, (${name})::pg_catalog.text AS name,
    ${owner ?? "NULL"}::pg_catalog.oid AS owner, ${granter ?? owner ?? "NULL"}::pg_catalog.oid AS granter,
    ${comment === undefined ? "NULL" : `'pg_catalog.${comment[0]}'`}::pg_catalog.regclass AS class,
    ${comment?.[1] ?? "NULL"}::pg_catalog.oid AS id,
    (${acl?.[0] ?? "NULL"})::pg_catalog.aclitem[] AS acl, (${acl?.[1] ?? "NULL"})::"char" AS type,
    ${fields === undefined ? "''" : entries(fields)} AS fields
  FROM ${from}`

const value = `'{' || ${entries({
  kind: text("k.kind"),
  schema: text("k.schema"),
  name: text("k.name"),
  owner: text("pg_catalog.pg_get_userbyid(k.owner)"),
  comment: text("d.description"),
  grants: grants("k.acl", "k.type", "k.granter")
})} || coalesce(',' || nullif(k.fields, ''), '') || '}'`

/** All objects of these kinds as one JSON array, in their order. */
export const combined = (kinds: ReadonlyArray<Kind>, condition: string): string => `
  SELECT coalesce(${list(value, `k.kind COLLATE "C", k.schema COLLATE "C" NULLS FIRST, k.name COLLATE "C"`)}, '[]') AS objects
  FROM (${kinds.map(query).join(" UNION ALL ")}) k
  LEFT JOIN pg_catalog.pg_description d ON d.classoid = k.class AND d.objoid = k.id AND d.objsubid = 0
  WHERE ${condition}`
