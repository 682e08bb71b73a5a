import { it } from "@effect/vitest"
import { Effect } from "effect"
import type { SqlError } from "effect/sql"
import { SqlClient } from "effect/sql"
import { expectTypeOf } from "vitest"
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
    Effect.Effect<never, OutOfStock | DatabaseError | SessionError, SqlClient.SqlClient>
  >()
})
