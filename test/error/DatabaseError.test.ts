import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { SqlError, UnknownError } from "effect/sql/SqlError"
import { inspect } from "node:util"
import { DatabaseError } from "../../src/error/DatabaseError.ts"
import * as Reason from "../../src/error/Reason.ts"
import { failed, reported } from "./driver.ts"
import { bare, full } from "./samples.ts"

const handled = (error: SqlError | "other") =>
  Effect.result(
    DatabaseError.refine(Effect.fail(error)).pipe(
      DatabaseError.catchReason("DiskFull", (reason) => Effect.succeed(reason.sqlState))
    )
  )

const columns = (detail: string) => {
  const { reason } = DatabaseError.fromSqlError(reported({ code: "23505", detail }))
  return reason._tag === "UniqueViolation" ? reason.columns : undefined
}

describe("DatabaseError", () => {
  it.effect("loses nothing when it is encoded and decoded, whatever its reason", () =>
    Effect.gen(function* () {
      for (const reason of full) {
        const error = new DatabaseError({ reason })
        const encoded = yield* Schema.encodeEffect(DatabaseError)(error)
        const decoded = yield* Schema.decodeUnknownEffect(DatabaseError)(JSON.parse(JSON.stringify(encoded)))
        assert.deepStrictEqual({ ...decoded.reason }, { ...reason }, reason._tag)
        assert.strictEqual(decoded.message, error.message)
        assert.strictEqual(decoded.retryScope, error.retryScope)
        assert.strictEqual(decoded.code, error.code)
        assert.strictEqual(decoded.reason.constructor, reason.constructor)
      }
    })
  )

  it.effect("loses nothing of a reason that a policy gave up with, whatever it was", () =>
    Effect.gen(function* () {
      for (const last of full) {
        if (last._tag === "RetriesExhausted") continue
        const reason = new Reason.RetriesExhausted({ attempts: [], last })
        const encoded = yield* Schema.encodeEffect(DatabaseError)(new DatabaseError({ reason }))
        const decoded = yield* Schema.decodeUnknownEffect(DatabaseError)(JSON.parse(JSON.stringify(encoded)))
        assert.strictEqual(decoded.reason._tag, "RetriesExhausted")
        if (decoded.reason._tag !== "RetriesExhausted") continue
        assert.deepStrictEqual({ ...decoded.reason.last }, { ...last }, last._tag)
        assert.strictEqual(decoded.reason.last.constructor, last.constructor)
        assert.strictEqual(decoded.message, reason.message)
      }
    })
  )

  it("has a stable code for each reason, and no two share one", () => {
    const codes = full.map(({ code }) => code)
    assert.strictEqual(new Set(codes).size, codes.length)
    for (const code of codes) assert.match(code, /^PGK[1-79]\d{3}$/)
  })

  it("says something whole about each reason even when only its tag is known", () => {
    for (const { message } of bare) {
      assert.isAbove(message.length, 10)
      assert.notMatch(message, /undefined|null\b(?<!be null)|NaN|\[object/)
    }
  })

  it("is a real error with the reason's message", () => {
    const error = DatabaseError.fromSqlError(reported({ code: "40P01", message: "deadlock detected" }))
    assert.instanceOf(error, Error)
    assert.instanceOf(error.reason, Reason.DeadlockDetected)
    assert.isTrue(DatabaseError.isDatabaseError(error))
    assert.strictEqual(error.name, "DatabaseError")
    assert.strictEqual(error.message, error.reason.message)
    assert.match(String(error.stack), /^DatabaseError: the transaction was rolled back to end a deadlock/)
  })

  it("keeps a reason that a SqlError carries already", () => {
    const reason = new Reason.OutcomeUnknown({ transactionId: "771" })
    assert.strictEqual(DatabaseError.fromSqlError(failed(reason)).reason, reason)
    assert.strictEqual(DatabaseError.fromSqlError(failed(new DatabaseError({ reason }))).reason, reason)
  })

  it.effect("refine replaces the SqlError and leaves other errors alone", () =>
    Effect.gen(function* () {
      const refined = yield* Effect.flip(DatabaseError.refine(Effect.fail(reported({ code: "53100" }))))
      assert.strictEqual(refined.reason._tag, "DiskFull")
      assert.strictEqual(yield* Effect.flip(DatabaseError.refine(Effect.fail("other" as const))), "other")
    })
  )

  it.effect("catchReason handles one reason and passes on the others", () =>
    Effect.gen(function* () {
      assert.deepInclude(yield* handled(reported({ code: "53100" })), { success: "53100" })
      assert.strictEqual((yield* handled(reported({ code: "53200" })))._tag, "Failure")
      assert.deepInclude(yield* handled("other"), { failure: "other" })
    })
  )

  it("shows no value of a row in its message, in JSON or to an inspector", () => {
    const secret = "hunter2"
    const errors = [
      reported({ code: "23505", detail: `Key (email)=(${secret}) already exists.`, table: "users" }),
      reported({ code: "22P02", message: `invalid input syntax for type integer: "${secret}"` }),
      reported({ code: "22P02", message: `ungültige Eingabesyntax für Typ integer: »${secret}«` }),
      reported({ code: "22003", message: `value "${secret}" is out of range for type integer` }),
      reported({ code: "23514", detail: `Failing row contains (1, ${secret}).`, table: "users" }),
      reported({ code: "42703", message: "?", internalPosition: "1", internalQuery: `SELECT '${secret}'` }),
      reported({ code: "P0001", message: "stop", where: `SQL statement "SELECT '${secret}'"` }),
      new SqlError({
        reason: new UnknownError({
          cause: { _tag: "PgTypesCodecError", message: `Cannot infer a PostgreSQL type for ${secret}` },
          message: "PgConnection: Failed to encode query"
        })
      })
    ].map((error) => DatabaseError.fromSqlError(error))
    for (const error of errors) {
      for (const text of [error.message, String(error.stack), JSON.stringify(error), inspect(error, { depth: 9 })]) {
        assert.notInclude(text, secret)
      }
    }
    assert.include(errors[0]?.reason.toString(), "(email)")
  })

  describe("columns", () => {
    it("are read from the detail in any language", () => {
      assert.deepStrictEqual(columns("Key (org_id, email)=(1, a@b.c) already exists."), ["org_id", "email"])
      assert.deepStrictEqual(columns("Schlüssel »(email)=(a@b.c)« existiert bereits."), ["email"])
      assert.deepStrictEqual(columns("キー (email)=(a) はすでに存在します。"), ["email"])
    })

    it("keep expressions whole and quoted names unquoted", () => {
      assert.deepStrictEqual(columns("Key (COALESCE(a, b), lower(c))=(1, x) already exists."), [
        "COALESCE(a, b)",
        "lower(c)"
      ])
      assert.deepStrictEqual(columns('Key ("Weird, ""Name""", b)=(1, 2) already exists.'), ['Weird, "Name"', "b"])
    })

    it("are none where the server shows none", () => {
      assert.deepStrictEqual(columns("Key already exists."), [])
      assert.deepStrictEqual(columns("a)=(b then ("), [])
    })
  })
})
