/**
 * Statements that wait for the end of a COPY on the connection of their transaction.
 *
 * The COPY may wait for one of them in turn, for its data or for its reader. Where
 * that is seen it is refused at once; who feeds a queue that a COPY reads cannot be
 * seen, so that a statement is refused too when the COPY waits for this side, and
 * nothing moves, for as long as nobody would wish to wait.
 */
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { SqlError } from "effect/sql/SqlError"
import { ClientError } from "../../error/Reason.ts"
import type { Copying } from "./copying.ts"
import { finalError } from "./failure.ts"

/** For how long a COPY may stand still while something waits for it. */
export const CopyPatience = Context.Reference<Duration.Duration>("pgkeel/connection/CopyPatience", {
  defaultValue: () => Duration.seconds(5)
})

/** How many looks in a row find the same standstill. */
const looks = 5

/** Runs a statement that waits for its turn behind COPYs, as long as they move. */
export const whileMoving = <A>(
  statement: Effect.Effect<A, SqlError>,
  sql: string,
  copies: ReadonlyArray<Copying>
): Effect.Effect<A, SqlError> => Effect.raceFirst(statement, stalled(sql, copies))

const stalled = Effect.fnUntraced(function* (
  sql: string,
  copies: ReadonlyArray<Copying>
): Effect.fn.Return<never, SqlError> {
  const lookEvery = Duration.millis(Duration.toMillis(yield* CopyPatience) / looks)
  let [last, same] = ["", 0]
  while (copies.some((copying) => !copying.isOver)) {
    yield* Effect.sleep(lookEvery)
    const at = copies.find((copying) => copying.isIdle)
    const now = at === undefined ? "" : `${copies.indexOf(at)} ${at.moves}`
    same = now !== "" && now === last ? same + 1 : 0
    last = now
    if (same === looks) return yield* Effect.fail(occupied(sql))
  }
  return yield* Effect.never
})

/** What a statement fails with that would wait for a COPY, or a stream, that waits for its result. */
export const occupied = (statement: string, what: "COPY" | "stream" = "COPY"): SqlError => {
  const failure =
    `the statement would wait for a ${what} that itself waits for it: a ${what} has the connection of its transaction ` +
    "until it ends; run the statement before it, or read by Cursor.stream"
  return finalError(new ClientError({ statement, failure }), "query")
}
