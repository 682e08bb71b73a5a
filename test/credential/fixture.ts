/**
 * What the tests of stored credentials share: a database with the table, roles
 * of their own (roles belong to the cluster), and logins by password.
 */
import { NodeCrypto } from "@effect/platform-node"
import { PgClient } from "@effect/sql-pg"
import { Effect, Exit, Layer, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import { readFileSync } from "node:fs"
import { CredentialManager } from "../../src/credential/CredentialManager.ts"
import { KeyProvider } from "../../src/secret/KeyProvider.ts"
import { TestDatabase } from "../../src/testing/index.ts"
import { freshClient } from "../support/Database.ts"

const folder = new URL("../../migrations/", import.meta.url)

/** The statements of one of the package's migrations; none of these files has a semicolon inside a statement. */
export const statementsOf = (file: string): ReadonlyArray<string> =>
  readFileSync(new URL(file, folder), "utf8")
    .split(/;\s*(?:\n|$)/)
    .filter((statement) => statement.trim() !== "")

export const run = (file: string) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    for (const statement of statementsOf(file)) yield* sql.unsafe(statement)
  })

const install = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`CREATE SCHEMA pgkeel`
  yield* run("0001_security_keys.up.sql")
})

export const keyOf = (fill: number) => KeyProvider.layerStatic([Redacted.make(new Uint8Array(32).fill(fill))])

/** A fresh database with the table, a client of its superuser, the crypto services and a key. */
export const Database = Layer.mergeAll(
  Layer.provideMerge(Layer.effectDiscard(install), freshClient()),
  Layer.provideMerge(keyOf(1), NodeCrypto.layer)
)

export const Live = Layer.provideMerge(CredentialManager.layer, Database)

/** Creates a role under a name that no other test file uses. */
export const createRole = (prefix: string, options = "NOLOGIN") =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const database = yield* TestDatabase
    const role = `${prefix} "${database.name}`.slice(0, 60)
    yield* sql.unsafe(`CREATE ROLE "${role.replaceAll('"', '""')}" ${options}`)
    return role
  })

/** A connection of its own, as `username` with `password`, for as long as the scope is open. */
export const clientOf = (login: { readonly username: string; readonly password: Redacted.Redacted<string> }) =>
  Effect.gen(function* () {
    const database = yield* TestDatabase
    return yield* Layer.build(
      PgClient.layer({
        host: database.host,
        port: database.port,
        database: database.name,
        username: login.username,
        password: login.password,
        maxConnections: 1
      })
    )
  })

/** Whether the server lets `username` in with `password`; any other failure is a failure of the test. */
export const logsIn = (login: { readonly username: string; readonly password: Redacted.Redacted<string> }) =>
  Effect.gen(function* () {
    const context = yield* clientOf(login)
    const sql = yield* SqlClient.SqlClient.pipe(Effect.provide(context))
    const exit = yield* Effect.exit(sql<{ user: string }>`SELECT current_user AS user`)
    if (Exit.isSuccess(exit)) return exit.value[0]?.user === login.username
    const error = yield* Effect.flip(exit)
    const code = (error.reason.cause as { readonly code?: string } | undefined)?.code
    return code === "28P01" || code === "28000" ? false : yield* Effect.die(error)
  }).pipe(Effect.scoped)
