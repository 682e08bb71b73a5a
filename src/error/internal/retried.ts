/** What a retry policy makes of an error's type. */
import type * as Effect from "effect/Effect"
import type { SqlError } from "effect/sql/SqlError"
import type { DatabaseErrorWith } from "../DatabaseError.ts"
import type { OutcomeUnknown, Reason, RetriesExhausted } from "../Reason.ts"

export type Tag = Reason["_tag"]

/** Any database failure that an error channel may hold: the driver's has every reason. */
type ReasonsOf<E> = E extends SqlError
  ? Reason
  : E extends { readonly _tag: "DatabaseError"; readonly reason: infer R extends Reason }
    ? R
    : never

type Others<E> = E extends SqlError | { readonly _tag: "DatabaseError"; readonly reason: Reason } ? never : E

/**
 * What a policy leaves of an error channel: the reasons `K` that it always runs
 * again are gone, and `RetriesExhausted` stands for them. Errors of the application
 * stay as they are, and a channel without database failures gets none.
 */
export type Retried<E, K extends Tag = never> =
  | Others<E>
  | ([ReasonsOf<E>] extends [never]
      ? never
      : DatabaseErrorWith<Exclude<ReasonsOf<E>, { readonly _tag: K }> | RetriesExhausted | OutcomeUnknown>)

/** Runs an effect again while that is safe and may help. */
export type Policy<K extends Tag = never> = <A, E, R>(
  effect: Effect.Effect<A, E, R>
) => Effect.Effect<A, Retried<E, K>, R>
