/* oxlint-disable unicorn/consistent-function-scoping, import/namespace -- what is only compiled stands beside its claim */
/** What the error context promises in types. Checked by the compiler; run, so that it is not forgotten. */
import { Effect, type Schedule } from "effect"
import type { Duration, Types } from "effect"
import type { SqlError } from "effect/sql/SqlError"
import { describe, expectTypeOf, it } from "vitest"
import { DatabaseError } from "../../src/error/DatabaseError.ts"
import type { Reason, UniqueViolation } from "../../src/error/Reason.ts"
import * as Retry from "../../src/error/Retry.ts"
import * as SqlState from "../../src/error/SqlState.ts"

class Mine {
  readonly _tag = "Mine"
}

declare const query: Effect.Effect<number, SqlError | Mine, "needed">
type Refined = Effect.Effect<number, DatabaseError | Mine, "needed">

describe("in types", () => {
  it("refine replaces the SqlError and keeps the rest", () => {
    const check = () => DatabaseError.refine(query)
    expectTypeOf(check).returns.toEqualTypeOf<Refined>()
  })

  it("refine of an effect that cannot fail with a SqlError is no help, and no harm", () => {
    const check = () => DatabaseError.refine(Effect.succeed(1))
    expectTypeOf(check).returns.toEqualTypeOf<Effect.Effect<number, DatabaseError>>()
  })

  it("catchReason hands over the reason and removes it, one after another", () => {
    const check = () => {
      const handled = DatabaseError.refine(query).pipe(
        DatabaseError.catchReason("UniqueViolation", (reason) => {
          expectTypeOf(reason).toEqualTypeOf<UniqueViolation>()
          expectTypeOf(reason.columns).toEqualTypeOf<ReadonlyArray<string>>()
          return Effect.succeed("taken")
        }),
        DatabaseError.catchReason("DiskFull", () => Effect.fail("full" as const))
      )
      expectTypeOf<Effect.Success<typeof handled>>().toEqualTypeOf<number | string>()
      expectTypeOf<Effect.Services<typeof handled>>().toEqualTypeOf<"needed">()
      type Left = Effect.Error<typeof handled>
      expectTypeOf<Exclude<Left, DatabaseError>>().toEqualTypeOf<Mine | "full">()
      expectTypeOf<Extract<Left, { readonly _tag: "DatabaseError" }>>().toExtend<DatabaseError>()
      expectTypeOf<Types.ReasonTags<Left>>().toEqualTypeOf<Exclude<Reason["_tag"], "UniqueViolation" | "DiskFull">>()
      return handled
    }
    expectTypeOf(check).toBeFunction()
  })

  it("Effect's own catchReason knows the reasons too", () => {
    const check = () =>
      Effect.catchReason(
        DatabaseError.refine(query),
        "DatabaseError",
        "UniqueViolation",
        (reason) => Effect.succeed(reason.columns),
        (others) => {
          expectTypeOf(others).toEqualTypeOf<Exclude<Reason, UniqueViolation>>()
          return Effect.void
        }
      )
    expectTypeOf(check).toBeFunction()
  })

  it("catchReason does not take a reason that does not exist", () => {
    const check = () =>
      // @ts-expect-error there is no such reason
      DatabaseError.refine(query).pipe(DatabaseError.catchReason("NoSuchReason", () => Effect.void))
    expectTypeOf(check).toBeFunction()
  })

  it("unwrapReason promotes every reason", () => {
    const check = () => Effect.unwrapReason(DatabaseError.refine(query), "DatabaseError")
    expectTypeOf(check).returns.toEqualTypeOf<Effect.Effect<number, Reason | Mine, "needed">>()
  })

  it("an exhaustive match that forgets a reason does not compile", () => {
    const check = (reason: Extract<Reason, { readonly _tag: "DiskFull" | "OutOfMemory" }>) => {
      switch (reason._tag) {
        case "DiskFull":
          return 1
        default:
          // @ts-expect-error OutOfMemory is left
          return reason satisfies never
      }
    }
    expectTypeOf(check).toBeFunction()
  })

  it("a policy replaces the SqlError and keeps the rest", () => {
    const check = () => Retry.transaction()(query)
    expectTypeOf(check).returns.toEqualTypeOf<Refined>()
    expectTypeOf(Retry.connectionSchedule).returns.toEqualTypeOf<Schedule.Schedule<Duration.Duration>>()
  })

  it("whenSafe takes only what is marked", () => {
    const check = () => {
      // @ts-expect-error nobody said that it may run twice
      Retry.whenSafe()(query)
      return Retry.whenSafe()(Retry.idempotent(query))
    }
    expectTypeOf(check).returns.toEqualTypeOf<Refined>()
  })

  it("a SQLSTATE is known by its name", () => {
    expectTypeOf<typeof SqlState.UNIQUE_VIOLATION>().toEqualTypeOf<"23505">()
    // @ts-expect-error there is no such code
    expectTypeOf(SqlState.NO_SUCH_CODE).toBeString()
  })
})
