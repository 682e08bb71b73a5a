/** What belongs to one database: extensions, schemas, and what the application may do in them. */
import { quoteIdentifier as name, quoteLiteral as text } from "../../error/internal/quote.ts"
import type { ResolvedState } from "../DesiredState.ts"
import { granted, grantedToPublic } from "./fact.ts"
import type { AccessList, Fact } from "./fact.ts"

const extension = (extensionName: string): Fact => ({
  kind: "extension",
  object: `extension ${extensionName}`,
  holds: `EXISTS (SELECT FROM pg_catalog.pg_extension WHERE extname = ${text(extensionName)})`,
  statement: `CREATE EXTENSION IF NOT EXISTS ${name(extensionName)} WITH SCHEMA public`
})

const schema = (schemaName: string, owner: string): Fact => ({
  kind: "schema",
  object: `schema ${schemaName}`,
  holds: `EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = ${text(schemaName)})`,
  statement: `CREATE SCHEMA ${name(schemaName)} AUTHORIZATION ${name(owner)}`
})

const schemaAcl = (schemaName: string): AccessList => ({
  from: "pg_catalog.pg_namespace n",
  acl: "coalesce(n.nspacl, pg_catalog.acldefault('n', n.nspowner))",
  where: `n.nspname = ${text(schemaName)}`
})

const ownTableAcl = (table: string): AccessList => ({
  from: "pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace",
  acl: "c.relacl",
  where: `n.nspname = 'pgkeel' AND c.relname = ${text(table)}`
})

const ownTableGrant = (table: string, privilege: "SELECT" | "INSERT" | "UPDATE", to: string): Fact => ({
  kind: "grant",
  object: `${privilege} on table pgkeel.${table} to ${to}`,
  holds: granted(ownTableAcl(table), privilege, to),
  statement: `GRANT ${privilege} ON pgkeel.${name(table)} TO ${name(to)}`
})

const schemaGrant = (schemaName: string, privilege: "USAGE" | "CREATE", to: string): Fact => ({
  kind: "grant",
  object: `${privilege} on schema ${schemaName} to ${to}`,
  holds: granted(schemaAcl(schemaName), privilege, to),
  statement: `GRANT ${privilege} ON SCHEMA ${name(schemaName)} TO ${name(to)}`
})

/** Before PostgreSQL 15 everybody may create in `public` (manual, 5.10.5). */
const schemaClosed = (schemaName: string): Fact => ({
  kind: "grant",
  object: `no CREATE on schema ${schemaName} to PUBLIC`,
  holds: `NOT ${grantedToPublic(schemaAcl(schemaName), "CREATE")}`,
  statement: `REVOKE CREATE ON SCHEMA ${name(schemaName)} FROM PUBLIC`
})

const objects = {
  r: { what: "TABLES", privileges: ["SELECT", "INSERT", "UPDATE", "DELETE"] },
  S: { what: "SEQUENCES", privileges: ["USAGE", "SELECT"] }
} as const

/** What the owner will create in the schema, the application may use. */
const defaultPrivileges = (kind: keyof typeof objects, schemaName: string, owner: string, to: string): Fact => {
  const { privileges, what } = objects[kind]
  return {
    kind: "grant",
    object: `${privileges.join(", ")} on future ${what.toLowerCase()} of ${owner} in ${schemaName} to ${to}`,
    holds: `(SELECT count(DISTINCT a.privilege_type) = ${privileges.length}
      FROM pg_catalog.pg_default_acl d
      JOIN pg_catalog.pg_roles o ON o.oid = d.defaclrole JOIN pg_catalog.pg_namespace n ON n.oid = d.defaclnamespace,
      pg_catalog.aclexplode(d.defaclacl) a JOIN pg_catalog.pg_roles g ON g.oid = a.grantee
      WHERE d.defaclobjtype = ${text(kind)} AND o.rolname = ${text(owner)} AND n.nspname = ${text(schemaName)}
        AND g.rolname = ${text(to)} AND a.privilege_type IN (${privileges.map(text).join(", ")}))`,
    statement: `ALTER DEFAULT PRIVILEGES FOR ROLE ${name(owner)} IN SCHEMA ${name(schemaName)}
      GRANT ${privileges.join(", ")} ON ${what} TO ${name(to)}`
  }
}

/** Facts that hold before the package's own tables are there. */
export const databaseFacts = ({ application, extensions, owner, schemas }: ResolvedState): ReadonlyArray<Fact> => [
  ...schemas.filter((schemaName) => schemaName !== "public").map((schemaName) => schema(schemaName, owner)),
  schemaClosed("public"),
  ...extensions.map(extension),
  ...schemas.flatMap((schemaName) => [
    schemaGrant(schemaName, "USAGE", owner),
    schemaGrant(schemaName, "CREATE", owner),
    schemaGrant(schemaName, "USAGE", application),
    defaultPrivileges("r", schemaName, owner, application),
    defaultPrivileges("S", schemaName, owner, application)
  ])
]

/**
 * The application reads the history to know whether it may start, and keeps the place of the
 * backfills that it runs: nothing else of the package's own.
 */
export const coreFacts = ({ application }: ResolvedState): ReadonlyArray<Fact> => [
  schemaGrant("pgkeel", "USAGE", application),
  ownTableGrant("migrations", "SELECT", application),
  ownTableGrant("backfills", "SELECT", application),
  ownTableGrant("backfills", "INSERT", application),
  ownTableGrant("backfills", "UPDATE", application)
]
