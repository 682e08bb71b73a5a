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
 *
 * Options that do not exist or have a wrong type are a bug: whatever is run by such a
 * policy dies before it begins.
 */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import type { DatabaseError } from "./DatabaseError.ts"
import { optionProblem } from "./internal/optionProblem.ts"
import type { Policy, Retried, Tag } from "./internal/retried.ts"
import { type Refresh, retrying } from "./internal/retryLoop.ts"
import * as Rules from "./internal/retryRules.ts"
import { backoff, connectionPace, optionTypes, pace } from "./internal/retrySchedule.ts"
import type { BackoffOptions, Options } from "./internal/retrySchedule.ts"

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

const connectionTypes = {
  ...optionTypes,
  refresh: { accepted: "an Effect that says whether there are other credentials", accepts: Effect.isEffect }
}

/** The waits of a policy, for use elsewhere: exponential with full jitter, capped, counted and bounded in time. */
export const schedule = (options: BackoffOptions = {}): Schedule.Schedule<Duration.Duration> => {
  const problem = optionProblem("Retry.schedule", options, optionTypes)
  return problem === undefined ? backoff(options) : Schedule.fromStep(Effect.die(new Error(problem)))
}

/** What a policy does, unless it was given what it cannot take. */
const policy = <K extends Tag>(problem: string | undefined, make: () => Policy<K>): Policy<K> =>
  problem === undefined ? make() : () => Effect.die(new Error(problem))

const paced = <K extends Tag>(of: string, rule: Rules.Rule<K>, options: Options): Policy<K> =>
  policy(optionProblem(of, options, optionTypes), () => retrying(rule, pace(options)))

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
  paced("Retry.transaction", Rules.transaction, options)

/** Connects again. The effect must be the attempt to connect and nothing else. */
export const connection = (options: ConnectionOptions = {}): Policy<ConnectionRetried> =>
  policy(optionProblem("Retry.connection", options, connectionTypes), () =>
    retrying(Rules.connection, connectionPace(options), options.refresh)
  )

/**
 * Runs one statement again if nothing of it was sent, or if it is known to have
 * run outside a transaction and the server refused it. Inside an open transaction
 * it never does.
 */
export const statement = (options: Options = {}): Policy<StatementRetried> =>
  paced("Retry.statement", Rules.statement, options)

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
  const idempotent = paced("Retry.whenSafe", Rules.idempotent, options)
  const session = paced("Retry.whenSafe", Rules.session, options)
  return (effect) => (effect[SafeTypeId] === "idempotent" ? idempotent(effect) : session(effect))
}
