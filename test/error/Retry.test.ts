import { assert, describe, it } from "@effect/vitest"
import { Clock, Duration, Effect, Fiber, Metric, Random, Ref, Schedule, Tracer } from "effect"
import { SqlError, UnknownError } from "effect/sql/SqlError"
import { TestClock } from "effect/testing"
import { DatabaseError } from "../../src/error/DatabaseError.ts"
import * as Reason from "../../src/error/Reason.ts"
import * as Retry from "../../src/error/Retry.ts"

const error = (reason: Reason.Reason) => new DatabaseError({ reason })

const serialization = error(new Reason.SerializationFailure({}))
const refused = error(new Reason.ConnectionRefused({ phase: "connecting" }))
const lost = (phase?: Reason.Reason["phase"]) => error(new Reason.ConnectionLost({ phase }))

/** Fails with each of the errors in turn, then succeeds with the number of runs. */
const failing = (...errors: ReadonlyArray<DatabaseError>) =>
  Effect.gen(function* () {
    const runs = yield* Ref.make(0)
    const effect = Effect.gen(function* () {
      const run = yield* Ref.updateAndGet(runs, (count) => count + 1)
      const next = errors[run - 1]
      return next === undefined ? run : yield* next
    })
    return { effect, runs: Ref.get(runs) }
  })

/** Runs a retried effect while the test clock goes on. */
const settle = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const fiber = yield* Effect.forkChild(Effect.result(effect))
    yield* TestClock.adjust("10 minutes")
    return yield* Fiber.join(fiber)
  })

/** Why a retried effect was given up. */
const gaveUp = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.flatMap(settle(effect), (result) => {
    const failure = result._tag === "Failure" ? result.failure : undefined
    return DatabaseError.isDatabaseError(failure) && failure.reason._tag === "RetriesExhausted"
      ? Effect.succeed({ reason: failure.reason })
      : Effect.die(`it did not give up: ${String(failure)}`)
  })

/** How often a policy runs an effect that fails with this error once. */
const runsAfter = (policy: Retry.Policy, failure: DatabaseError) =>
  Effect.gen(function* () {
    const { effect, runs } = yield* failing(failure)
    yield* settle(policy(effect))
    return yield* runs
  })

const refusal = (phase?: Reason.Reason["phase"]) => error(new Reason.SerializationFailure({ severity: "ERROR", phase }))

const stale = (phase?: Reason.Reason["phase"]) => error(new Reason.StalePreparedStatement({ phase }))

/** How often a policy runs an effect that its author marked. */
const runsWhenSafe = (mark: typeof Retry.idempotent, failure: DatabaseError) =>
  Effect.gen(function* () {
    const { effect, runs } = yield* failing(failure)
    yield* settle(Retry.whenSafe()(mark(effect)))
    return yield* runs
  })

describe("Retry", () => {
  it.effect("runs a transaction again until it succeeds", () =>
    Effect.gen(function* () {
      const { effect } = yield* failing(serialization, error(new Reason.DeadlockDetected({})), lost("transaction_open"))
      const result = yield* settle(Retry.transaction()(effect))
      assert.deepInclude(result, { _tag: "Success", success: 4 })
    })
  )

  it.effect("gives up with every attempt and the last reason in the error", () =>
    Effect.gen(function* () {
      const deadlock = error(new Reason.DeadlockDetected({ serverMessage: "deadlock detected" }))
      const { effect, runs } = yield* failing(serialization, serialization, deadlock)
      const result = yield* settle(Retry.transaction({ attempts: 3 })(effect))
      assert.strictEqual(yield* runs, 3)
      if (result._tag === "Success" || result.failure.reason._tag !== "RetriesExhausted") return assert.fail("retried")
      const { attempts, last } = result.failure.reason
      assert.deepStrictEqual(
        attempts.map(({ reason }) => reason),
        ["SerializationFailure", "SerializationFailure", "DeadlockDetected"]
      )
      assert.strictEqual(attempts.at(-1)?.delayMillis, 0)
      assert.strictEqual(last, deadlock.reason)
      assert.isFalse(result.failure.transient)
      assert.strictEqual(result.failure.retryScope, "never")
      assert.match(result.failure.message, /^gave up after 3 attempts; the last: the transaction was rolled back/)
    })
  )

  it.effect("never runs again what may have been applied", () =>
    Effect.gen(function* () {
      const unknown = [
        lost(),
        lost("commit_sent"),
        lost("statement_sent"),
        error(new Reason.OutcomeUnknown({})),
        error(new Reason.ServerShuttingDown({ severity: "FATAL", phase: "commit_sent" })),
        error(new Reason.ServerError({ sqlState: "40003" }))
      ]
      const policies = [Retry.transaction(), Retry.connection(), Retry.statement()]
      for (const policy of policies) {
        for (const failure of unknown) assert.strictEqual(yield* runsAfter(policy, failure), 1, failure.message)
      }
    })
  )

  it.effect("passes on what no second run helps, as it is", () =>
    Effect.gen(function* () {
      const violation = error(new Reason.UniqueViolation({}))
      const { effect, runs } = yield* failing(serialization, violation)
      const result = yield* settle(Retry.transaction()(effect))
      assert.strictEqual(yield* runs, 2)
      assert.strictEqual(result._tag === "Failure" ? result.failure : undefined, violation)
    })
  )

  it.effect("reads a driver's error, and leaves an application's error alone", () =>
    Effect.gen(function* () {
      const cause = Object.assign(new Error("?"), { severityUnlocalized: "ERROR", code: "40001" })
      const driver = new SqlError({ reason: new UnknownError({ cause }) })
      const result = yield* settle(Retry.transaction({ attempts: 2 })(Effect.fail(driver)))
      assert.strictEqual(result._tag === "Failure" && result.failure.reason._tag, "RetriesExhausted")
      const own = yield* settle(Retry.transaction()(Effect.fail("mine" as const)))
      assert.strictEqual(own._tag === "Failure" && own.failure, "mine")
    })
  )

  it.effect("connects again only where that may help", () =>
    Effect.gen(function* () {
      const again = [
        refused,
        lost("connecting"),
        error(new Reason.HostNotFound({})),
        error(new Reason.ServerStarting({})),
        error(new Reason.TooManyConnections({})),
        error(new Reason.ConnectTimeout({}))
      ]
      const never = [
        error(new Reason.AuthenticationFailed({})),
        error(new Reason.DatabaseMissing({})),
        error(new Reason.TlsFailure({})),
        error(new Reason.InvalidConnectionOptions({})),
        error(new Reason.NotPostgres({})),
        error(new Reason.ServerError({ sqlState: "08004" })),
        serialization
      ]
      for (const failure of again) assert.strictEqual(yield* runsAfter(Retry.connection(), failure), 2, failure.message)
      for (const failure of never) assert.strictEqual(yield* runsAfter(Retry.connection(), failure), 1, failure.message)
    })
  )

  it.effect("never runs a statement of an open transaction again", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* runsAfter(Retry.statement(), refusal("transaction_open")), 1)
      assert.strictEqual(yield* runsAfter(Retry.statement(), stale("transaction_open")), 1)
      assert.strictEqual(yield* runsAfter(Retry.statement(), refusal()), 1)
      assert.strictEqual(yield* runsAfter(Retry.statement(), refusal("statement_sent")), 2)
      assert.strictEqual(yield* runsAfter(Retry.statement(), stale()), 2)
      assert.strictEqual(yield* runsAfter(Retry.statement(), lost("idle")), 2)
    })
  )

  it.effect("runs an idempotent effect again where a session is left alone", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* runsWhenSafe(Retry.idempotent, lost()), 2)
      assert.strictEqual(yield* runsWhenSafe(Retry.wholeSession, lost()), 1)
      assert.strictEqual(yield* runsWhenSafe(Retry.wholeSession, serialization), 2)
      assert.strictEqual(yield* runsWhenSafe(Retry.idempotent, error(new Reason.OutcomeUnknown({}))), 1)
    })
  )

  it.effect("waits exponentially, with full jitter, up to the cap", () =>
    Effect.gen(function* () {
      const step = yield* Schedule.toStep(
        Retry.schedule({ base: "100 millis", cap: "1 second", attempts: 200, budget: "1 day" })
      )
      const delays = yield* Effect.forEach(Array.from({ length: 150 }), () =>
        Effect.map(step(0, undefined), ([, delay]) => Duration.toMillis(delay))
      )
      assert.isBelow(delays[0] ?? 0, 100)
      assert.isBelow(delays[1] ?? 0, 200)
      assert.isBelow(Math.max(...delays), 1_000)
      assert.isAbove(Math.max(...delays), 900)
      assert.isBelow(Math.min(...delays.slice(5)), 100)
    }).pipe(Random.withSeed("jitter"))
  )

  it.effect("waits by any schedule, which is given each failure, and gives up with its end", () =>
    Effect.gen(function* () {
      const times: Array<number> = []
      const effect = Effect.flatMap(Clock.currentTimeMillis, (now) => {
        times.push(now)
        return Effect.fail(times.length < 4 ? refused : serialization)
      })
      const seen: Array<string> = []
      const schedule = Schedule.while(Schedule.spaced("3 seconds"), ({ input }: { readonly input: DatabaseError }) => {
        seen.push(input.reason._tag)
        return input.reason._tag === "ConnectionRefused"
      })
      const { reason } = yield* gaveUp(Retry.transaction({ schedule })(effect))
      assert.deepStrictEqual(
        times.map((time) => time - (times[0] ?? 0)),
        [0, 3_000, 6_000, 9_000]
      )
      assert.strictEqual(reason.gaveUp, "schedule")
      assert.match(reason.message, /^gave up after 4 attempts, with the end of its schedule; the last: /)
      assert.deepStrictEqual(seen, [...Array.from({ length: 3 }, () => "ConnectionRefused"), "SerializationFailure"])
      for (const one of [Retry.statement({ schedule }), Retry.connection({ schedule })]) {
        times.length = 0
        yield* settle(one(effect))
        assert.lengthOf(times, 4)
      }
    })
  )

  it.effect("stops when the next wait would exceed the time", () =>
    Effect.gen(function* () {
      const { effect } = yield* failing(...Array.from({ length: 500 }, () => refused))
      const start = yield* Clock.currentTimeMillis
      const timed = Effect.flatMap(
        Effect.flip(Retry.connection({ attempts: 500, cap: "1 second", budget: "5 seconds" })(effect)),
        () => Clock.currentTimeMillis
      )
      const fiber = yield* Effect.forkChild(timed)
      yield* TestClock.adjust("10 minutes")
      const elapsed = (yield* Fiber.join(fiber)) - start
      assert.isAtMost(elapsed, 5_000)
      assert.isAbove(elapsed, 3_000)
    })
  )

  it.effect("counts the time of the runs, the first included", () =>
    Effect.gen(function* () {
      const { effect, runs } = yield* failing(refused, refused, refused, refused)
      const slow = Effect.andThen(Effect.sleep("2 seconds"), effect)
      const policy = Retry.connection({ base: 0, budget: "5 seconds" })
      const { reason } = yield* gaveUp(policy(slow))
      assert.strictEqual(yield* runs, 3)
      assert.strictEqual(reason.gaveUp, "time")
      assert.match(reason.message, /^gave up after 3 attempts because the time for them was over; the last: /)
    })
  )

  it.effect("waits for the time that it names after each attempt", () =>
    Effect.gen(function* () {
      const times: Array<number> = []
      const effect = Effect.flatMap(Clock.currentTimeMillis, (now) => {
        times.push(now)
        return Effect.fail(refused)
      })
      const { reason } = yield* gaveUp(Retry.connection({ attempts: 4 })(effect))
      const waits = times.slice(1).map((time, index) => time - (times[index] ?? 0))
      assert.lengthOf(waits, 3)
      reason.attempts.slice(0, 3).forEach(({ delayMillis }, index) => {
        assert.approximately(delayMillis, waits[index] ?? -1, 1)
      })
    })
  )

  it.effect("waits until an open circuit lets somebody ask again", () =>
    Effect.gen(function* () {
      const open = error(new Reason.CircuitOpen({ retryAfterMillis: 3_000, failure: "refused" }))
      const times: Array<number> = []
      const effect = Effect.flatMap(Clock.currentTimeMillis, (now) => {
        times.push(now)
        return times.length === 1 ? Effect.fail(open) : Effect.void
      })
      yield* settle(Retry.transaction({ base: "100 millis" })(effect))
      assert.isAtLeast((times[1] ?? 0) - (times[0] ?? 0), 3_000)
      assert.isAtMost((times[1] ?? 0) - (times[0] ?? 0), 3_100)
    })
  )

  it.effect("waits as long by a schedule that knows nothing of circuits", () =>
    Effect.gen(function* () {
      const open = error(new Reason.CircuitOpen({ retryAfterMillis: 3_000, failure: "refused" }))
      const times: Array<number> = []
      const effect = Effect.flatMap(Clock.currentTimeMillis, (now) => {
        times.push(now)
        return times.length === 1 ? Effect.fail(open) : Effect.void
      })
      yield* settle(Retry.transaction({ schedule: Schedule.recurs(3) })(effect))
      assert.strictEqual((times[1] ?? 0) - (times[0] ?? 0), 3_000)
    })
  )

  it.effect("is an event of the current span, for each wait and for giving up", () =>
    Effect.gen(function* () {
      const events: Array<[string, Record<string, unknown> | undefined]> = []
      const tracer = Tracer.make({
        span: (options) => {
          const span = new Tracer.NativeSpan(options)
          span.event = (name, _, attributes) => void events.push([name, attributes])
          return span
        }
      })
      const { effect } = yield* failing(serialization, serialization, serialization)
      yield* settle(Retry.transaction({ attempts: 2, base: 0 })(effect)).pipe(
        Effect.withSpan("caller"),
        Effect.withTracer(tracer)
      )
      const of = { policy: "transaction", reason: "SerializationFailure" }
      assert.deepStrictEqual(events, [
        ["pgkeel.retry", { ...of, attempt: 1, delay_millis: 0 }],
        ["pgkeel.retries_exhausted", { ...of, attempts: 2, gave_up: "attempts" }]
      ])
    })
  )

  it.effect("gets other credentials once, and connects with them", () =>
    Effect.gen(function* () {
      const denied = error(new Reason.AuthenticationFailed({ sqlState: "28P01", severity: "FATAL" }))
      const unknown = error(new Reason.AuthenticationFailed({ sqlState: "28000", severity: "FATAL" }))
      let asked = 0
      const refresh = (another: boolean) => Effect.sync(() => (asked++, another))
      const tried = (another: boolean, ...errors: ReadonlyArray<DatabaseError>) =>
        Effect.gen(function* () {
          asked = 0
          const { effect, runs } = yield* failing(...errors)
          const result = yield* settle(Retry.connection({ refresh: refresh(another) })(effect))
          const tag = result._tag === "Success" ? "Success" : result.failure.reason._tag
          return { asked, runs: yield* runs, tag }
        })
      assert.deepStrictEqual(yield* tried(true, denied), { asked: 1, runs: 2, tag: "Success" })
      assert.deepStrictEqual(yield* tried(true, unknown), { asked: 1, runs: 2, tag: "Success" })
      assert.deepStrictEqual(yield* tried(true, denied, denied), { asked: 1, runs: 2, tag: "AuthenticationFailed" })
      assert.deepStrictEqual(yield* tried(false, denied), { asked: 1, runs: 1, tag: "AuthenticationFailed" })
      assert.deepStrictEqual(yield* tried(true, refused), { asked: 0, runs: 2, tag: "Success" })
    })
  )

  it.effect("gives nothing but the failure when the effect is interrupted from inside", () =>
    Effect.gen(function* () {
      const { runs, effect } = yield* failing(refused)
      const exit = yield* Effect.exit(Retry.connection()(Effect.andThen(Effect.ignore(effect), Effect.interrupt)))
      assert.strictEqual(exit._tag, "Failure")
      assert.strictEqual(yield* runs, 1)
    })
  )

  it.effect("can be interrupted while it waits", () =>
    Effect.gen(function* () {
      const { effect, runs } = yield* failing(refused, refused, refused)
      const fiber = yield* Effect.forkChild(
        Retry.connection({ base: "1 hour", cap: "1 hour", budget: "1 day" })(effect)
      )
      yield* TestClock.adjust(0)
      yield* Fiber.interrupt(fiber)
      yield* TestClock.adjust("2 hours")
      assert.strictEqual(yield* runs, 1)
    })
  )

  it.effect("counts what it runs again by policy and reason", () =>
    Effect.gen(function* () {
      const counter = Metric.withAttributes(
        Metric.counter("pgkeel_retries", {
          incremental: true,
          description: "Attempts that failed and were run again, by policy and reason"
        }),
        {
          policy: "transaction",
          reason: "LockNotAvailable"
        }
      )
      const before = yield* Metric.value(counter)
      yield* runsAfter(Retry.transaction(), error(new Reason.LockNotAvailable({})))
      assert.strictEqual((yield* Metric.value(counter)).count, before.count + 1)
    })
  )

  it.effect("counts what it gives up by policy, reason and why", () =>
    Effect.gen(function* () {
      const counted = Effect.map(Metric.snapshot, (all) => {
        const found = all.find(
          ({ attributes, id }) =>
            id === "pgkeel_retries_exhausted" &&
            attributes?.["policy"] === "transaction" &&
            attributes["reason"] === "LockNotAvailable" &&
            attributes["gave_up"] === "attempts"
        )
        return found?.type === "Counter" ? Number(found.state.count) : 0
      })
      const before = yield* counted
      yield* settle(Retry.transaction({ attempts: 1 })(Effect.fail(error(new Reason.LockNotAvailable({})))))
      assert.strictEqual(yield* counted, before + 1)
    })
  )
})
