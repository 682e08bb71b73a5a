/** Which objects are read, and what all of them may have: an owner, a comment, grants. */
import type { Fields, Json } from "./json.ts"
import { entries, json, list, object, text } from "./json.ts"

/** Objects that initdb has made have lower ids (PostgreSQL's access/transam.h). */
export const ofUser = (oid: string): string => `${oid} >= '16384'`

/** A catalogue as what is about its objects refers to it. */
export const classOf = (catalog: string): string => `'pg_catalog.${catalog}'::pg_catalog.regclass::pg_catalog.oid`

export const notOfExtension = (catalog: string, oid: string): string =>
  `NOT EXISTS (SELECT FROM member m WHERE m.classid = ${classOf(catalog)} AND m.objid = ${oid})`

/** Whether this row of `pg_namespace` is of the application. */
export const isOurs = (namespace: string): string =>
  `${namespace}.nspname !~ '^pg_'::pg_catalog.text AND ${namespace}.nspname <> 'information_schema' AND ${namespace}.nspname <> 'pgkeel'`

/** Joins the schema of an object of the application as `n`. */
export const inSchema = (oid: string): string => `JOIN pg_catalog.pg_namespace n ON n.oid = ${oid} AND ${isOurs("n")}`

/** Tables, views or sequences as `r`, with their schemas as `n`. */
export const relationsOf = (kinds: string): string => `pg_catalog.pg_class r ${inSchema("r.relnamespace")}
    AND r.relkind IN (${kinds}) AND r.relpersistence <> 't' AND ${notOfExtension("pg_class", "r.oid")}`

/** `alias.description` is the comment of an object or of its part. */
export const joinComment = (alias: string, catalog: string, oid: string, part = "0"): string =>
  `LEFT JOIN remark ${alias} ON ${alias}.classoid = ${classOf(catalog)}
    AND ${alias}.objoid = ${oid} AND ${alias}.objsubid = ${part}`

export const role = (oid: string): string =>
  `CASE ${oid} WHEN '0' THEN 'public' ELSE pg_catalog.pg_get_userbyid(${oid}) END`

/** Everything in an access control list, whoever has granted it. */
export const granted = (acl: string, owner: string): string => `(
  SELECT coalesce(${list(object({ name: text("g.grantee"), privileges: json("g.privileges") }), `g.grantee COLLATE "C"`)}, '[]')
  FROM (
    SELECT p.grantee, pg_catalog.to_json(pg_catalog.array_agg(p.privilege ORDER BY p.privilege COLLATE "C"))::pg_catalog.text AS privileges
    FROM (
      SELECT ${role("x.grantee")} AS grantee, x.privilege_type
        || CASE WHEN x.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END
        || CASE WHEN x.grantor <> ${owner} THEN ' BY ' || pg_catalog.pg_get_userbyid(x.grantor)::pg_catalog.text ELSE '' END AS privilege
      FROM pg_catalog.aclexplode(${acl}) x) p
    GROUP BY p.grantee) g)`

/** The lists of one catalogue, each with its type for `acldefault`. */
const lists = (catalog: string, prefix: string, type: string, schema?: string): string => `
  SELECT ${classOf(catalog)} AS class, c.oid AS id, 0 AS part,
    c.${prefix}acl AS acl, ${type}::"char" AS type, c.${prefix}owner AS owner
  FROM pg_catalog.${catalog} c ${schema === undefined ? "" : inSchema(schema)} WHERE c.${prefix}acl IS NOT NULL`

/** Of `public` everything is said, because PostgreSQL brings it with grants of its own. */
const acls = [
  lists("pg_class", "rel", "CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END", "c.relnamespace"),
  lists("pg_proc", "pro", "'f'", "c.pronamespace"),
  lists("pg_type", "typ", "'T'", "c.typnamespace"),
  `${lists("pg_namespace", "nsp", "'n'", "c.oid")} AND c.nspname <> 'public'`,
  `SELECT ${classOf("pg_namespace")}, c.oid, 0, coalesce(c.nspacl, pg_catalog.acldefault('n', c.nspowner)), NULL, c.nspowner
  FROM pg_catalog.pg_namespace c WHERE c.nspname = 'public'`,
  lists("pg_language", "lan", "'l'"),
  lists("pg_foreign_data_wrapper", "fdw", "'F'"),
  lists("pg_foreign_server", "srv", "'S'"),
  `SELECT ${classOf("pg_class")}, c.oid, a.attnum, a.attacl, 'c', c.relowner
  FROM shared a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
  ${inSchema("c.relnamespace")} `
].join(" UNION ALL ")

/**
 * Common table expressions that the others stand on. Few columns have grants,
 * and the catalogue of columns is the largest of all: it is searched for them once. `heir` has what a table or an index is a part of. Of the comments most are PostgreSQL's own; of its
 * objects only the schema `public` is read.
 * `privilege` has what PostgreSQL would not grant by itself.
 */
export const scope = `
  member AS MATERIALIZED (
    SELECT d.classid, d.objid FROM pg_catalog.pg_depend d
    WHERE d.refclassid = ${classOf("pg_extension")} AND d.deptype = 'e'),
  heir AS MATERIALIZED (
    SELECT h.inhrelid, h.inhseqno, p.relkind, n.nspname, p.relname
    FROM pg_catalog.pg_inherits h
    JOIN pg_catalog.pg_class p ON p.oid = h.inhparent JOIN pg_catalog.pg_namespace n ON n.oid = p.relnamespace),
  remark AS MATERIALIZED (
    SELECT d.classoid, d.objoid, d.objsubid, d.description FROM pg_catalog.pg_description d
    WHERE ${ofUser("d.objoid")} OR d.classoid = ${classOf("pg_namespace")}),
  shared AS MATERIALIZED (
    SELECT a.attrelid, a.attnum, a.attname, a.attacl FROM pg_catalog.pg_attribute a WHERE a.attacl IS NOT NULL),
  privilege AS MATERIALIZED (
    SELECT g.class, g.id, g.part, g.grants FROM (
      SELECT a.class, a.id, a.part, ${granted("a.acl", "a.owner")} AS grants,
        CASE WHEN a.type IS NOT NULL THEN ${granted("pg_catalog.acldefault(a.type, a.owner)", "a.owner")} END AS usual
      FROM (${acls}) a) g
    WHERE g.grants IS DISTINCT FROM g.usual)`

/** `alias.grants` are those of an object or of its part. */
export const joinGrants = (alias: string, catalog: string, oid: string, part = "0"): string =>
  `LEFT JOIN privilege ${alias} ON ${alias}.class = ${catalog} AND ${alias}.id = ${oid} AND ${alias}.part = ${part}`

/** A name as SQL has it, with its schema. */
export const qualified = (schema: string, name: string): string =>
  `pg_catalog.quote_ident(${schema}) || '.' || pg_catalog.quote_ident(${name})`

/** `integer, text` of an `oidvector`. */
export const argumentTypes = (types: string): string => `pg_catalog.oidvectortypes(${types})`

/** The objects of one kind; expressions over `from`. */
export interface Kind {
  readonly kind: string
  /** The id of its schema, which has to be the application's. */
  readonly namespace?: string
  /** The schema's name instead, whosever it is. */
  readonly schema?: string
  readonly name: string
  /** The owner's id. */
  readonly owner?: string
  /** The catalogue and the id in it, for the comment and the grants. */
  readonly identity?: readonly [catalog: string, oid: string]
  readonly fields?: Fields
  readonly from: string
}

const query = ({ fields, from, identity, kind, name, namespace, owner, schema }: Kind): string => `
  SELECT (${kind})::pg_catalog.text AS kind, ${schema ?? "NULL"}::pg_catalog.text AS schema, ${namespace ?? "NULL"}::pg_catalog.oid AS namespace, (${name})::pg_catalog.text AS name,
    ${owner ?? "NULL"}::pg_catalog.oid AS owner,
    ${identity === undefined ? "NULL::pg_catalog.oid" : classOf(identity[0])} AS class,
    ${identity?.[1] ?? "NULL"}::pg_catalog.oid AS id, ${fields === undefined ? "''" : entries(fields)} AS fields
  FROM ${from}`

const schema = "coalesce(n.nspname, k.schema)"

const common: Readonly<Record<string, Json>> = {
  kind: text("k.kind"),
  schema: text(schema),
  name: text("k.name"),
  owner: text("pg_catalog.pg_get_userbyid(k.owner)"),
  comment: text("d.description"),
  grants: json("g.grants")
}

const value = `'{' || ${entries(common)} || coalesce(',' || nullif(k.fields, ''), '') || '}'`

/**
 * All objects of these kinds as one JSON array, in their order. Whose the schema is and
 * whether an extension has the object is asked once for all, where there are not many
 * that are written for nothing: each of the many kinds costs time to plan.
 */
export const combined = (kinds: ReadonlyArray<Kind>, condition: string): string => `
  SELECT coalesce(${list(value, `k.kind COLLATE "C", ${schema} COLLATE "C" NULLS FIRST, k.name COLLATE "C"`)}, '[]') AS objects
  FROM (${kinds.map(query).join(" UNION ALL ")}) k
  LEFT JOIN pg_catalog.pg_namespace n ON n.oid = k.namespace
  LEFT JOIN remark d ON d.classoid = k.class AND d.objoid = k.id AND d.objsubid = 0
  ${joinGrants("g", "k.class", "k.id")}
  WHERE ${condition} AND (k.namespace IS NULL OR ${isOurs("n")})
    AND NOT EXISTS (SELECT FROM member m WHERE m.classid = k.class AND m.objid = k.id)`
