/** What cannot fail in its type, given what no compiler has looked at: a defect that says what to write instead. */
import { assert, it } from "@effect/vitest"
import { Cause, Effect, Exit, Schedule } from "effect"
import { DatabaseError } from "../../src/error/DatabaseError.ts"
import { DatabaseErrorHandler } from "../../src/error/DatabaseErrorHandler.ts"
import type { Tag } from "../../src/error/DatabaseErrorHandler.ts"
import * as Retry from "../../src/error/Retry.ts"
import { RetryBudget } from "../../src/error/RetryBudget.ts"

/** What an effect dies of, in its words. */
const defectOf = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.map(Effect.exit(effect), (exit) => {
    assert.isTrue(Exit.hasDies(exit))
    const defect = Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined
    return defect instanceof Error ? defect.message : ""
  })

const policies = {
  transaction: Retry.transaction,
  connection: Retry.connection,
  statement: Retry.statement,
  whenSafe: (options?: Retry.Options) => (effect: Effect.Effect<unknown>) =>
    Retry.whenSafe(options)(Retry.idempotent(effect))
}

const wrong: ReadonlyArray<readonly [options: unknown, said: string]> = [
  [{ attemps: 3 }, `is not known: give one of base, cap, attempts, budget, schedule`],
  [{ attempts: "3" }, `the option "attempts" of`],
  [{ attempts: Number.NaN }, `is not accepted: give a number`],
  [{ base: "5 parsecs" }, `is not accepted: give a duration such as "5 seconds"`],
  [{ budget: "hunter2" }, `is not accepted: give a duration`],
  [{ schedule: "1 second" }, `is not accepted: give a Schedule of effect`],
  ["3", `are of type string: give an object`],
  [null, `are null: give an object`]
]

for (const [name, policy] of Object.entries(policies)) {
  for (const [options, said] of wrong) {
    it.effect(`Retry.${name} runs nothing by options that are wrong: ${said}`, () =>
      Effect.gen(function* () {
        let runs = 0
        const effect = Effect.sync(() => ++runs)
        const message = yield* defectOf(policy(options as never)(effect))
        assert.include(message, said)
        assert.include(message, `Retry.${name}`)
        assert.notInclude(message, "hunter2")
        assert.strictEqual(runs, 0)
      })
    )
  }
}

it.effect("Retry.schedule ends where its options are wrong, and Retry.connection takes a refresh", () =>
  Effect.gen(function* () {
    const schedule = Retry.schedule({ cap: true } as never)
    assert.include(yield* defectOf(Effect.repeat(Effect.void, schedule)), `the option "cap" of Retry.schedule`)
    const message = yield* defectOf(Retry.connection({ refresh: true } as never)(Effect.void))
    assert.include(message, `"refresh" of Retry.connection is not accepted: give an Effect`)
    yield* Retry.connection({ refresh: Effect.succeed(false), schedule: Schedule.recurs(1) })(Effect.void)
  })
)

it.effect("A budget is not made of options that are wrong", () =>
  Effect.gen(function* () {
    const said = `the option "persecond" of RetryBudget is not known: give one of perSecond, ratio, capacity`
    assert.throws(() => RetryBudget.make({ persecond: 1 } as never), said)
    const budget = RetryBudget.layer({ capacity: "1" } as never)
    assert.include(yield* defectOf(Effect.provide(RetryBudget, budget)), `"capacity" of RetryBudget is not accepted`)
  })
)

it.effect("A reason that does not exist is neither recovered from nor caught in silence", () =>
  Effect.gen(function* () {
    const { recover } = yield* DatabaseErrorHandler
    const misspelt = "UndefinedTabel" as Tag
    const said = `was given "UndefinedTabel", which is no reason of a DatabaseError: known are UndefinedTable`
    const recovered = recover(misspelt, () => Effect.void)
    assert.include(yield* defectOf(Effect.scoped(recovered)), `DatabaseErrorHandler.recover ${said}`)
    const caught = DatabaseError.catchReason(misspelt, () => Effect.void)(Effect.void)
    assert.include(yield* defectOf(caught), `DatabaseError.catchReason ${said}`)
    assert.include(
      yield* defectOf(DatabaseError.catchReason(3 as never, () => Effect.void)(Effect.void)),
      "takes the name"
    )
    const other = DatabaseError.catchReason("Nothing" as Tag, () => Effect.void)(Effect.void)
    assert.include(yield* defectOf(other), "the README lists them")
  }).pipe(Effect.provide(DatabaseErrorHandler.layer))
)

it.effect("A handler is not made of options that are wrong", () =>
  Effect.gen(function* () {
    const misspelt = DatabaseErrorHandler.layerOptions({ translat: () => "x" } as never)
    assert.include(yield* defectOf(Effect.provide(DatabaseErrorHandler, misspelt)), `"translat" of`)
    const text = DatabaseErrorHandler.layerOptions({ translate: "x" } as never)
    assert.include(yield* defectOf(Effect.provide(DatabaseErrorHandler, text)), "give a function")
  })
)
