/**
 * What a consumer writes. The texts are compiled and run outside this
 * repository, where "pgkeel" is the unpacked tarball.
 */
import { chosenServer } from "../support/chosenServer.ts"

/** Names from the root, from subpaths and from the testing kit, and the types between them. */
export const application = `
import { NodeServices } from "@effect/platform-node"
import { Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { existsSync } from "node:fs"
import { ConnectionManager, DatabaseError, MigrationSource, Retry, SessionFactory } from "pgkeel"
import { DatabaseConfig } from "pgkeel/config/DatabaseConfig"
import * as Whole from "pgkeel/session/SessionFactory"
import { EmbeddedPostgres, TestDatabase } from "pgkeel/testing"
import { TestDatabase as FromItsModule } from "pgkeel/testing/TestDatabase"

const sameClasses: [typeof SessionFactory, typeof TestDatabase] = [Whole.SessionFactory, FromItsModule]
if (sameClasses[0] !== SessionFactory || sameClasses[1] !== TestDatabase) throw new Error("two copies of one module")

const Config = Layer.unwrap(
  Effect.map(EmbeddedPostgres, ({ url }) => DatabaseConfig.layer({ url, sslMode: "disable" }))
)

const Live = SessionFactory.layer.pipe(
  Layer.provideMerge(ConnectionManager.layer()),
  Layer.provide(Config),
  Layer.provide(EmbeddedPostgres.layer(${JSON.stringify(chosenServer())})),
  Layer.provide(NodeServices.layer)
)

const actor = Effect.gen(function*() {
  const { withSession } = yield* SessionFactory
  const sql = yield* SqlClient.SqlClient
  const find = sql<{ readonly id: number }>\`SELECT 42 AS id\`
  const rows = yield* withSession({ name: "consumer" })(find)
  const first: number | undefined = rows[0]?.id
  return first
})

const failure: Effect.Effect<unknown, DatabaseError, SqlClient.SqlClient> = DatabaseError.refine(
  Effect.flatMap(SqlClient.SqlClient, (sql) => sql\`SELECT * FROM no_such_table\`)
)

const program = Effect.gen(function*() {
  const found = yield* actor
  const code = yield* failure.pipe(
    Effect.catchReason("DatabaseError", "UndefinedTable", () => Effect.succeed("UndefinedTable")),
    Effect.map(String)
  )
  const ownMigrations = existsSync(MigrationSource.own.directory)
  console.log(JSON.stringify({ found, code, retry: typeof Retry.transaction, ownMigrations }))
})

Effect.runPromise(Effect.provide(program, Live))
`

/** The main job, from an administrator's URL to a session as the application's own role, with a migration of its own. */
export const wholeWay = {
  "migrations/0001_note.up.sql": "CREATE TABLE note (body text NOT NULL, author text NOT NULL)",
  "migrations/0001_note.down.sql": "DROP TABLE note",
  "start.ts": `
import { NodeCrypto, NodeServices } from "@effect/platform-node"
import { Effect, Layer, References } from "effect"
import { SqlClient } from "effect/sql"
import { KeyProvider, Main, MigrationSource, Provisioner, SessionFactory } from "pgkeel"

const provision = Effect.flatMap(Provisioner, ({ apply }) => apply({ database: process.env["DATABASE_NAME"] ?? "" })).pipe(
  Effect.provide(Provisioner.layer()),
  Effect.provide(KeyProvider.layerConfig),
  Effect.provide(Layer.merge(NodeServices.layer, NodeCrypto.layer))
)

const use = Effect.gen(function* () {
  const { withSession } = yield* SessionFactory
  const sql = yield* SqlClient.SqlClient
  const write = sql\`
    INSERT INTO note VALUES (\${"hello"}, current_setting('pgkeel.actor')) RETURNING body, author, current_user AS role\`
  const [note] = yield* withSession({ name: "consumer", actor: "ada" })(write)
  const history = yield* sql\`SELECT namespace || '/' || name AS migration FROM pgkeel.migrations ORDER BY namespace DESC\`
  const migrations = history.map(({ migration }) => migration)
  console.log(JSON.stringify({ ...note, migrations, own: String(MigrationSource.own.directory) }))
})

const program = Effect.flatMap(provision, ({ application, migrator }) =>
  Effect.provide(use, Main.layer({ url: application.url, migrator: migrator.url }))
)

Effect.runPromise(Effect.provideService(program, References.MinimumLogLevel, "Warn"))
`
}

/** Every file that a fresh process loads for the root import, a line each. */
export const listLoaded = `
import { registerHooks } from "node:module"
registerHooks({
  load(url, context, next) {
    console.log(url)
    return next(url, context)
  }
})
await import("pgkeel")
`

/** Tries to import each of the given specifiers and prints those that could be. */
export const listReachable = (specifiers: ReadonlyArray<string>) => `
for (const specifier of ${JSON.stringify(specifiers)}) {
  await import(specifier).then(
    () => console.log("imported " + specifier),
    (error) => error.code === "ERR_PACKAGE_PATH_NOT_EXPORTED" || console.log(error.code + " " + specifier)
  )
}
`
