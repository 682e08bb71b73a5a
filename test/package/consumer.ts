/**
 * What a consumer writes. The texts are compiled and run outside this
 * repository, where "pgkeel" is the unpacked tarball.
 */

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
  Layer.provide(EmbeddedPostgres.layer()),
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
