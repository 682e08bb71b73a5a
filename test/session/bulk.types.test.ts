import { it } from "@effect/vitest"
import type { Schema, Scope } from "effect"
import type { Effect } from "effect"
import { Stream } from "effect"
import type { SqlError, Statement } from "effect/sql"
import { SqlClient } from "effect/sql"
import { expectTypeOf } from "vitest"
import type { DatabaseError } from "../../src/error/DatabaseError.ts"
import * as AdvisoryLock from "../../src/session/AdvisoryLock.ts"
import * as Bulk from "../../src/session/Bulk.ts"
import * as Copy from "../../src/session/Copy.ts"
import * as Cursor from "../../src/session/Cursor.ts"
import type { NoTransaction } from "../../src/session/NoTransaction.ts"
import * as RowLock from "../../src/session/RowLock.ts"
import type { SessionError } from "../../src/session/SessionError.ts"
import type { SessionFactory } from "../../src/session/SessionFactory.ts"
import * as SharedSnapshot from "../../src/session/SharedSnapshot.ts"

class Unreadable {
  readonly _tag = "Unreadable"
}

interface Rate {
  readonly rate: number
}

declare const statement: Statement.Statement<{ readonly id: number }>
declare const bytes: Stream.Stream<Uint8Array, Unreadable | SqlError.SqlError, Rate>
declare const rows: Stream.Stream<{ readonly id: number }, Unreadable | SqlError.SqlError, Rate>
declare const IdAndName: Schema.Struct<{ readonly id: Schema.Number; readonly name: Schema.String }>

type Written<A, E = never, R = never> = Effect.Effect<A, DatabaseError | E, R | SqlClient.SqlClient>

it("what writes many rows fails with DatabaseError and as its source does, whose driver's errors become such", () => {
  expectTypeOf(() => Copy.into({ table: "t" }, bytes)).returns.toEqualTypeOf<Written<number, Unreadable, Rate>>()
  expectTypeOf(() => Copy.rows("t", rows)).returns.toEqualTypeOf<Written<number, Unreadable, Rate>>()
  expectTypeOf(() => Copy.rows("t", [{ id: 1 }])).returns.toEqualTypeOf<Written<number>>()
  expectTypeOf(() => Bulk.insertMany("t", rows)).returns.toEqualTypeOf<Written<number, Unreadable, Rate>>()
  expectTypeOf(() => Bulk.insertMany("t", [{ id: 1 }])).returns.toEqualTypeOf<Written<number>>()
  expectTypeOf(() => Bulk.insertReturning("t", [{ id: 1 }], IdAndName)).returns.toEqualTypeOf<
    Written<ReadonlyArray<{ readonly id: number; readonly name: string }>, Schema.SchemaError>
  >()
})

it("what reads many rows fails with DatabaseError alone", () => {
  expectTypeOf(() => Copy.out({ query: "SELECT 1" })).returns.toEqualTypeOf<
    Stream.Stream<Uint8Array, DatabaseError, SqlClient.SqlClient>
  >()
  expectTypeOf(() => Cursor.stream(statement)).returns.toEqualTypeOf<
    Stream.Stream<{ readonly id: number }, DatabaseError, SqlClient.SqlClient>
  >()
})

it("what lasts as long as a transaction says that there must be one, and a lock that somebody may have it", () => {
  expectTypeOf(() => RowLock.take(statement)).returns.toEqualTypeOf<
    Written<ReadonlyArray<{ readonly id: number }>, NoTransaction>
  >()
  expectTypeOf(() => AdvisoryLock.inTransaction("x")).returns.toEqualTypeOf<Written<void, NoTransaction>>()
  expectTypeOf(() => AdvisoryLock.tryInTransaction("x")).returns.toEqualTypeOf<Written<boolean, NoTransaction>>()
  expectTypeOf(() => AdvisoryLock.hold("x")).returns.toEqualTypeOf<Written<void, AdvisoryLock.LockHeld, Scope.Scope>>()
  expectTypeOf(SharedSnapshot.exported).toEqualTypeOf<Written<string, NoTransaction>>()
  expectTypeOf(() => SharedSnapshot.within("1-1")(statement)).returns.toEqualTypeOf<
    Effect.Effect<ReadonlyArray<{ readonly id: number }>, DatabaseError | SessionError, SessionFactory>
  >()
})

it("rows are records, and a format is one that COPY knows", () => {
  // @ts-expect-error a number is no row
  const wrong = () => Copy.rows("t", [1])
  // @ts-expect-error there is no such format
  const format = () => Copy.into({ table: "t", format: "xml" }, Stream.empty)
  expectTypeOf([wrong, format]).toBeArray()
})
