/** Applies what is pending. */
import * as Effect from "effect/Effect"
import { makeWarnings, refuse } from "./policies.ts"
import { review } from "./review.ts"
import type { MigrationResult } from "./session.ts"
import { pendingUpTo, type UpTarget } from "./upTarget.ts"
import type { Failure, Workshop } from "./workshop.ts"

export const up = Effect.fnUntraced(function* (
  { policies, prepareUps, session, sources }: Workshop,
  target: UpTarget
): Effect.fn.Return<{ readonly applied: ReadonlyArray<MigrationResult> }, Failure> {
  const loaded = yield* sources
  const warn = makeWarnings(policies)
  const applied = yield* session.migrate(
    (rows) =>
      refuse(policies, review(loaded, rows)).pipe(
        Effect.tap(warn),
        Effect.flatMap((entries) => pendingUpTo(entries, loaded, target))
      ),
    prepareUps
  )
  return { applied }
})
