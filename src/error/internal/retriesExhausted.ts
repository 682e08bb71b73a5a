/** What is left when a retry policy gives up. */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { contextFields, define, type ReasonTraits } from "./reasonClass.ts"
import { SingleReason } from "./singleReason.ts"

/** One run of an effect that was tried several times. */
export const Attempt = Schema.Struct({
  /** The reason's tag. */
  reason: Schema.String,
  message: Schema.String,
  /** How long was waited after it; 0 for the last. */
  delayMillis: Schema.Number
})
export type Attempt = typeof Attempt.Type

/**
 * Why a policy ran it no more:
 *
 * - `attempts`: it was run as often as the policy allows
 * - `schedule`: the schedule that the policy was given has ended
 * - `time`: the next wait would have ended after the policy's time
 * - `retry_budget`: too much else was being run again
 * - `transaction_open`: a transaction is open around it, and only the whole of that can be run again
 * - `partly_applied`: a part of it was committed before the rest failed
 */
export const GaveUp = Schema.Literals([
  "attempts",
  "schedule",
  "time",
  "retry_budget",
  "transaction_open",
  "partly_applied"
])
export type GaveUp = typeof GaveUp.Type

/**
 * A failure that may pass, and a retry policy that gave up on it. `attempts` holds
 * every run, and `last` what the last one failed with.
 */
export class RetriesExhausted extends Schema.TaggedError<RetriesExhausted, ReasonTraits>(
  "pgkeel/error/RetriesExhausted"
)("RetriesExhausted", {
  ...contextFields,
  attempts: Schema.Array(Attempt),
  gaveUp: GaveUp.pipe(Schema.withConstructorDefault(Effect.succeed("attempts" as const))),
  last: SingleReason
}) {
  static {
    define(this, {
      code: "PGK7004",
      category: "outcome",
      transient: false,
      connectionLost: false,
      retryScope: "never",
      message: ({ attempts, gaveUp, last }) => `${givenUp[gaveUp](counted(attempts))}: ${last.message}`
    })
  }
}

const counted = ({ length }: ReadonlyArray<Attempt>): string => `${length} ${length === 1 ? "attempt" : "attempts"}`

const givenUp: { readonly [K in GaveUp]: (attempts: string) => string } = {
  attempts: (attempts) => `gave up after ${attempts}; the last`,
  schedule: (attempts) => `gave up after ${attempts}, with the end of its schedule; the last`,
  time: (attempts) => `gave up after ${attempts} because the time for them was over; the last`,
  retry_budget: (attempts) =>
    `gave up after ${attempts} because too many others are being run again (the retry budget is empty); the last`,
  partly_applied: () =>
    "not run again because a part of it was committed already: put the retry policy around each transaction; the failure",
  transaction_open: () =>
    "not run again because a transaction is open around it: put the retry policy around the whole transaction; the failure"
}
