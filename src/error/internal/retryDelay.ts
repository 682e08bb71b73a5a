/**
 * How long to wait before the next attempt. Exponential with full jitter, so that
 * clients that failed together do not come back together (Brooker, "Exponential
 * Backoff And Jitter").
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import type { GaveUp } from "./retriesExhausted.ts"

export interface DelayOptions {
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
}

/** The same in milliseconds. */
export interface Delays {
  readonly base: number
  readonly cap: number
  readonly attempts: number
  readonly budget: number
}

const defaults = { base: 50, cap: 2_000, attempts: 5, budget: 30_000 }

const connectionDefaults = { base: 200, cap: 10_000, attempts: 10, budget: 60_000 }

const resolve = (options: DelayOptions, fallback: Delays): Delays => ({
  base: millisOf(options.base, fallback.base),
  cap: millisOf(options.cap, fallback.cap),
  attempts: options.attempts ?? fallback.attempts,
  budget: millisOf(options.budget, fallback.budget)
})

export const delaysOf = (options: DelayOptions): Delays => resolve(options, defaults)

export const connectionDelaysOf = (options: DelayOptions): Delays => resolve(options, connectionDefaults)

/**
 * Milliseconds to wait after the attempt with this number, or why there is no other.
 * The jitter comes on top of what has to be waited `atLeast`.
 */
export const delayAfter = (
  { attempts, base, budget, cap }: Delays,
  attempt: number,
  elapsed: number,
  atLeast = 0
): Effect.Effect<number | Extract<GaveUp, "attempts" | "time">> =>
  Effect.map(Random.next, (random) => {
    if (attempt >= attempts) return "attempts"
    // Far below the power at which zero times infinity would be no number.
    const delay = atLeast + random * Math.min(cap, base * 2 ** Math.min(attempt - 1, 60))
    return elapsed + delay > budget ? "time" : delay
  })

const millisOf = (input: Duration.Input | undefined, fallback: number): number =>
  input === undefined ? fallback : Duration.toMillis(Duration.fromInputUnsafe(input))
