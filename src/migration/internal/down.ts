/** Reverts, latest first. */
import * as Effect from "effect/Effect"
import { type DownTarget, revertible } from "./downTarget.ts"
import { review } from "./review.ts"
import type { MigrationResult } from "./session.ts"
import type { Failure, Workshop } from "./workshop.ts"

export const down = Effect.fnUntraced(function* (
  { prepareDowns, session, sources }: Workshop,
  target: DownTarget
): Effect.fn.Return<{ readonly reverted: ReadonlyArray<MigrationResult> }, Failure> {
  const loaded = yield* sources
  const reverted = yield* session.migrate((rows) => revertible(review(loaded, rows), loaded, target), prepareDowns)
  return { reverted }
})
