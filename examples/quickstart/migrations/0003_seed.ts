/** A migration may be an Effect: it runs in the migration's own transaction. */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"

export const up = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`INSERT INTO customer (email, created_by) VALUES ('first@example.com', 'seed')`
})

export const down = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`DELETE FROM account USING customer WHERE customer_id = customer.id AND created_by = 'seed'`
  yield* sql`DELETE FROM customer WHERE created_by = 'seed'`
})
