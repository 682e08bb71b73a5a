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
