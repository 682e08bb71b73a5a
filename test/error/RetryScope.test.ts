/** What a policy runs again, on a real server: the whole of it, and never a part of an open transaction. */
import { assert, layer } from "@effect/vitest"
import { Deferred, Effect } from "effect"
import { SqlClient } from "effect/sql"
import { DatabaseError } from "../../src/error/DatabaseError.ts"
import * as Retry from "../../src/error/Retry.ts"
import { SessionFactory } from "../../src/session/SessionFactory.ts"
import { assertClean, connected, proxied } from "../support/Connected.ts"
import { freshClient } from "../support/Database.ts"
import { Proxy } from "../support/Proxy.ts"

const quick = { base: "1 millis" } as const

/** Fails with a serialization failure, as often as is said, and counts its runs. */
const refusing = (times: number) => {
  const counted = { runs: 0 }
  const effect = Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    if (++counted.runs > times) return yield* sql`SELECT 1 AS one`
    return yield* sql`DO $$ BEGIN RAISE EXCEPTION 'conflict' USING ERRCODE = '40001'; END $$`
  })
  return { counted, effect }
}

const reasonOf = <E>(error: E) => (DatabaseError.isDatabaseError(error) ? error.reason : undefined)

layer(connected(), { excludeTestServices: true })("What a policy runs again", (it) => {
  it.effect("is a statement that the server refused outside a transaction", () =>
    Effect.gen(function* () {
      const { counted, effect } = refusing(2)
      assert.deepStrictEqual(yield* Retry.statement(quick)(effect), [{ one: 1 }])
      assert.strictEqual(counted.runs, 3)
      yield* assertClean
    })
  )

  it.effect("is never a statement of an open transaction, whose failure goes on as it is", () =>
    Effect.gen(function* () {
      const { withSession } = yield* SessionFactory
      const { counted, effect } = refusing(1)
      const error = yield* Effect.flip(withSession({})(Retry.statement(quick)(effect)))
      assert.strictEqual(reasonOf(error)?._tag, "SerializationFailure")
      assert.strictEqual(counted.runs, 1)
      yield* assertClean
    })
  )

  it.effect("is never a savepoint of an open transaction, which is run again as a whole", () =>
    Effect.gen(function* () {
      const { withSession } = yield* SessionFactory
      const inner = refusing(1)
      let outer = 0
      const part = Retry.transaction(quick)(withSession({})(inner.effect))
      const whole = withSession({})(Effect.suspend(() => (outer++, part)))
      assert.deepStrictEqual(yield* Retry.transaction(quick)(whole), [{ one: 1 }])
      assert.deepStrictEqual({ inner: inner.counted.runs, outer }, { inner: 2, outer: 2 })
      yield* assertClean
    })
  )

  it.effect("says that it is for the policy around the transaction, where there is none", () =>
    Effect.gen(function* () {
      const { withSession } = yield* SessionFactory
      const { counted, effect } = refusing(9)
      const policies = [
        Retry.transaction(quick),
        (self: typeof effect) => Retry.whenSafe(quick)(Retry.idempotent(self))
      ]
      for (const policy of policies) {
        counted.runs = 0
        const reason = reasonOf(yield* Effect.flip(withSession({})(policy(effect))))
        if (reason?._tag !== "RetriesExhausted") return assert.fail(reason?._tag)
        assert.strictEqual(reason.gaveUp, "transaction_open")
        assert.strictEqual(reason.last._tag, "SerializationFailure")
        assert.lengthOf(reason.attempts, 1)
        assert.match(reason.message, /^not run again because a transaction is open around it: .*; the failure: /)
        assert.strictEqual(counted.runs, 1)
      }
      yield* assertClean
    })
  )

  it.effect("is the whole transaction after a deadlock, and both are committed", () =>
    Effect.gen(function* () {
      const { withSession } = yield* SessionFactory
      const sql = yield* SqlClient.SqlClient
      yield* sql`CREATE TABLE pair (id int PRIMARY KEY, n int)`
      yield* sql`INSERT INTO pair VALUES (1, 0), (2, 0)`
      const bothHold = yield* Deferred.make<void>()
      let holding = 0
      let runs = 0
      const add = (first: number, second: number) =>
        withSession({})(
          Effect.gen(function* () {
            runs++
            yield* sql`UPDATE pair SET n = n + 1 WHERE id = ${first}`
            if (++holding === 2) yield* Deferred.succeed(bothHold, undefined)
            yield* Deferred.await(bothHold)
            yield* sql`UPDATE pair SET n = n + 1 WHERE id = ${second}`
          })
        ).pipe(Retry.transaction(quick))
      yield* Effect.all([add(1, 2), add(2, 1)], { concurrency: 2, discard: true })
      assert.deepStrictEqual(yield* sql`SELECT n FROM pair`, [{ n: 2 }, { n: 2 }])
      assert.strictEqual(runs, 3)
      yield* assertClean
    })
  )

  it.effect("is nothing when the failure is the statement's own", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      let runs = 0
      const statement = Effect.suspend(() => (runs++, sql`SELECT 1 / 0`))
      for (const policy of [Retry.statement(quick), Retry.connection(quick)]) {
        assert.strictEqual(reasonOf(yield* Effect.flip(policy(statement)))?._tag, "InvalidValue")
      }
      assert.strictEqual(runs, 2)
      yield* assertClean
    })
  )
})

layer(proxied(), { excludeTestServices: true })("What a policy runs again after a cut", (it) => {
  it.effect("is the whole transaction when the connection is lost before COMMIT", () =>
    Effect.gen(function* () {
      const { withSession } = yield* SessionFactory
      const proxy = yield* Proxy
      const sql = yield* SqlClient.SqlClient
      yield* sql`CREATE TABLE note (text text)`
      let runs = 0
      const write = withSession({})(
        Effect.gen(function* () {
          yield* sql`INSERT INTO note VALUES ('once')`
          if (++runs === 1) yield* proxy.cutAll
          yield* sql`SELECT 1`
        })
      )
      yield* Retry.whenSafe(quick)(Retry.wholeSession(write))
      assert.strictEqual(runs, 2)
      assert.deepStrictEqual(yield* sql`SELECT text FROM note`, [{ text: "once" }])
      yield* assertClean
    })
  )
})

layer(freshClient(), { excludeTestServices: true })("On a client that is not of this package", (it) => {
  it.effect("no policy runs a part of an open transaction again either", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      for (const policy of [Retry.statement(quick), Retry.transaction(quick)]) {
        const { counted, effect } = refusing(1)
        yield* Effect.flip(sql.withTransaction(policy(effect)))
        assert.strictEqual(counted.runs, 1)
      }
      const { counted, effect } = refusing(1)
      yield* Retry.transaction(quick)(sql.withTransaction(effect))
      assert.strictEqual(counted.runs, 2)
    })
  )
})
