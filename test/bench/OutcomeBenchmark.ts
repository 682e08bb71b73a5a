/** What it costs a session to take its transaction id, by which the outcome of a lost COMMIT can be asked for. */
import { Context, Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { SessionFactory } from "../../src/session/SessionFactory.ts"
import type { Comparison, Contender } from "./support/Benchmark.ts"
import { ours } from "./support/clients.ts"

const sessions =
  (readOnly: boolean): Contender =>
  (url) =>
    Effect.map(Layer.build(ours(url)), (context) => {
      const sql = Context.get(context, SqlClient.SqlClient)
      const { withSession } = Context.get(context, SessionFactory)
      return (index) => withSession({ actor: "user-42", tenant: "acme", readOnly })(sql`SELECT ${index}::int AS value`)
    })

export const outcome: Comparison = {
  name: "outcome",
  against: "the same session with readOnly: true, which takes no transaction id",
  counted: "transactions",
  atLeast: 0.9,
  ours: sessions(false),
  theirs: sessions(true)
}
