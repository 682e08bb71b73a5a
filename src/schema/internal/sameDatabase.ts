/** Two logins that are to work on the same tables. */
import * as Effect from "effect/Effect"
import type * as SqlClient from "effect/sql/SqlClient"
import { DatabaseError } from "../../error/DatabaseError.ts"
import { MigratorElsewhere, SchemaError } from "../SchemaError.ts"

/** The server's own word: behind a pooler a URL may have another name for the database. */
const databaseOf = (sql: SqlClient.SqlClient): Effect.Effect<string, DatabaseError> =>
  DatabaseError.refine(
    sql<{ readonly database: string }>`SELECT pg_catalog.current_database() AS "database"`.withoutTransform
  ).pipe(Effect.map(([row]) => row?.database ?? ""))

/** Fails before the login that may change a schema changes the one of another database. */
export const requireSameDatabase = Effect.fnUntraced(function* (
  application: SqlClient.SqlClient,
  migrator: SqlClient.SqlClient
): Effect.fn.Return<void, DatabaseError | SchemaError> {
  const [mine, theirs] = yield* Effect.all([databaseOf(application), databaseOf(migrator)])
  if (mine !== theirs) {
    return yield* new SchemaError({ reason: new MigratorElsewhere({ application: mine, migrator: theirs }) })
  }
})
