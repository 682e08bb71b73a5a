/** What a provisioner may be given, where no compiler has looked at it. */
import type * as Effect from "effect/Effect"
import { refuseWrong } from "../../config/internal/options.ts"
import type { Taken } from "../../config/internal/options.ts"
import * as Rule from "../../config/internal/rules.ts"
import type { Rules } from "../../config/internal/rules.ts"
import type { DesiredState } from "../DesiredState.ts"
import type { ProvisionerOptions } from "../ProvisionerOptions.ts"
import { InvalidOption, ProvisioningError } from "../ProvisioningError.ts"

const optionalText = Rule.optional(Rule.text)

const stateRules: Rules<DesiredState> = {
  database: { accepted: "the name of a database, as text", problem: Rule.text, isRequired: true },
  roles: {
    accepted: `names such as { owner: "shop_owner", migrator: "shop_migrator", application: "shop_app" }`,
    problem: Rule.record({
      owner: optionalText,
      migrator: optionalText,
      application: optionalText
    } satisfies Record<keyof NonNullable<DesiredState["roles"]>, Rule.Problem>)
  },
  extensions: { accepted: `names such as ["pgcrypto", "pg_trgm"]`, problem: Rule.listOf(Rule.text) },
  schemas: { accepted: `names such as ["public"]`, problem: Rule.listOf(Rule.text) }
}

const optionRules: Rules<ProvisionerOptions> = {
  admin: {
    accepted: "an object such as { url: Redacted.make(url) }",
    // What is in it is for the configuration to say.
    problem: (value) => (Rule.isRecord(value) ? undefined : Rule.kindOf(value))
  },
  credentialsFile: { accepted: `a path such as ".env.credentials"`, problem: Rule.text },
  patience: Rule.anyDuration
}

const check = <Options>(given: unknown, taken: Taken<Options>): Effect.Effect<void, ProvisioningError> =>
  refuseWrong(given, taken, (wrong) => new ProvisioningError({ reason: new InvalidOption({ of: taken.of, ...wrong }) }))

export const checkOptions = (options: ProvisionerOptions): Effect.Effect<void, ProvisioningError> =>
  check(options, {
    of: "Provisioner.layer",
    rules: optionRules,
    example: `{ credentialsFile: ".env.credentials" }`
  })

export const checkState = (of: string, state: DesiredState): Effect.Effect<void, ProvisioningError> =>
  check(state, { of, rules: stateRules, example: `{ database: "shop" }` })
