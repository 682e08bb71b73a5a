/** What is given for the options of credentials, where no compiler has looked at it. */
import * as Effect from "effect/Effect"
import { sayWrong, wrongOption } from "../../config/internal/options.ts"
import type { Taken } from "../../config/internal/options.ts"
import * as Rule from "../../config/internal/rules.ts"
import { CredentialError, InvalidOption } from "../CredentialError.ts"

export const text: Rule.Rule = { accepted: "text", problem: Rule.text }

export const number: Rule.Rule = { accepted: "a number", problem: Rule.number }

export type { Taken }

/** Fails with the first option that is wrong, before anything is done. */
export const checkOptions = <Options>(
  { example, of, rules }: Taken<Options>,
  options: unknown
): Effect.Effect<void, CredentialError> =>
  Effect.suspend(() => {
    const wrong = wrongOption(options, rules, example)
    if (wrong === undefined) return Effect.void
    return Effect.fail(new CredentialError({ reason: new InvalidOption({ description: sayWrong(of, wrong) }) }))
  })
