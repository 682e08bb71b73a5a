/** The connection that a statement would get here: the open transaction's, or one of its own. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import type { SqlClient } from "effect/sql/SqlClient"
import type { Connection } from "effect/sql/SqlConnection"
import type { SqlError } from "effect/sql/SqlError"

/** The connection of the transaction that is open; outside of one, one that is reserved into the scope. */
export const currentConnection = (sql: SqlClient): Effect.Effect<Connection, SqlError, Scope.Scope> =>
  Effect.flatMap(Effect.serviceOption(sql.transactionService), (open) =>
    Option.isSome(open) ? Effect.succeed(open.value[0]) : sql.reserve
  )

/** Runs several statements as one: in the transaction that is open, without a savepoint, or in one of their own. */
export const asOne = <A, E, R>(sql: SqlClient, effect: Effect.Effect<A, E, R>): Effect.Effect<A, E | SqlError, R> =>
  Effect.flatMap(Effect.serviceOption(sql.transactionService), (open) =>
    Option.isSome(open) ? effect : sql.withTransaction(effect)
  )
