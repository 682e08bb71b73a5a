/**
 * What a server holds of one provisioned database, row by row, each with the
 * transaction that wrote it (`xmin`): a statement that writes the same values
 * again is a change here, whatever it reports of itself.
 */
import { Effect, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import { testServer } from "../support/Database.ts"
import { as } from "./support.ts"

/** What vacuum writes into catalogues, in place and when it likes. */
const upkeep =
  "{datfrozenxid,datminmxid,relpages,reltuples,relallvisible,relallfrozen,relfrozenxid,relminmxid,relhasindex}"

/** The catalogue or table, and the rows of it that belong to the database or to its roles. */
const tables = (database: string) => {
  const roles = `SELECT oid FROM pg_authid WHERE starts_with(rolname, '${database}')`
  const schemas = "SELECT oid FROM pg_namespace WHERE nspname IN ('public', 'pgkeel')"
  return {
    "pgkeel.security_keys": "true",
    "pgkeel.migrations": "true",
    pg_authid: `oid IN (${roles})`,
    pg_auth_members: `roleid IN (${roles}) OR member IN (${roles})`,
    pg_shdescription: `objoid IN (${roles})`,
    pg_db_role_setting: `setrole IN (${roles})`,
    pg_database: `datname = '${database}'`,
    pg_namespace: `oid IN (${schemas})`,
    pg_class: `relnamespace IN (${schemas})`,
    pg_default_acl: "true",
    pg_extension: "true"
  }
}

interface Row {
  readonly xmin: string
  readonly contents: Readonly<Record<string, unknown>>
}

export type ServerState = Readonly<Record<string, ReadonlyArray<Row>>>

/** As the superuser sees it, passwords' verifiers included. */
export const serverState = (database: string) => {
  const url = new URL(Redacted.value(testServer().url))
  url.pathname = database
  const read = Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const state: Record<string, ReadonlyArray<Row>> = {}
    for (const [table, condition] of Object.entries(tables(database)))
      state[table] = yield* sql.unsafe<Row>(
        `SELECT t.xmin::text, to_jsonb(t) - '${upkeep}'::text[] AS contents FROM ${table} t
         WHERE ${condition} ORDER BY to_jsonb(t)::text`
      )
    return state as ServerState
  })
  return as(Redacted.make(url.href), read)
}
