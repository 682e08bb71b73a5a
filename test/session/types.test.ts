import { it } from "@effect/vitest"
import { Effect } from "effect"
import type { SqlError } from "effect/sql"
import { SqlClient } from "effect/sql"
import { expectTypeOf } from "vitest"
import * as Retry from "../../src/error/Retry.ts"
import type { DatabaseError } from "../../src/error/DatabaseError.ts"
import { Session } from "../../src/session/Session.ts"
import type { SessionError } from "../../src/session/SessionError.ts"
import type { SessionFactory } from "../../src/session/SessionFactory.ts"
import * as SessionHooks from "../../src/session/SessionHooks.ts"

declare const factory: SessionFactory["Service"]

class OutOfStock {
  readonly _tag = "OutOfStock"
}

const body = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const { actor } = yield* Session
  yield* sql`SELECT ${actor ?? ""}`
  return yield* Effect.fail(new OutOfStock())
})

it("a session turns the driver's error into DatabaseError, keeps the application's, and provides Session", () => {
  expectTypeOf(body).toEqualTypeOf<
    Effect.Effect<never, SqlError.SqlError | OutOfStock, SqlClient.SqlClient | Session>
  >()
  const run = () => factory.withSession({ actor: "ada" })(body)
  expectTypeOf(run).returns.toEqualTypeOf<
    Retry.Safe<never, OutOfStock | DatabaseError | SessionError, SqlClient.SqlClient>
  >()
})

it("a session may be run again as a whole, and what is done with its result may not", () => {
  const again = () => Retry.whenSafe()(factory.withSession({ actor: "ada" })(body))
  expectTypeOf(again).toBeFunction()
  // @ts-expect-error what follows the session would run twice
  const more = () => Retry.whenSafe()(factory.withSession({})(body).pipe(Effect.tap(Effect.void)))
  expectTypeOf(more).toBeFunction()
})

it("a propagation that always has a session provides it, and is a whole that may be run again", () => {
  const nested = () => factory.withSession({ propagation: "nested" })(body)
  const own = () => factory.withSession({ propagation: "requires-new" })(body)
  type Whole = Retry.Safe<never, OutOfStock | DatabaseError | SessionError, SqlClient.SqlClient>
  expectTypeOf(nested).returns.toEqualTypeOf<Whole>()
  expectTypeOf(own).returns.toEqualTypeOf<Whole>()
})

it("a mandatory session asks for the one around it, even where its effect does not", () => {
  const part = () => factory.withSession({ propagation: "mandatory" })(Effect.void)
  expectTypeOf(part).returns.toEqualTypeOf<Effect.Effect<void, DatabaseError | SessionError, Session>>()
  const whole = () => factory.withSession({})(part())
  expectTypeOf(whole).returns.toEqualTypeOf<Retry.Safe<void, DatabaseError | SessionError>>()
  // @ts-expect-error it has no session around it
  const alone = () => Effect.runPromise(part())
  expectTypeOf(alone).toBeFunction()
  // @ts-expect-error it is a part, which is not run again alone
  const again = () => Retry.whenSafe()(part())
  expectTypeOf(again).toBeFunction()
})

it("a propagation that may have no session provides none", () => {
  type Asking = Effect.Effect<never, OutOfStock | DatabaseError | SessionError, SqlClient.SqlClient | Session>
  const supports = () => factory.withSession({ propagation: "supports" })(body)
  const outside = () => factory.withSession({ propagation: "not-supported" })(body)
  const never = () => factory.withSession({ propagation: "never" })(body)
  expectTypeOf(supports).returns.toEqualTypeOf<Asking>()
  expectTypeOf(outside).returns.toEqualTypeOf<Asking>()
  expectTypeOf(never).returns.toEqualTypeOf<Asking>()
  // @ts-expect-error without a transaction nothing says that it may be run twice
  const again = () => Retry.whenSafe()(factory.withSession({ propagation: "supports" })(Effect.void))
  expectTypeOf(again).toBeFunction()
})

it("a propagation that is not known to the compiler promises what all of its cases have", () => {
  const some = (propagation: "required" | "mandatory") => factory.withSession({ propagation })(Effect.void)
  expectTypeOf<Effect.Services<ReturnType<typeof some>>>().toEqualTypeOf<Session>()
})

it("a hook before COMMIT adds its failure and its requirements to the session, one after it only the latter", () => {
  const check = SessionHooks.beforeCommit(Effect.andThen(SqlClient.SqlClient, Effect.fail(new OutOfStock())))
  expectTypeOf(check).toEqualTypeOf<Effect.Effect<void, OutOfStock | SessionError, SqlClient.SqlClient | Session>>()
  const tell = SessionHooks.afterCommit(Effect.andThen(SqlClient.SqlClient, Effect.fail(new OutOfStock())))
  expectTypeOf(tell).toEqualTypeOf<Effect.Effect<void, SessionError, SqlClient.SqlClient | Session>>()
})
