/** A table whose rows tell what was kept. */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"

export const freshTable = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`DROP TABLE IF EXISTS item`
  yield* sql`CREATE TABLE item (name text PRIMARY KEY)`
})

export const add = (name: string) =>
  Effect.flatMap(SqlClient.SqlClient, (sql) => sql`INSERT INTO item ${sql.insert({ name })}`)

/** The names in it, in order. */
export const items = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  return (yield* sql<{ name: string }>`SELECT name FROM item ORDER BY name`).map(({ name }) => name)
})
