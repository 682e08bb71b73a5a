/** What was asked for ends with its transaction, and none was open: it would have been gone at once. */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { SqlClient } from "effect/sql/SqlClient"

export class NoTransaction extends Schema.TaggedError<NoTransaction>()("NoTransaction", {
  /** What was asked for. */
  wanted: Schema.String
}) {
  override get message() {
    return `${this.wanted} lasts as long as its transaction, and none is open: ask for it inside a session or sql.withTransaction`
  }
}

/** Fails where no transaction is open. */
export const inTransaction = (sql: SqlClient, wanted: string): Effect.Effect<void, NoTransaction> =>
  Effect.flatMap(Effect.serviceOption(sql.transactionService), (open) =>
    open._tag === "Some" ? Effect.void : Effect.fail(new NoTransaction({ wanted }))
  )
