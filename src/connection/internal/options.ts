/** Options of functions that fail with `DatabaseError`, where no compiler has looked at them. */
import type * as Effect from "effect/Effect"
import { refuseWrong, sayWrong } from "../../config/internal/options.ts"
import type { Taken } from "../../config/internal/options.ts"
import { DatabaseError } from "../../error/DatabaseError.ts"
import { InvalidOption } from "../../error/Reason.ts"

export type { Taken }

export const checkOptions = <Options>(taken: Taken<Options>, options: unknown): Effect.Effect<void, DatabaseError> =>
  refuseWrong(
    options,
    taken,
    (wrong) => new DatabaseError({ reason: new InvalidOption({ failure: sayWrong(taken.of, wrong) }) })
  )
