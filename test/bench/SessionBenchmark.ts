/** A transaction around one statement: ours also says who acts and for which tenant. */
import { Context, Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { SessionFactory } from "../../src/session/SessionFactory.ts"
import type { Comparison } from "./support/Benchmark.ts"
import { ours, theirs } from "./support/clients.ts"

export const session: Comparison = {
  name: "session",
  against: "sql.withTransaction of @effect/sql-pg, without actor and tenant",
  counted: "transactions",
  atLeast: 1,
  ours: (url) =>
    Effect.map(Layer.build(ours(url)), (context) => {
      const sql = Context.get(context, SqlClient.SqlClient)
      const { withSession } = Context.get(context, SessionFactory)
      return (index) => withSession({ actor: "user-42", tenant: "acme" })(sql`SELECT ${index}::int AS value`)
    }),
  theirs: (url) =>
    Effect.map(Layer.build(theirs(url)), (context) => {
      const sql = Context.get(context, SqlClient.SqlClient)
      return (index) => sql.withTransaction(sql`SELECT ${index}::int AS value`)
    })
}
