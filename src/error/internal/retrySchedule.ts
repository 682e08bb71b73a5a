/**
 * How long to wait before the next attempt, as an Effect `Schedule`. Exponential
 * with full jitter, so that clients that failed together do not come back together
 * (Brooker, "Exponential Backoff And Jitter").
 */
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import * as Schedule from "effect/Schedule"
import { DatabaseError } from "../DatabaseError.ts"
import { duration, number } from "./optionProblem.ts"
import type { OptionTypes } from "./optionProblem.ts"
import type { GaveUp } from "./retriesExhausted.ts"

export interface BackoffOptions {
  /** The longest wait after the first failure; it doubles with each. Default 50 milliseconds, for connections 200. */
  readonly base?: Duration.Input | undefined
  /** No wait is longer. Default 2 seconds, for connections 10. */
  readonly cap?: Duration.Input | undefined
  /** How often it is run at most, the first run included. Default 5, for connections 10. */
  readonly attempts?: number | undefined
  /**
   * No wait ends later than this after the start of the first run. The time that the
   * runs take counts; a run is not cut short. Default 30 seconds, for connections a minute.
   */
  readonly budget?: Duration.Input | undefined
  readonly schedule?: undefined
}

/** The waits of any schedule, which is given each failure; when it ends, the policy gives up. */
export interface ScheduleOptions {
  readonly schedule: Schedule.Schedule<unknown, DatabaseError>
}

export type Options = BackoffOptions | ScheduleOptions

export const optionTypes: OptionTypes<BackoffOptions> = {
  base: duration,
  cap: duration,
  attempts: number,
  budget: duration,
  schedule: { accepted: "a Schedule of effect", accepts: Schedule.isSchedule }
}

/** The same in milliseconds. */
interface Backoff {
  readonly base: number
  readonly cap: number
  readonly attempts: number
  readonly budget: number
}

const defaults: Backoff = { base: 50, cap: 2_000, attempts: 5, budget: 30_000 }

const connectionDefaults: Backoff = { base: 200, cap: 10_000, attempts: 10, budget: 60_000 }

/** The waits of one policy, for each effect that it runs anew. */
export interface Pace {
  readonly scheduleFrom: (startedAt: number) => Schedule.Schedule<unknown, DatabaseError>
  /** Why it has ended after so many attempts. */
  readonly endedAfter: (attempts: number) => GaveUp
}

export const pace = (options: Options): Pace => paceOf(options, defaults)

export const connectionPace = (options: Options): Pace => paceOf(options, connectionDefaults)

/** Counts from its first step. */
export const backoff = (options: BackoffOptions): Schedule.Schedule<Duration.Duration> =>
  exponential(backoffOf(options, defaults))

const paceOf = (options: Options, fallback: Backoff): Pace => {
  const { schedule } = options
  if (schedule !== undefined) return { scheduleFrom: () => schedule, endedAfter: () => "schedule" }
  const limits = backoffOf(options, fallback)
  return {
    scheduleFrom: (startedAt) => exponential(limits, startedAt),
    endedAfter: (attempts) => (attempts >= limits.attempts ? "attempts" : "time")
  }
}

const backoffOf = (options: BackoffOptions, fallback: Backoff): Backoff => ({
  base: millisOf(options.base, fallback.base),
  cap: millisOf(options.cap, fallback.cap),
  attempts: options.attempts ?? fallback.attempts,
  budget: millisOf(options.budget, fallback.budget)
})

const millisOf = (input: Duration.Input | undefined, fallback: number): number =>
  input === undefined ? fallback : Duration.toMillis(Duration.fromInputUnsafe(input))

const exponential = (
  { attempts, base, budget, cap }: Backoff,
  startedAt?: number
): Schedule.Schedule<Duration.Duration> =>
  Schedule.fromStep(
    Effect.sync(() => {
      let attempt = 0
      let start = startedAt
      return (now: number, failure: unknown) =>
        Effect.flatMap(Random.next, (random) => {
          attempt++
          start ??= now
          // Far below the power at which zero times infinity would be no number.
          const jitter = random * Math.min(cap, base * 2 ** Math.min(attempt - 1, 60))
          const wait = closedFor(failure) + jitter
          if (attempt >= attempts || now - start + wait > budget) return Cause.done(Duration.zero)
          const delay = Duration.millis(wait)
          return Effect.succeed<[Duration.Duration, Duration.Duration]>([delay, delay])
        })
    })
  )

/** How long the server is not even asked after a failure, in milliseconds. */
export const closedFor = (failure: unknown): number =>
  DatabaseError.isDatabaseError(failure) && failure.reason._tag === "CircuitOpen" ? failure.reason.retryAfterMillis : 0
