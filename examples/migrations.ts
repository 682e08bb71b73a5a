/**
 * Migrations inside an application: the forms that they may have, what is checked, and the way back.
 *
 *     npx tsx examples/migrations.ts                    on an embedded server, gone afterwards
 *     DATABASE_URL=... npx tsx examples/migrations.ts   on an empty database of your own
 */
import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { Config, Context, Effect, Layer, Option, References } from "effect"
import { SqlClient } from "effect/sql"
import { ConnectionManager, DatabaseConfig, MigrationSource, Migrator } from "pgkeel"
import type { MigrationHooks } from "pgkeel"
import { EmbeddedPostgres } from "pgkeel/testing"
import { failure, step, title } from "./support/printer.ts"

const directory = new URL("library/migrations/", import.meta.url)
const seeds = { directory: new URL("library/seeds/", import.meta.url), environment: "development" }

const schema = Effect.flatMap(SqlClient.SqlClient, (sql) => sql`CREATE SCHEMA IF NOT EXISTS pgkeel_library`)

const told: Array<string> = []

/** The schema is made before the first migration; the names are kept of what has been done. */
const hooks: MigrationHooks = {
  beforeAll: () => schema,
  afterAll: (steps) => Effect.sync(() => told.push(`${steps.length} ${steps[0]?.direction}`))
}

const app = { namespace: "library", directory }

/** It claims what is not so: its verify says so, and its work is rolled back. */
const wrong = {
  namespace: "plugin",
  migrations: [
    {
      id: "1",
      name: "lending",
      up: Effect.flatMap(SqlClient.SqlClient, (sql) => sql`CREATE TABLE pgkeel_library.lending (book int)`),
      verify: Effect.fail(new Error("no book can be lent yet"))
    }
  ]
}

const migratorOf = (...sources: ReadonlyArray<MigrationSource.MigrationSource>) =>
  Effect.map(Layer.build(Migrator.layer({ sources: [MigrationSource.own, ...sources], seeds, hooks })), (context) =>
    Context.get(context, Migrator)
  )

const names = (results: ReadonlyArray<{ readonly namespace: string; readonly name: string }>) =>
  results
    .filter(({ namespace }) => namespace !== MigrationSource.ownNamespace)
    .map(({ name }) => name)
    .join(", ")

const walk = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const migrator = yield* migratorOf(app)
  const planned = yield* step("planned", names, migrator.plan())
  const apart = planned.filter(({ transaction }) => !transaction)
  yield* step("apart", names, Effect.succeed(apart))
  yield* step("applied", ({ applied }) => names(applied), migrator.up())
  yield* step("again", ({ applied }) => `${applied.length} to do`, migrator.up())
  const inventory = sql<{
    shelf: string
    books: number
  }>`SELECT shelf, books FROM pgkeel_library.inventory ORDER BY shelf`
  yield* step("inventory", (rows) => rows.map(({ books, shelf }) => `${books} ${shelf}`).join(", "), inventory)
  const refused = Effect.flip(Effect.flatMap(migratorOf(app, wrong), ({ up }) => up()))
  yield* step("refused", (error) => `${error.reason._tag}`, refused)
  const redone = migrator.redo()
  yield* step("redone", ({ applied, reverted }) => `${names(reverted)}; then ${names(applied)}`, redone)
  yield* step("reverted", ({ reverted }) => names(reverted), migrator.down({ all: true, namespace: "library" }))
  yield* step("told", () => told.join(", "), Effect.void)
  yield* sql`DROP SCHEMA pgkeel_library CASCADE`
}).pipe(Effect.scoped)

/** Yours, or one that is started here. */
const url = Effect.gen(function* () {
  const own = yield* Config.option(Config.Redacted("DATABASE_URL"))
  if (Option.isSome(own)) return own.value
  return Context.get(yield* Layer.build(EmbeddedPostgres.layer()), EmbeddedPostgres).url
})

const Live = (options: { readonly url: Effect.Success<typeof url> }) =>
  ConnectionManager.layer().pipe(Layer.provide(DatabaseConfig.layer({ ...options, maxConnections: 4 })))

const main = Effect.gen(function* () {
  yield* title("pgkeel: migrations inside an application")
  yield* Effect.provide(walk, Live({ url: yield* url }))
}).pipe(
  Effect.scoped,
  Effect.provideService(References.MinimumLogLevel, "Error"),
  Effect.tapCause(failure),
  Effect.provide(NodeServices.layer)
)

NodeRuntime.runMain(main, { disableErrorReporting: true })
