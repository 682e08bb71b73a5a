/** What is left when a retry policy gives up. */
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

/** Every attempt that the retry policy allows has failed. `last` is what the last one failed with. */
export class RetriesExhausted extends Schema.TaggedError<RetriesExhausted, ReasonTraits>(
  "pgkeel/error/RetriesExhausted"
)("RetriesExhausted", {
  ...contextFields,
  attempts: Schema.Array(Attempt),
  last: SingleReason
}) {
  static {
    define(this, {
      code: "PGK7004",
      category: "outcome",
      transient: false,
      connectionLost: false,
      retryScope: "never",
      message: ({ attempts, last }) =>
        `gave up after ${attempts.length} ${attempts.length === 1 ? "attempt" : "attempts"}; the last: ${last.message}`
    })
  }
}
