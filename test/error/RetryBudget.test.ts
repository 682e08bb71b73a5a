import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { DatabaseError } from "../../src/error/DatabaseError.ts"
import * as Reason from "../../src/error/Reason.ts"
import * as Retry from "../../src/error/Retry.ts"
import { RetryBudget } from "../../src/error/RetryBudget.ts"

const down = new DatabaseError({ reason: new Reason.ConnectionRefused({ phase: "connecting" }) })
const conflict = new DatabaseError({ reason: new Reason.SerializationFailure({ severity: "ERROR" }) })

/** Many calls at once, each retried, against what fails always; how often that ran in all. */
const runsOf = (calls: number, failure: DatabaseError, attempts = 5) =>
  Effect.gen(function* () {
    let runs = 0
    const call = Effect.suspend(() => {
      runs++
      return Effect.fail(failure)
    })
    const retried = Retry.transaction({ attempts, base: "100 millis" })(call)
    const all = yield* Effect.forkChild(
      Effect.forEach(Array.from({ length: calls }), () => Effect.flip(retried), { concurrency: "unbounded" })
    )
    yield* TestClock.adjust("1 minute")
    const errors = yield* Fiber.join(all)
    const reasons = errors.map(({ reason }) => (reason._tag === "RetriesExhausted" ? reason.gaveUp : reason._tag))
    return { runs, errors, reasons }
  })

describe("RetryBudget", () => {
  it.effect("does not let an outage be multiplied: a thousand failed calls become little more", () =>
    Effect.gen(function* () {
      const { errors, reasons, runs } = yield* runsOf(1_000, down)
      // 100 saved up, and 10 for each of the two seconds that the waits take at most.
      assert.isAtMost(runs, 1_000 + 100 + 30)
      assert.isAtLeast(runs, 1_000 + 100)
      assert.deepStrictEqual([...new Set(reasons)].sort(), ["retry_budget"])
      assert.match(
        errors.at(-1)?.message ?? "",
        /^gave up after \d attempts? because too many others are being run again \(the retry budget is empty\); the last: /
      )
    })
  )

  it.effect("costs nothing where the server answers with a conflict, which is no outage", () =>
    Effect.gen(function* () {
      const { reasons, runs } = yield* runsOf(200, conflict, 3)
      assert.strictEqual(runs, 600)
      assert.deepStrictEqual([...new Set(reasons)], ["attempts"])
      assert.strictEqual(yield* RetryBudget.from(yield* Effect.context<never>(), yield* clock).left, 100)
    })
  )

  it.effect("costs nothing where a statement has to be prepared again, or nobody was asked", () =>
    Effect.gen(function* () {
      const stale = new DatabaseError({ reason: new Reason.StalePreparedStatement({ phase: "idle" }) })
      const open = new DatabaseError({ reason: new Reason.CircuitOpen({ retryAfterMillis: 1 }) })
      for (const failure of [stale, open]) {
        const { reasons } = yield* runsOf(200, failure, 3)
        assert.deepStrictEqual([...new Set(reasons)], ["attempts"])
      }
      assert.strictEqual(yield* RetryBudget.from(yield* Effect.context<never>(), yield* clock).left, 100)
    })
  )

  it.effect("is earned by successes and comes back with time, up to what can be saved", () =>
    Effect.gen(function* () {
      const budget = RetryBudget.make({ capacity: 2, perSecond: 1, ratio: 0.5 })
      const spent = (now: number) => budget.spend(now)
      assert.deepStrictEqual([spent(0), spent(0), spent(0)], [true, true, false])
      budget.earn()
      assert.isFalse(spent(0))
      budget.earn()
      assert.deepStrictEqual([spent(0), spent(0)], [true, false])
      assert.deepStrictEqual([spent(999), spent(1_000), spent(1_001)], [false, true, false])
      for (let n = 0; n < 100; n++) budget.earn()
      assert.deepStrictEqual([spent(1_002), spent(1_002), spent(1_002)], [true, true, false])
      // A clock that was set back neither gives nor blocks.
      assert.deepStrictEqual([spent(0), spent(1_000)], [false, true])
    })
  )

  it.effect("shows how many retries are left", () =>
    Effect.gen(function* () {
      const budget = RetryBudget.make({ capacity: 5, perSecond: 2 })
      for (let n = 0; n < 5; n++) budget.spend(0)
      assert.strictEqual(yield* budget.left, 0)
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* budget.left, 2)
    })
  )

  it.effect("is a client's own with its layer, and everybody's without", () =>
    Effect.gen(function* () {
      const none = RetryBudget.layer({ capacity: 0, perSecond: 0, ratio: 0 })
      const own = yield* runsOf(10, down, 2).pipe(Effect.provide(none))
      assert.strictEqual(own.runs, 10)
      assert.deepStrictEqual([...new Set(own.reasons)], ["retry_budget"])
      const unlimited = yield* runsOf(500, down, 2).pipe(
        Effect.provide(RetryBudget.layer({ capacity: Number.POSITIVE_INFINITY }))
      )
      assert.strictEqual(unlimited.runs, 1_000)
      const common = yield* runsOf(10, down, 2)
      assert.strictEqual(common.runs, 20)
    })
  )

  it.effect("is paid for by the successes of every policy that shares it", () =>
    Effect.gen(function* () {
      const budget = RetryBudget.make({ capacity: 10, perSecond: 0, ratio: 1 })
      for (let n = 0; n < 10; n++) budget.spend(0)
      yield* Effect.forEach([Retry.statement(), Retry.connection()], (policy) => policy(Effect.succeed(1))).pipe(
        Effect.provideService(RetryBudget, budget)
      )
      assert.strictEqual(yield* budget.left, 2)
    })
  )
})

const clock = Effect.clockWith(Effect.succeed)
