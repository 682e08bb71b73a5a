/** What is given for the options of credentials, where no compiler has looked at it. */
import type * as Effect from "effect/Effect"
import { refuseWrong, sayWrong } from "../../config/internal/options.ts"
import type { Taken } from "../../config/internal/options.ts"
import * as Rule from "../../config/internal/rules.ts"
import { CredentialError, InvalidOption } from "../CredentialError.ts"

export const number: Rule.Rule = { accepted: "a number", problem: Rule.number }

export type { Taken }

export const checkOptions = <Options>(taken: Taken<Options>, options: unknown): Effect.Effect<void, CredentialError> =>
  refuseWrong(
    options,
    taken,
    (wrong) => new CredentialError({ reason: new InvalidOption({ description: sayWrong(taken.of, wrong) }) })
  )
