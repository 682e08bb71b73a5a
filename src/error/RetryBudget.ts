/**
 * How much may be run again, so that retries do not multiply an outage.
 *
 * When a server is down or overloaded, every call fails, and clients that each try
 * five times send it five times the load just when it can bear least. A budget
 * bounds that for all calls of a client together: successes earn a fraction of a
 * retry each, every retry costs one, and a small number a second is free, so that a
 * quiet client may retry too. It is a token bucket, as in Finagle's `RetryBudget`
 * and gRPC's retry throttling (gRFC A6).
 *
 * What an answering server asks for costs nothing: it rolled back a conflicting
 * transaction so that it be run again, and a healthy application under
 * `SERIALIZABLE` may do that more often than it succeeds at once. Neither does
 * waiting for a server that a circuit breaker keeps from being asked.
 *
 * Policies look for the service in their context. `RetryBudget.layer` beside a
 * client gives that client one of its own; without it, everything in the process
 * shares one, by the defaults.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { number, optionProblem } from "./internal/optionProblem.ts"
import type { OptionTypes } from "./internal/optionProblem.ts"
import type { Reason } from "./Reason.ts"

export interface Options {
  /** How many retries a second are free. Default 10. */
  readonly perSecond?: number | undefined
  /** What part of a retry each success earns. Default 0.2: one retry for five successes. */
  readonly ratio?: number | undefined
  /** How many retries are saved up at most; there are that many at the start. Default 100; infinity switches it off. */
  readonly capacity?: number | undefined
}

const optionTypes: OptionTypes<Options> = { perSecond: number, ratio: number, capacity: number }

export class RetryBudget extends Context.Service<
  RetryBudget,
  {
    /** Told of each success. Runs on the way of every call, so it only adds. */
    readonly earn: () => void
    /** Takes one retry at this time by the caller's clock; false when none is left. */
    readonly spend: (nowMillis: number) => boolean
    /** How many retries are left. */
    readonly left: Effect.Effect<number>
  }
>()("pgkeel/error/RetryBudget") {
  /** Throws where the options are wrong, which is a bug: there is no effect to fail. */
  static readonly make = (options: Options = {}): RetryBudget["Service"] => {
    const problem = optionProblem("RetryBudget", options, optionTypes)
    if (problem !== undefined) throw new Error(problem)
    const { capacity = 100, perSecond = 10, ratio = 0.2 } = options
    let tokens = capacity
    let filledAt: number | undefined
    const fill = (now: number): void => {
      // A clock that was set back gives nothing, and counts from there.
      if (filledAt !== undefined && now > filledAt) {
        tokens = Math.min(capacity, tokens + ((now - filledAt) * perSecond) / 1000)
      }
      filledAt = now
    }
    return RetryBudget.of({
      earn: () => {
        tokens = Math.min(capacity, tokens + ratio)
      },
      spend: (now) => {
        fill(now)
        if (tokens < 1) return false
        tokens -= 1
        return true
      },
      left: Effect.map(Clock.currentTimeMillis, (now) => {
        fill(now)
        return Math.floor(tokens)
      })
    })
  }

  /** A budget of its own for whatever runs with this layer. */
  static readonly layer = (options?: Options): Layer.Layer<RetryBudget> =>
    Layer.sync(RetryBudget, () => RetryBudget.make(options))

  /** The budget of a context, or else that of the process. */
  static readonly from = (context: Context.Context<never>, clock: Clock.Clock): RetryBudget["Service"] =>
    Context.getOrUndefined(context, RetryBudget) ?? sharedBy(clock)

  /** Whether running again after this failure takes from the budget. */
  static readonly charges = ({ _tag, category }: Reason): boolean =>
    _tag !== "CircuitOpen" && category !== "conflict" && category !== "stale_prepared"
}

/** One for the process, which has one clock. A test with a clock of its own starts with a full one. */
const shared = new WeakMap<Clock.Clock, RetryBudget["Service"]>()

const sharedBy = (clock: Clock.Clock): RetryBudget["Service"] => {
  const found = shared.get(clock)
  if (found !== undefined) return found
  const made = RetryBudget.make()
  shared.set(clock, made)
  return made
}
