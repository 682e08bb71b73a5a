/**
 * Running again what failed, and only what is safe to run again.
 *
 * A policy looks at the reason's retry scope: what was certainly not applied may
 * be repeated in that unit. A failure whose outcome is unknown is never
 * repeated, transient or not. Inside a transaction that is open around it no
 * policy repeats anything, since the server has failed the whole: the policy
 * around that transaction does.
 *
 * Waits are exponential with full jitter, counted, and bounded in time; a
 * {@link RetryBudget} bounds them for all calls of a client together. When a policy
 * gives up, the error's reason becomes `RetriesExhausted`, with every attempt in it
 * and why there is no other. In the type it takes the place of the reasons that the
 * policy always runs again.
 */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Schedule from "effect/Schedule"
import type { DatabaseError } from "./DatabaseError.ts"
import type { Policy, Retried } from "./internal/retried.ts"
import { type Refresh, retrying } from "./internal/retryLoop.ts"
import * as Rules from "./internal/retryRules.ts"
import { backoff, type BackoffOptions, connectionPace, type Options, pace } from "./internal/retrySchedule.ts"

export type { BackoffOptions, Options, Policy, Retried }

export type ConnectionOptions = Options & {
  /**
   * Gets other credentials when the server has refused the login (28P01, 28000), and
   * says whether there are any. Asked once; without it a refused login is final.
   */
  readonly refresh?: Refresh | undefined
}

/** The reasons that each policy always runs again, and takes out of the type. */
export const alwaysRetried = {
  statement: Rules.statement.always,
  transaction: Rules.transaction.always,
  connection: Rules.connection.always,
  whenSafe: Rules.session.always
} as const

export type StatementRetried = Rules.AlwaysOf<typeof Rules.statement>
export type TransactionRetried = Rules.AlwaysOf<typeof Rules.transaction>
export type ConnectionRetried = Rules.AlwaysOf<typeof Rules.connection>

/** The waits of a policy, for use elsewhere: exponential with full jitter, capped, counted and bounded in time. */
export const schedule: (options?: BackoffOptions) => Schedule.Schedule<Duration.Duration> = (options = {}) =>
  backoff(options)

/**
 * Whether connecting again may help: nobody listens, the server starts, it is
 * full, or the connection was lost before anything was sent. A wrong password, a
 * missing database, refused TLS and malformed options stay as they are.
 */
export const isConnectionRetryable = (error: DatabaseError): boolean =>
  Rules.decide(Rules.connection, error.reason) === "again"

/**
 * Runs a transaction again, from its BEGIN. The effect must be the whole
 * transaction; as a part of one that is open it is run once.
 */
export const transaction = (options: Options = {}): Policy<TransactionRetried> =>
  retrying(Rules.transaction, pace(options))

/** Connects again. The effect must be the attempt to connect and nothing else. */
export const connection = ({ refresh, ...options }: ConnectionOptions = {}): Policy<ConnectionRetried> =>
  retrying(Rules.connection, connectionPace(options), refresh)

/**
 * Runs one statement again if nothing of it was sent, or if it is known to have
 * run outside a transaction and the server refused it. Inside an open transaction
 * it never does.
 */
export const statement = (options: Options = {}): Policy<StatementRetried> => retrying(Rules.statement, pace(options))

const SafeTypeId = "~pgkeel/error/Retry/Safe" as const

/** An effect that may be repeated as a whole, and why. */
export interface Safe<out A, out E = never, out R = never> extends Effect.Effect<A, E, R> {
  readonly [SafeTypeId]: "idempotent" | "session"
}

/** Promises that running the effect twice does what running it once does. */
export const idempotent = <A, E, R>(effect: Effect.Effect<A, E, R>): Safe<A, E, R> =>
  Object.assign(
    // A new effect, because the one given may be shared with those who promise nothing.
    Effect.suspend(() => effect),
    { [SafeTypeId]: "idempotent" as const }
  )

/**
 * Says that the effect is a whole session: it begins and ends its own transaction.
 * Only the type says so, and it costs nothing to say.
 */
export const wholeSession = <A, E, R>(effect: Effect.Effect<A, E, R>): Safe<A, E, R> => effect as Safe<A, E, R>

/** Runs again what its author marked as safe: `idempotent`, or a whole session. */
export const whenSafe = (
  options: Options = {}
): (<A, E, R>(effect: Safe<A, E, R>) => Effect.Effect<A, Retried<E, TransactionRetried>, R>) => {
  const paced = pace(options)
  return (effect) => retrying(effect[SafeTypeId] === "idempotent" ? Rules.idempotent : Rules.session, paced)(effect)
}
