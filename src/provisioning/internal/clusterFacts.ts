/** What belongs to the whole cluster: roles, the database, and who may connect to it. */
import { quoteIdentifier as name, quoteLiteral as text } from "../../error/internal/quote.ts"
import type { ResolvedState } from "../DesiredState.ts"
import { granted, grantedToPublic } from "./fact.ts"
import type { AccessList, Fact } from "./fact.ts"

const role = (roleName: string, purpose: string): ReadonlyArray<Fact> => [
  {
    kind: "role",
    object: `role ${roleName}`,
    holds: `EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = ${text(roleName)})`,
    // Logging in comes with the credential; a role without one cannot.
    statement: `CREATE ROLE ${name(roleName)} NOLOGIN`
  },
  {
    kind: "role",
    object: `comment on role ${roleName}`,
    holds: `(SELECT pg_catalog.shobj_description(oid, 'pg_authid') IS NOT NULL FROM pg_catalog.pg_roles
      WHERE rolname = ${text(roleName)})`,
    statement: `COMMENT ON ROLE ${name(roleName)} IS ${text(purpose)}`
  }
]

const member = (roleName: string, of: string): Fact => ({
  kind: "membership",
  object: `${roleName} in ${of}`,
  holds: `EXISTS (SELECT FROM pg_catalog.pg_auth_members m
    JOIN pg_catalog.pg_roles r ON r.oid = m.roleid JOIN pg_catalog.pg_roles u ON u.oid = m.member
    WHERE r.rolname = ${text(of)} AND u.rolname = ${text(roleName)})`,
  statement: `GRANT ${name(of)} TO ${name(roleName)}`
})

/** An administrator who is no superuser must be a member of the owner to make a database for it. */
const adminMember = (of: string): Fact => ({
  kind: "membership",
  object: `the administrator in ${of}`,
  holds: `(SELECT r.rolsuper FROM pg_catalog.pg_roles r WHERE r.rolname = current_user)
    OR EXISTS (SELECT FROM pg_catalog.pg_auth_members m
      JOIN pg_catalog.pg_roles r ON r.oid = m.roleid JOIN pg_catalog.pg_roles u ON u.oid = m.member
      WHERE r.rolname = ${text(of)} AND u.rolname = current_user
        AND coalesce((pg_catalog.to_jsonb(m) ->> 'set_option'::text)::bool, true))`,
  statement: `GRANT ${name(of)} TO CURRENT_USER`
})

const databaseExists = (database: string): string =>
  `EXISTS (SELECT FROM pg_catalog.pg_database WHERE datname = ${text(database)})`

const databaseAcl = (database: string): AccessList => ({
  from: "pg_catalog.pg_database d",
  acl: "coalesce(d.datacl, pg_catalog.acldefault('d', d.datdba))",
  where: `d.datname = ${text(database)}`
})

const databaseGrant = (database: string, privilege: "CONNECT" | "TEMPORARY", to: string): Fact => ({
  kind: "grant",
  object: `${privilege} on database ${database} to ${to}`,
  holds: granted(databaseAcl(database), privilege, to),
  statement: `GRANT ${privilege} ON DATABASE ${name(database)} TO ${name(to)}`
})

/** Whoever has no right of its own on the database cannot connect to it. */
const databaseClosed = (database: string): Fact => ({
  kind: "grant",
  object: `nothing on database ${database} to PUBLIC`,
  holds: `${databaseExists(database)} AND NOT ${grantedToPublic(databaseAcl(database))}`,
  statement: `REVOKE ALL ON DATABASE ${name(database)} FROM PUBLIC`
})

/**
 * Whoever logs in as the migrator acts as the owner from the first statement on,
 * by psql too; so everything that it creates belongs to the owner, and the
 * owner's default privileges apply to it.
 */
const actsAs = (login: string, owner: string, database: string): Fact => ({
  kind: "setting",
  object: `${login} acts as ${owner} in ${database}`,
  holds: `EXISTS (SELECT FROM pg_catalog.pg_db_role_setting s
    JOIN pg_catalog.pg_roles r ON r.oid = s.setrole JOIN pg_catalog.pg_database d ON d.oid = s.setdatabase
    WHERE r.rolname = ${text(login)} AND d.datname = ${text(database)}
      AND ${text(`role=${owner}`)} = ANY (s.setconfig))`,
  statement: `ALTER ROLE ${name(login)} IN DATABASE ${name(database)} SET role = ${text(owner)}`
})

/** Facts up to the database itself; each can be established from any database of the cluster. */
export const clusterFacts = ({ application, database, migrator, owner }: ResolvedState): ReadonlyArray<Fact> => [
  ...role(owner, `owns database ${database}; nobody logs in as it`),
  ...role(migrator, `migrates database ${database} as ${owner}`),
  ...role(application, `the application's login in database ${database}`),
  adminMember(owner),
  member(migrator, owner),
  {
    kind: "database",
    object: `database ${database}`,
    holds: databaseExists(database),
    statement: `CREATE DATABASE ${name(database)} OWNER ${name(owner)}`
  },
  {
    kind: "database",
    object: `database ${database} is owned by ${owner}`,
    holds: `EXISTS (SELECT FROM pg_catalog.pg_database d JOIN pg_catalog.pg_roles r ON r.oid = d.datdba
      WHERE d.datname = ${text(database)} AND r.rolname = ${text(owner)})`,
    statement: `ALTER DATABASE ${name(database)} OWNER TO ${name(owner)}`
  },
  databaseClosed(database),
  ...[migrator, application].flatMap((login) => [
    databaseGrant(database, "CONNECT", login),
    databaseGrant(database, "TEMPORARY", login)
  ]),
  actsAs(migrator, owner, database)
]
