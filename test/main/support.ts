/** `Main.layer` on a database of a test, as an application's process would start it. */
import { Effect, Layer, Redacted, References } from "effect"
import { SqlClient } from "effect/sql"
import { PgClient } from "@effect/sql-pg"
import * as Main from "../../src/MainLive.ts"
import { StartReport } from "../../src/MainLive.ts"
import type { MigrationSource } from "../../src/migration/MigrationSource.ts"
import { TestDatabase } from "../../src/testing/index.ts"

/** A migration in code whose statements run one after the other. */
export const migration = (id: string, name: string, ...statements: ReadonlyArray<string>) => ({
  id,
  name,
  up: Effect.flatMap(SqlClient.SqlClient, (sql) =>
    Effect.forEach(statements, (statement) => sql.unsafe(statement), { discard: true })
  )
})

export const app = (...migrations: ReadonlyArray<ReturnType<typeof migration>>): ReadonlyArray<MigrationSource> => [
  { namespace: "app", migrations }
]

export const noteTable = migration("1", "note", "CREATE TABLE public.note (id int PRIMARY KEY, body text NOT NULL)")

/** `Main.layer` on `url`: of its own at each call, and never on the configuration of this machine. */
export const main = (url: Redacted.Redacted, options: Main.MainOptions = {}) =>
  Main.layer({ url, sslMode: "disable", migrations: [], startTimeout: "5 seconds", ...options })

/** Runs an application on `url` from its start to its end. */
export const run = <A, E, R>(
  url: Redacted.Redacted,
  options: Main.MainOptions,
  use: Effect.Effect<A, E, R | Main.MainServices>
) => Effect.provide(use, main(url, options), { local: true }).pipe(quiet)

/** What a start logs is not what these tests are about. */
export const quiet = Effect.provideService(References.MinimumLogLevel, "Fatal")

/** Starts and stops again: the report, or why it did not start. */
export const start = (url: Redacted.Redacted, options: Main.MainOptions = {}) => run(url, options, StartReport)

/** On the test's database, with the superuser's login as the migrator's. */
export const startHere = (options: Main.MainOptions = {}) =>
  Effect.flatMap(TestDatabase, ({ url }) => start(url, { migrator: url, ...options }))

/** A statement by a plain client, as an operator would send it. */
export const operator = (statement: string) =>
  Effect.flatMap(TestDatabase, ({ url }) =>
    Effect.flatMap(SqlClient.SqlClient, (sql) => sql.unsafe<Record<string, unknown>>(statement)).pipe(
      Effect.provide(PgClient.layer({ url }), { local: true })
    )
  )

/** The tag of an error, and of its reason where it has one. */
export const tagOf = (error: { readonly _tag: string }): string =>
  "reason" in error && typeof error.reason === "object" && error.reason !== null && "_tag" in error.reason
    ? String(error.reason._tag)
    : error._tag

/** A fresh database for each test that uses one. */
export const onFreshDatabase =
  <R>(database: Layer.Layer<TestDatabase, unknown, R>) =>
  <A, E, R2>(use: Effect.Effect<A, E, R2>) =>
    Effect.provide(use, database, { local: true })
