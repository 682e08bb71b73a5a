/**
 * Running again what failed, and only what is safe to run again.
 *
 * A policy looks at the reason's retry scope: what was certainly not applied may
 * be repeated in that unit. A failure whose outcome is unknown is never
 * repeated, transient or not. Delays are exponential with full jitter, so that
 * clients that failed together do not come back together (Brooker, "Exponential
 * Backoff And Jitter"). When a policy gives up, the error's reason becomes
 * `RetriesExhausted`, with every attempt in it.
 */
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import * as Random from "effect/Random"
import * as Schedule from "effect/Schedule"
import type { SqlError } from "effect/sql/SqlError"
import { DatabaseError } from "./DatabaseError.ts"
import { type Attempt, RetriesExhausted } from "./Reason.ts"
import type { RetryScope } from "./RetryScope.ts"

export interface Options {
  /** The longest wait after the first failure; it doubles with each. Default 50 milliseconds, for connections 200. */
  readonly base?: Duration.Input | undefined
  /** No wait is longer. Default 2 seconds, for connections 10. */
  readonly cap?: Duration.Input | undefined
  /** How often it is run at most, the first run included. Default 5, for connections 10. */
  readonly attempts?: number | undefined
  /** No wait ends later than this after the first failure. Default 30 seconds, for connections a minute. */
  readonly budget?: Duration.Input | undefined
}

/** What a policy leaves of an error channel. */
export type Retried<E> = Exclude<E, SqlError> | DatabaseError

export type Policy = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, Retried<E>, R>

const defaults = { base: "50 millis", cap: "2 seconds", attempts: 5, budget: "30 seconds" } as const

const connectionDefaults = { base: "200 millis", cap: "10 seconds", attempts: 10, budget: "1 minute" } as const

/** Exponential delays with full jitter: anything from nothing to `base * 2^n`, capped, counted and budgeted. */
export const schedule = (options: Options = {}): Schedule.Schedule<Duration.Duration> => {
  const base = millisOf(options.base ?? defaults.base)
  const cap = millisOf(options.cap ?? defaults.cap)
  const budget = millisOf(options.budget ?? defaults.budget)
  const attempts = options.attempts ?? defaults.attempts
  return Schedule.fromStepWithMetadata(
    Effect.succeed(({ attempt, elapsed }: Schedule.InputMetadata<unknown>) =>
      Effect.flatMap(Random.next, (random) => {
        const delay = Duration.millis(random * Math.min(cap, base * 2 ** (attempt - 1)))
        return attempt >= attempts || elapsed + Duration.toMillis(delay) > budget
          ? Cause.done(delay)
          : Effect.succeed<[Duration.Duration, Duration.Duration]>([delay, delay])
      })
    )
  )
}

/** The schedule of `connection`, for a state machine that connects by its own steps. */
export const connectionSchedule = (options: Options = {}): Schedule.Schedule<Duration.Duration> =>
  schedule({ ...connectionDefaults, ...options })

/**
 * Whether connecting again may help: nobody listens, the server starts, it is
 * full, or the connection was lost before anything was sent. A wrong password, a
 * missing database, refused TLS and malformed options stay as they are.
 */
export const isConnectionRetryable = (error: DatabaseError): boolean => allows(["connection"])(error)

/** Runs a transaction again, from its BEGIN. The effect must be the whole transaction. */
export const transaction = (options?: Options): Policy =>
  policy("transaction", allows(["statement", "transaction", "connection"]), schedule(options))

/** Connects again. The effect must be the attempt to connect and nothing else. */
export const connection = (options?: Options): Policy =>
  policy("connection", isConnectionRetryable, connectionSchedule(options))

/**
 * Runs one statement again if nothing of it was sent, or if it is known to have
 * run outside a transaction and the server refused it. Inside an open transaction
 * it never does.
 */
export const statement = (options?: Options): Policy => policy("statement", isStatementRetryable, schedule(options))

const isStatementRetryable = (error: DatabaseError): boolean => {
  const { phase } = error.reason
  if (phase === "transaction_open" || phase === "commit_sent") return false
  return allows(phase === undefined ? ["statement"] : ["statement", "transaction", "connection"])(error)
}

const SafeTypeId = "~pgkeel/error/Retry/Safe" as const

/** An effect that may be repeated as a whole, and why. */
export interface Safe<out A, out E = never, out R = never> extends Effect.Effect<A, E, R> {
  readonly [SafeTypeId]: "idempotent" | "session"
}

const mark = <A, E, R>(effect: Effect.Effect<A, E, R>, why: "idempotent" | "session"): Safe<A, E, R> =>
  Object.assign(
    Effect.suspend(() => effect),
    { [SafeTypeId]: why }
  )

/** Promises that running the effect twice does what running it once does. */
export const idempotent = <A, E, R>(effect: Effect.Effect<A, E, R>): Safe<A, E, R> => mark(effect, "idempotent")

/** Says that the effect is a whole session: it begins and ends its own transaction. */
export const wholeSession = <A, E, R>(effect: Effect.Effect<A, E, R>): Safe<A, E, R> => mark(effect, "session")

/** Runs again what its author marked as safe: `idempotent`, or a whole session. */
export const whenSafe =
  (options?: Options) =>
  <A, E, R>(effect: Safe<A, E, R>): Effect.Effect<A, Retried<E>, R> =>
    policy(
      "when_safe",
      effect[SafeTypeId] === "idempotent" ? isIdempotentRetryable : isSessionRetryable,
      schedule(options)
    )(effect)

const allows =
  (scopes: ReadonlyArray<RetryScope>) =>
  (error: DatabaseError): boolean =>
    error.transient && scopes.includes(error.retryScope)

const isSessionRetryable = allows(["statement", "transaction", "connection"])

const isIdempotentRetryable = allows(["statement", "transaction", "connection", "by_phase"])

const retries = Metric.counter("pgkeel_retries", {
  description: "Attempts that failed and were run again, by policy and reason",
  incremental: true
})

const policy = (
  name: string,
  isRetryable: (error: DatabaseError) => boolean,
  delays: Schedule.Schedule<Duration.Duration>
): Policy => {
  const isAllowed = (error: unknown): error is DatabaseError =>
    DatabaseError.isDatabaseError(error) && isRetryable(error)
  return <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, Retried<E>, R> =>
    Effect.suspend(() => {
      const attempts: Array<Attempt> = []
      const recorded = Schedule.tap(delays, ({ duration }) => Effect.suspend(() => waited(name, attempts, duration)))
      return DatabaseError.refine(effect).pipe(
        Effect.tapError((error) => Effect.sync(() => record(attempts, error))),
        Effect.retry({ schedule: recorded, while: isAllowed }),
        Effect.mapError((error): Retried<E> => (isAllowed(error) ? exhausted(attempts, error) : error))
      )
    })
}

const record = (attempts: Array<Attempt>, error: unknown): void => {
  if (!DatabaseError.isDatabaseError(error)) return
  attempts.push({ reason: error.reason._tag, message: error.message, delayMillis: 0 })
}

/** Notes on the last attempt how long will be waited after it. */
const waited = (policyName: string, attempts: Array<Attempt>, duration: Duration.Duration): Effect.Effect<void> => {
  const last = attempts.pop()
  if (last === undefined) return Effect.void
  const delayMillis = Math.round(Duration.toMillis(duration))
  attempts.push({ ...last, delayMillis })
  return Effect.andThen(
    Metric.update(Metric.withAttributes(retries, { policy: policyName, reason: last.reason }), 1),
    Effect.logDebug(`attempt ${attempts.length} failed with ${last.reason}; the next starts in ${delayMillis} ms`)
  )
}

const exhausted = (attempts: ReadonlyArray<Attempt>, { reason }: DatabaseError): DatabaseError =>
  reason._tag === "RetriesExhausted"
    ? new DatabaseError({ reason })
    : new DatabaseError({ reason: new RetriesExhausted({ attempts, last: reason, phase: reason.phase }) })

const millisOf = (input: Duration.Input): number => Duration.toMillis(Duration.fromInputUnsafe(input))
