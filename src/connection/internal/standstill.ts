/**
 * Statements that wait for the savepoint of another fiber of their transaction.
 *
 * The savepoint may wait for one of them in turn: a fiber that was forked before it
 * and is joined within. Who waits for whom cannot be seen. But then nothing moves on
 * the connection, for as long as nobody would wish to wait.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { SqlError } from "effect/sql/SqlError"
import { ClientError } from "../../error/Reason.ts"
import { finalError } from "./failure.ts"

/** For how long a savepoint may run no statement while something waits for it. */
export const SavepointPatience = Context.Reference<Duration.Duration>("pgkeel/connection/SavepointPatience", {
  defaultValue: () => Duration.seconds(30)
})

/** What is seen of a connection. */
export interface Seen {
  /** Whether statements are under way. */
  readonly isBusy: boolean
  /** When its last statement began or ended, in milliseconds of the clock. */
  readonly usedAt: number
}

/** Waits, and fails when nothing has moved on the connection for too long. */
export const unlessStill = (
  wait: Effect.Effect<void>,
  connection: Seen,
  statement: string
): Effect.Effect<void, SqlError> => Effect.raceFirst(wait, standstill(connection, statement))

const standstill = Effect.fnUntraced(function* (
  connection: Seen,
  statement: string
): Effect.fn.Return<never, SqlError> {
  const patience = yield* SavepointPatience
  const millis = Duration.toMillis(patience)
  const since = yield* Clock.currentTimeMillis
  for (;;) {
    const now = yield* Clock.currentTimeMillis
    const left = Math.max(connection.usedAt, since) + millis - now
    if (left <= 0 && !connection.isBusy) return yield* Effect.fail(stuck(statement, patience))
    yield* Effect.sleep(left > 0 ? left : patience)
  }
})

const stuck = (statement: string, patience: Duration.Duration): SqlError => {
  const failure =
    `the statement has waited for the end of a savepoint that another fiber has open, and which has run nothing for ` +
    `${Duration.format(patience)}: it seems to wait for this statement in turn; run the statement before the savepoint, ` +
    "or fork its fiber within"
  return finalError(new ClientError({ statement, failure }), "query")
}
