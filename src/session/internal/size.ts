/** How many rows go at once: none at all would be fetched for ever. */
import * as Effect from "effect/Effect"
import type { SqlError } from "effect/sql/SqlError"
import { finalError } from "../../connection/internal/failure.ts"
import { InvalidParameter } from "../../error/Reason.ts"

/** Refuses what is no count of rows. */
export const checkSize = (option: string, size: number): Effect.Effect<void, SqlError> => {
  if (Number.isSafeInteger(size) && size > 0) return Effect.void
  const failure = `${option} is a whole number of rows, 1 or more, and not ${String(size)}`
  return Effect.fail(finalError(new InvalidParameter({ failure }), "query"))
}
