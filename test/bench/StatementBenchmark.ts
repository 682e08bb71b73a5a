/** One statement with one parameter, through our client and through the driver's. */
import { Context, Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import type { Comparison } from "./support/Benchmark.ts"
import { ours, theirs } from "./support/clients.ts"

const operation = (context: Context.Context<SqlClient.SqlClient>) => {
  const sql = Context.get(context, SqlClient.SqlClient)
  return (index: number) => sql`SELECT ${index}::int AS value`
}

export const statement: Comparison = {
  name: "statement",
  against: "a statement through PgClient.layer of @effect/sql-pg",
  counted: "statements",
  atLeast: 0.97,
  ours: (url) => Effect.map(Layer.build(ours(url)), operation),
  theirs: (url) => Effect.map(Layer.build(theirs(url)), operation)
}
