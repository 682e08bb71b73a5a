/**
 * Runs an effect until it succeeds or a rule says that it is enough, and shows
 * each step: in events of the current span, in metrics and in the error.
 *
 * A success pays for one look at the clock and one addition; all else is made when
 * the first failure comes.
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as Metric from "effect/Metric"
import * as Pull from "effect/Pull"
import * as Schedule from "effect/Schedule"
import { noteSession, sessionOf } from "../ActiveSession.ts"
import { DatabaseError } from "../DatabaseError.ts"
import {
  type Attempt,
  type GaveUp,
  OutcomeUnknown,
  type Reason,
  RetriesExhausted,
  type SingleReason
} from "../Reason.ts"
import { RetryBudget } from "../RetryBudget.ts"
import type { Policy, Retried, Tag } from "./retried.ts"
import { Applied, CurrentAttempt } from "./applied.ts"
import { decide, isTransactionOpen, type Rule, type Verdict } from "./retryRules.ts"
import { closedFor, type Pace } from "./retrySchedule.ts"

/** Gets other credentials after the server has refused a login; false when there are none. */
export type Refresh = Effect.Effect<boolean>

export const retrying =
  <K extends Tag>(rule: Rule<K>, pace: Pace, refresh?: Refresh): Policy<K> =>
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, Retried<E, K>, R> =>
    Effect.withFiber((fiber) => {
      const clock = fiber.getRef(Clock.Clock)
      const startedAt = clock.currentTimeMillisUnsafe()
      const budget = RetryBudget.from(fiber.context, clock)
      let run: Run | undefined
      const begin = Effect.suspend(() =>
        Effect.map(Schedule.toStep(pace.scheduleFrom(startedAt)), (step) => {
          run = { rule, pace, step, refresh, fiber, clock, budget, applied, attempts: [], refreshed: false }
          return run
        })
      )
      const applied = new Applied(fiber.getRef(CurrentAttempt))
      const attempt: Effect.Effect<A, Retried<E, K>, R> = Effect.matchEffect(within(applied, effect), {
        onSuccess: (value) => {
          budget.earn()
          return Effect.succeed(value)
        },
        onFailure: (error) => {
          const left = Effect.flatMap(run === undefined ? begin : Effect.succeed(run), (run) => failed(run, error))
          // What is left of the error is what `Retried` says: the rules and that type read one table.
          return Effect.andThen(left as Effect.Effect<void, Retried<E, K>>, attempt)
        }
      })
      return attempt
    })

const within = <A, E, R>(applied: Applied, effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.provideService(effect, CurrentAttempt, applied)

/** What is known after the first failure. */
interface Run {
  readonly rule: Rule
  readonly pace: Pace
  /** The next wait, or the end of the schedule. */
  readonly step: (now: number, error: DatabaseError) => Pull.Pull<readonly [unknown, Duration.Duration], never, unknown>
  readonly refresh: Refresh | undefined
  readonly fiber: Fiber.Fiber<unknown, unknown>
  readonly clock: Clock.Clock
  readonly budget: RetryBudget["Service"]
  readonly applied: Applied
  readonly attempts: Array<Attempt>
  refreshed: boolean
}

/** Ends when it is time for the next run, and fails when there is none. */
const failed = (run: Run, error: unknown): Effect.Effect<void, unknown> =>
  Effect.flatMap(Effect.flip(DatabaseError.refine(Effect.fail(error))), (failure) => {
    if (!DatabaseError.isDatabaseError(failure)) return Effect.fail(failure)
    const reason = innermost(failure.reason)
    if (reason === undefined) return Effect.fail(failure)
    run.attempts.push({ reason: reason._tag, message: reason.message, delayMillis: 0 })
    return Effect.flatMap(judge(run, reason), (verdict) => {
      switch (verdict) {
        case "again":
          return wait(run, reason === failure.reason ? failure : new DatabaseError({ reason }), reason)
        case "part":
          return giveUp(run, reason, "transaction_open")
        case "applied":
          return giveUp(run, reason, "partly_applied")
        case "unknown":
          return Effect.fail(new DatabaseError({ reason: inSessionOf(reason, unknown(reason)) }))
        case "pass":
          return Effect.fail(failure)
      }
    })
  })

/** A policy inside an open transaction leaves it to the one around that transaction to run everything again. */
const innermost = (reason: Reason): SingleReason | undefined =>
  reason._tag !== "RetriesExhausted" ? reason : reason.gaveUp === "transaction_open" ? reason.last : undefined

const judge = (run: Run, reason: SingleReason): Effect.Effect<Verdict> => {
  if (reason._tag === "AuthenticationFailed" && run.refresh !== undefined && !run.refreshed) {
    run.refreshed = true
    return Effect.map(run.refresh, (another) => (another ? "again" : "pass"))
  }
  const standing = { isTransactionOpen: isTransactionOpen(run.fiber.context), isPartlyApplied: run.applied.stays }
  return Effect.succeed(decide(run.rule, reason, standing))
}

const wait = (run: Run, error: DatabaseError, reason: SingleReason): Effect.Effect<void, DatabaseError> =>
  Effect.suspend(() => {
    const now = run.clock.currentTimeMillisUnsafe()
    return Pull.matchEffect(run.step(now, error), {
      onSuccess: ([, wait]) => {
        const delay = Duration.max(wait, Duration.millis(closedFor(error)))
        if (RetryBudget.charges(reason) && !run.budget.spend(now)) return giveUp(run, reason, "retry_budget")
        return Effect.andThen(showRetry(run, reason, Math.round(Duration.toMillis(delay))), Effect.sleep(delay))
      },
      onFailure: Effect.failCause,
      onDone: () => giveUp(run, reason, run.pace.endedAfter(run.attempts.length))
    })
  })

const giveUp = (run: Run, last: SingleReason, gaveUp: GaveUp): Effect.Effect<void, DatabaseError> => {
  const { phase, statement } = last
  const reason = inSessionOf(
    last,
    new RetriesExhausted({ attempts: [...run.attempts], gaveUp, last, phase, statement })
  )
  return Effect.andThen(showGivenUp(run, reason), Effect.fail(new DatabaseError({ reason })))
}

/** What takes the place of a failure struck in the same session. */
const inSessionOf = <R extends Reason>(last: SingleReason, reason: R): R => {
  noteSession(reason, sessionOf(last))
  return reason
}

const unknown = ({ message, phase, statement }: SingleReason): OutcomeUnknown =>
  new OutcomeUnknown({ failure: message, phase, statement })

const retries = Metric.counter("pgkeel_retries", {
  description: "Attempts that failed and were run again, by policy and reason",
  incremental: true
})

const exhaustions = Metric.counter("pgkeel_retries_exhausted", {
  description: "Failures that were given up on, by policy, last reason and why no other attempt was made",
  incremental: true
})

const showRetry = (run: Run, { _tag: reason }: SingleReason, delayMillis: number): Effect.Effect<void> => {
  const { attempts, rule } = run
  const attempt = attempts.length
  const last = attempts.pop()
  if (last !== undefined) attempts.push({ ...last, delayMillis })
  event(run, "pgkeel.retry", { attempt, reason, delay_millis: delayMillis })
  return Effect.andThen(
    Metric.update(Metric.withAttributes(retries, { policy: rule.name, reason }), 1),
    Effect.logDebug(`attempt ${attempt} failed with ${reason}; the next starts in ${delayMillis} ms`)
  )
}

const showGivenUp = (run: Run, { attempts, gaveUp, last }: RetriesExhausted): Effect.Effect<void> => {
  event(run, "pgkeel.retries_exhausted", { attempts: attempts.length, reason: last._tag, gave_up: gaveUp })
  return Metric.update(
    Metric.withAttributes(exhaustions, { policy: run.rule.name, reason: last._tag, gave_up: gaveUp }),
    1
  )
}

const event = ({ clock, fiber, rule }: Run, name: string, attributes: Record<string, unknown>): void => {
  const { span } = fiber.cache
  if (span?._tag === "Span") span.event(name, clock.currentTimeNanosUnsafe(), { policy: rule.name, ...attributes })
}
