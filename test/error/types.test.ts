/* oxlint-disable unicorn/consistent-function-scoping, import/namespace -- what is only compiled stands beside its claim */
/** What the error context promises in types. Checked by the compiler; run, so that it is not forgotten. */
import { Effect, Match, type Schedule } from "effect"
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

  it("a policy replaces what it always runs again by RetriesExhausted, and keeps the rest", () => {
    const check = () => Retry.transaction()(query)
    type Left = Effect.Error<ReturnType<typeof check>>
    expectTypeOf<Types.ReasonTags<Left>>().toEqualTypeOf<Exclude<Reason["_tag"], Retry.TransactionRetried>>()
    expectTypeOf<"RetriesExhausted" | "OutcomeUnknown" | "ConnectionLost">().toExtend<Types.ReasonTags<Left>>()
    expectTypeOf<"SerializationFailure" | "DeadlockDetected">().toExtend<Retry.TransactionRetried>()
    expectTypeOf<Exclude<Left, { readonly _tag: "DatabaseError" }>>().toEqualTypeOf<Mine>()
    expectTypeOf<Extract<Left, { readonly _tag: "DatabaseError" }>>().toExtend<DatabaseError>()
    expectTypeOf(check).returns.toExtend<Refined>()
    expectTypeOf(Retry.schedule).returns.toEqualTypeOf<Schedule.Schedule<Duration.Duration>>()
  })

  it("each policy takes its own reasons", () => {
    type Left<P extends (effect: typeof query) => unknown> =
      ReturnType<P> extends Effect.Effect<unknown, infer E, unknown> ? Types.ReasonTags<E> : never
    const connection = () => Retry.connection()(query)
    const statement = () => Retry.statement()(query)
    expectTypeOf<Left<typeof connection>>().toEqualTypeOf<Exclude<Reason["_tag"], Retry.ConnectionRetried>>()
    expectTypeOf<Left<typeof statement>>().toEqualTypeOf<Exclude<Reason["_tag"], Retry.StatementRetried>>()
    expectTypeOf<"SerializationFailure">().toExtend<Left<typeof connection> & Left<typeof statement>>()
    expectTypeOf<"AuthenticationFailed">().toExtend<Left<typeof connection>>()
  })

  it("a policy narrows what was narrowed before, and gives no database failure to what has none", () => {
    const narrow = () =>
      DatabaseError.refine(query).pipe(
        DatabaseError.catchReason("UniqueViolation", () => Effect.succeed(0)),
        Retry.transaction()
      )
    type Left = Types.ReasonTags<Effect.Error<ReturnType<typeof narrow>>>
    expectTypeOf<Left>().toEqualTypeOf<Exclude<Reason["_tag"], Retry.TransactionRetried | "UniqueViolation">>()
    const check = (own: Effect.Effect<number, Mine>) => Retry.transaction()(own)
    expectTypeOf(check).returns.toEqualTypeOf<Effect.Effect<number, Mine>>()
  })

  it("catchReason takes RetriesExhausted after a policy, and no longer what the policy took", () => {
    const check = () => {
      const retried = Retry.transaction()(query)
      const handled = retried.pipe(
        DatabaseError.catchReason("RetriesExhausted", ({ attempts, gaveUp }) => {
          expectTypeOf(gaveUp).toEqualTypeOf<
            "attempts" | "schedule" | "time" | "retry_budget" | "transaction_open" | "partly_applied"
          >()
          return Effect.succeed(attempts.length)
        })
      )
      expectTypeOf<Types.ReasonTags<Effect.Error<typeof handled>>>().toEqualTypeOf<
        Exclude<Reason["_tag"], Retry.TransactionRetried | "RetriesExhausted">
      >()
      Effect.catchReason(
        retried,
        "DatabaseError",
        "RetriesExhausted",
        ({ last }) => Effect.fail(last._tag),
        (others) => {
          expectTypeOf<Extract<typeof others, { readonly _tag: "SerializationFailure" }>>().toBeNever()
          return Effect.void
        }
      )
      // @ts-expect-error nobody sees a deadlock after this policy
      return Effect.catchReason(retried, "DatabaseError", "DeadlockDetected", () => Effect.void)
    }
    expectTypeOf(check).toBeFunction()
  })

  it("unwrapReason promotes what the policy leaves", () => {
    const check = () => Effect.unwrapReason(Retry.transaction()(query), "DatabaseError")
    type Tags = Extract<Effect.Error<ReturnType<typeof check>>, Reason>["_tag"]
    expectTypeOf<Tags>().toEqualTypeOf<Exclude<Reason["_tag"], Retry.TransactionRetried>>()
  })

  it("a match of the reasons that are left is exhaustive without those that the policy took", () => {
    type Left = Exclude<Reason, { readonly _tag: Retry.TransactionRetried }>
    type Handlers = { readonly [K in Left["_tag"]]: (reason: Extract<Left, { readonly _tag: K }>) => string }
    const check = (reason: Left, handlers: Handlers) => {
      Match.valueTags(reason, handlers)
      const { ConnectionLost: _, ...forgotten } = handlers
      // @ts-expect-error ConnectionLost is left
      return Match.valueTags(reason, forgotten)
    }
    expectTypeOf(check).toBeFunction()
  })

  it("whenSafe takes only what is marked, and takes what a transaction's policy takes", () => {
    const check = () => {
      // @ts-expect-error nobody said that it may run twice
      Retry.whenSafe()(query)
      // @ts-expect-error what was marked was something else
      Retry.whenSafe()(Effect.map(Retry.idempotent(query), String))
      Retry.whenSafe()(Retry.wholeSession(query))
      return Retry.whenSafe()(Retry.idempotent(query))
    }
    expectTypeOf(check).returns.toExtend<Refined>()
    type Left = Types.ReasonTags<Effect.Error<ReturnType<typeof check>>>
    expectTypeOf<Left>().toEqualTypeOf<Exclude<Reason["_tag"], Retry.TransactionRetried>>()
  })

  it("a SQLSTATE is known by its name", () => {
    expectTypeOf<typeof SqlState.UNIQUE_VIOLATION>().toEqualTypeOf<"23505">()
    // @ts-expect-error there is no such code
    expectTypeOf(SqlState.NO_SUCH_CODE).toBeString()
  })
})
