/**
 * Migrations inside an application: the forms that they may have, what is checked, and the way back.
 *
 *     npx tsx examples/migrations.ts                    on an embedded server, gone afterwards
 *     DATABASE_URL=... npx tsx examples/migrations.ts   on an empty database of your own
 */
import { Context, Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { ConnectionManager, MigrationSource, Migrator } from "pgkeel"
import type { MigrationHooks } from "pgkeel"
import { runExample } from "./support/example.ts"
import { step } from "./support/printer.ts"

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

runExample("pgkeel: migrations inside an application", Effect.provide(walk, ConnectionManager.layer()))
