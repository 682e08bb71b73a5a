/** Names for databases and roles, which belong to the whole server and so must be removed by hand. */
import { Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { PgClient } from "@effect/sql-pg"
import { testServer } from "./Database.ts"

export const uniqueName = () => `t${crypto.randomUUID().replaceAll("-", "").slice(0, 12)}`

const remove = (database: string) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    yield* sql.unsafe(`DROP DATABASE IF EXISTS "${database}" WITH (FORCE)`)
    for (const role of ["app", "migrator", "owner", "admin"])
      yield* sql.unsafe(`DROP ROLE IF EXISTS "${database}_${role}"`)
  }).pipe(
    Effect.provide(
      Layer.suspend(() => PgClient.layer({ url: testServer().url })),
      { local: true }
    ),
    Effect.orDie
  )

/** Runs with the name of a database that is not there, and removes it and its roles afterwards. */
export const withoutRoles = <A, E, R>(use: (database: string) => Effect.Effect<A, E, R>) =>
  Effect.acquireUseRelease(Effect.sync(uniqueName), use, remove)
