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
      // Three, and one more for each time that they meet again.
      assert.isAtLeast(runs, 3)
      yield* assertClean
    })
  )

  it.effect("is nothing of which a part has been committed, and so no write is applied twice", () =>
    Effect.gen(function* () {
      const { withSession } = yield* SessionFactory
      const sql = yield* SqlClient.SqlClient
      yield* sql`CREATE TABLE part (name text)`
      const insert = sql`INSERT INTO part VALUES ('once')`
      const { effect: refused } = refusing(Number.POSITIVE_INFINITY)
      const byHand = Effect.scoped(
        Effect.flatMap(sql.reserve, (connection) =>
          Effect.forEach(["BEGIN", "INSERT INTO part VALUES ('once')", "COMMIT"], (text) =>
            connection.executeUnprepared(text, [], undefined)
          )
        )
      )
      const parts = [insert, sql.withTransaction(insert), withSession({})(insert), byHand].map((part) =>
        Effect.asVoid(DatabaseError.refine<unknown, unknown, never>(part))
      )
      const policies: ReadonlyArray<Retry.Policy> = [
        Retry.statement(quick),
        Retry.transaction(quick),
        Retry.connection(quick)
      ]
      for (const part of parts) {
        for (const policy of policies) {
          yield* sql`DELETE FROM part`
          const reason = reasonOf(yield* Effect.flip(policy(Effect.andThen(part, withSession({})(refused)))))
          if (reason?._tag === "RetriesExhausted") assert.strictEqual(reason.gaveUp, "partly_applied")
          else assert.strictEqual(reason?._tag, "SerializationFailure")
          assert.lengthOf(yield* sql`SELECT name FROM part`, 1)
        }
      }
      yield* assertClean
    })
  )

  it.effect("is what has only read before it failed, and what its author calls idempotent", () =>
    Effect.gen(function* () {
      const { withSession } = yield* SessionFactory
      const sql = yield* SqlClient.SqlClient
      const reads = [sql`SELECT 1`, withSession({ readOnly: true })(sql`SELECT 1`), withSession({})(Effect.void)].map(
        (read) => Effect.asVoid(DatabaseError.refine<unknown, unknown, never>(read))
      )
      for (const read of reads) {
        const { counted, effect } = refusing(2)
        yield* Retry.transaction(quick)(Effect.andThen(read, withSession({})(effect)))
        assert.strictEqual(counted.runs, 3)
      }
      const { counted, effect } = refusing(2)
      yield* sql`CREATE TABLE twice (name text PRIMARY KEY)`
      const upsert = sql`INSERT INTO twice VALUES ('x') ON CONFLICT DO NOTHING`
      yield* Retry.whenSafe(quick)(Retry.idempotent(Effect.andThen(upsert, withSession({})(effect))))
      assert.strictEqual(counted.runs, 3)
      yield* assertClean
    })
  )

  it.effect("is no procedure that may have committed a part of its work before it failed", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* sql`CREATE TABLE batch (id serial)`
      yield* sql`CREATE PROCEDURE in_batches() LANGUAGE plpgsql AS $$ BEGIN
        INSERT INTO batch DEFAULT VALUES; COMMIT; RAISE EXCEPTION 'conflict' USING ERRCODE = '40001'; END $$`
      const calls = [
        sql`CALL in_batches()`,
        sql`-- the nightly one
          call in_batches()`,
        sql`DO $$ BEGIN CALL in_batches(); END $$`
      ]
      for (const [index, call] of calls.entries()) {
        const policy = index % 2 === 0 ? Retry.statement(quick) : Retry.transaction(quick)
        const reason = reasonOf<unknown>(yield* Effect.flip(policy(call)))
        assert.strictEqual(reason?.retryScope, "unknown_outcome")
        assert.lengthOf(yield* sql`SELECT id FROM batch`, index + 1)
      }
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
