/**
 * What is wrong with the options of a session, where no compiler has looked at
 * them: a misspelt `actor` would write rows that nobody has written.
 *
 * Every session passes here, so what is right costs one comparison for each option
 * that is given, and only what is wrong is explained.
 */
import * as Effect from "effect/Effect"
import { wrongValue } from "../../config/internal/options.ts"
import * as Rule from "../../config/internal/rules.ts"
import type { Rules } from "../../config/internal/rules.ts"
import { optionTypes } from "../../error/internal/retrySchedule.ts"
import type { Propagation } from "../Propagation.ts"
import type { SessionDefaults, SessionOptions } from "../Session.ts"
import { InvalidSessionOption, SessionError } from "../SessionError.ts"

/** The isolation level becomes part of a statement, so that nothing else may pass. */
const isolations: ReadonlyArray<unknown> = ["read committed", "repeatable read", "serializable"]

const propagations: ReadonlyArray<unknown> = [
  "required",
  "requires-new",
  "nested",
  "supports",
  "not-supported",
  "mandatory",
  "never"
] satisfies ReadonlyArray<Propagation>

const retryOptions = Rule.record(
  Object.fromEntries(
    Object.entries(optionTypes).map(([name, { accepts }]) => [
      name,
      Rule.optional((value) => (accepts(value) ? undefined : Rule.kindOf(value)))
    ])
  )
)

const defaultsRules: Rules<SessionDefaults> = {
  component: Rule.anyText,
  isolation: Rule.oneOf(isolations, "no isolation level"),
  readOnly: Rule.anyFlag,
  deferrable: Rule.anyFlag,
  role: Rule.anyText,
  statementTimeout: Rule.anyDuration,
  lockTimeout: Rule.anyDuration,
  idleTimeout: Rule.anyDuration,
  timeout: Rule.anyDuration,
  maxAge: Rule.anyDuration,
  maxIdle: Rule.anyDuration,
  retry: {
    accepted: "false, or options as of Retry.transaction",
    problem: (value) => (value === false ? undefined : retryOptions(value))
  }
}

/** For the defaults of all sessions, as an option of something else. */
export const defaults: Rule.Rule = {
  accepted: `an object such as { component: "bot", statementTimeout: "5 seconds" }`,
  problem: Rule.record(
    Object.fromEntries(Object.entries(defaultsRules).map(([name, { problem }]) => [name, Rule.optional(problem)]))
  )
}

const rules: Rules<SessionOptions & { readonly propagation?: Propagation }> = {
  name: Rule.anyText,
  actor: Rule.anyText,
  tenant: Rule.anyText,
  ...defaultsRules,
  propagation: Rule.oneOf(propagations, "no propagation")
}

/** As `rules`, in the form that an engine is quick at; a test holds the two to each other. */
const isAccepted = (option: string, value: unknown): boolean => {
  switch (option) {
    case "actor":
    case "tenant":
    case "name":
    case "component":
    case "role":
      return value === undefined || typeof value === "string"
    case "isolation":
      return (
        value === undefined || value === "read committed" || value === "repeatable read" || value === "serializable"
      )
    case "readOnly":
    case "deferrable":
      return value === undefined || typeof value === "boolean"
    case "statementTimeout":
    case "lockTimeout":
    case "idleTimeout":
    case "timeout":
    case "maxAge":
    case "maxIdle":
      return value === undefined || Rule.anyDuration.problem(value) === undefined
    case "retry":
      return value === undefined || value === false || retryOptions(value) === undefined
    case "propagation":
      return value === undefined || propagations.includes(value)
    // A session that is open may be given as the options of one that joins it.
    case "id":
    case "openedAt":
    case "run":
      return true
    default:
      return false
  }
}

const explain = (option: string, value: unknown): SessionError => {
  const fallback = { option, problem: "is not accepted", accepted: "another value" }
  const reason = wrongValue(option, value, rules) ?? fallback
  return new SessionError({ reason: new InvalidSessionOption(reason) })
}

const notOptions = (value: unknown): SessionError => {
  const problem = Effect.isEffect(value) ? "an effect" : Rule.kindOf(value)
  const accepted = `an object before the effect, as in withSession({ actor: "ada" })(effect), or an empty one`
  return new SessionError({
    reason: new InvalidSessionOption({ option: undefined, problem: `are ${problem}`, accepted })
  })
}

/** Why there is no session with these options. */
export const refusal = (options: SessionOptions): SessionError | undefined => {
  if (typeof options !== "object" || options === null) return notOptions(options)
  const given = options as Readonly<Record<string, unknown>>
  for (const option in given) {
    if (!isAccepted(option, given[option])) {
      return Effect.isEffect(options) ? notOptions(options) : explain(option, given[option])
    }
  }
  return undefined
}
