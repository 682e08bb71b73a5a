/** Options of functions that fail with `DatabaseError`, where no compiler has looked at them. */
import * as Effect from "effect/Effect"
import { sayWrong, wrongOption } from "../../config/internal/options.ts"
import type { Taken } from "../../config/internal/options.ts"
import { DatabaseError } from "../../error/DatabaseError.ts"
import { InvalidOption } from "../../error/Reason.ts"

export type { Taken }

/** Fails with the first option that is wrong, before anything is done. */
export const checkOptions = <Options>(
  { example, of, rules }: Taken<Options>,
  options: unknown
): Effect.Effect<void, DatabaseError> =>
  Effect.suspend(() => {
    const wrong = wrongOption(options, rules, example)
    if (wrong === undefined) return Effect.void
    return Effect.fail(new DatabaseError({ reason: new InvalidOption({ failure: sayWrong(of, wrong) }) }))
  })
