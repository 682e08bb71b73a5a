/** COPY where it goes wrong: what is known of its rows then, and that nothing waits for ever. */
import { assert, layer } from "@effect/vitest"
import { Deferred, Duration, Effect, Exit, Fiber, Queue, Stream } from "effect"
import { SqlClient } from "effect/sql"
import { DatabaseError } from "../../src/error/DatabaseError.ts"
import * as Copy from "../../src/session/Copy.ts"
import { CopyPatience } from "../../src/connection/internal/copyQueue.ts"
import { SessionFactory } from "../../src/session/SessionFactory.ts"
import { assertClean, connected, proxied } from "../support/Connected.ts"
import { Proxy } from "../support/Proxy.ts"

const freshTable = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`DROP TABLE IF EXISTS copied`
  yield* sql`CREATE TABLE copied (id int, name text)`
})

const transaction = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.flatMap(SqlClient.SqlClient, (sql) => DatabaseError.refine(sql.withTransaction(effect)))

const count = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const [row] = yield* Effect.eventually(sql<{ n: number }>`SELECT count(*)::int AS n FROM copied`)
  return row?.n
})

const into = <E, R>(data: Stream.Stream<string, E, R>) => Copy.into({ table: "copied" }, data)

const much = Copy.out({ query: "SELECT n, repeat('x', 1000) FROM generate_series(1, 10000) n" })

layer(proxied({ maxConnections: 4 }), { excludeTestServices: true })("COPY", (it) => {
  it.effect("outside of a transaction is undone when its connection is lost before its data has ended", () =>
    Effect.gen(function* () {
      const proxy = yield* Proxy
      yield* freshTable
      const reached = yield* Deferred.make<void>()
      const pause = Effect.andThen(Deferred.succeed(reached, undefined), Effect.never)
      const data = Stream.concat(Stream.make("1\ta\n"), Stream.fromEffect(pause))
      const fiber = yield* Effect.forkChild(Effect.flip(into(data)))
      yield* Deferred.await(reached)
      yield* proxy.cutAll
      const error = yield* Fiber.join(fiber)
      assert.deepInclude(error.reason, { _tag: "ConnectionLost", phase: "transaction_open" })
      assert.strictEqual(yield* count, 0)
      yield* assertClean
    })
  )

  it.effect("outside of a transaction is known to nobody when the answer to its last row is lost", () =>
    Effect.gen(function* () {
      const proxy = yield* Proxy
      yield* freshTable
      yield* proxy.cutNext({ after: "the last" })
      const error = yield* Effect.flip(into(Stream.make("1\ta\n", "2\tthe last\n")))
      assert.deepInclude(error.reason, { _tag: "ConnectionLost", phase: "statement_sent" })
      assert.strictEqual(yield* count, 2)
      yield* proxy.cutNext({ after: "the last" })
      const inside = yield* Effect.flip(transaction(into(Stream.make("1\ta\n", "2\tthe last\n"))))
      assert.deepInclude(inside.reason, { _tag: "ConnectionLost", phase: "transaction_open" })
      assert.strictEqual(yield* count, 2)
      yield* proxy.cutNext({ after: "generate_series" })
      const read = yield* Effect.flip(transaction(Stream.runDrain(much)))
      assert.deepInclude(read.reason, { _tag: "ConnectionLost", phase: "transaction_open" })
      yield* assertClean.pipe(Effect.eventually)
    })
  )

  it.effect("that fails or is interrupted at a savepoint takes nothing else with it", () =>
    Effect.gen(function* () {
      yield* freshTable
      yield* transaction(
        Effect.gen(function* () {
          yield* into(Stream.make("1\ta\n"))
          const failed = yield* Effect.exit(transaction(into(Stream.make("2\tb\n", "no number\tc\n"))))
          assert.isTrue(Exit.isFailure(failed))
          const reached = yield* Deferred.make<void>()
          const pause = Effect.andThen(Deferred.succeed(reached, undefined), Effect.never)
          const endless = Stream.concat(Stream.make("3\tc\n"), Stream.fromEffect(pause))
          const fiber = yield* Effect.forkChild(transaction(into(endless)))
          yield* Deferred.await(reached)
          yield* Fiber.interrupt(fiber)
          assert.strictEqual(yield* transaction(transaction(into(Stream.make("4\td\n", "5\te\n")))), 2)
        })
      )
      assert.strictEqual(yield* count, 3)
      yield* assertClean
    })
  )

  it.effect("that moves is waited for, and one that waits, unseen, for what waits for it is not", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* freshTable
      const fed = Effect.gen(function* () {
        const lines = yield* Queue.unbounded<string>()
        const opened = yield* Deferred.make<void>()
        const feed = Deferred.await(opened).pipe(
          Effect.andThen(sql`SELECT 1`),
          Effect.andThen(Queue.offer(lines, "2\tb\n"))
        )
        const first = Stream.fromEffect(Effect.as(Deferred.succeed(opened, undefined), "1\ta\n"))
        const copied = into(Stream.concat(first, Stream.take(Stream.fromQueue(lines), 1)))
        yield* Effect.all([feed, copied], { concurrency: 2 })
      })
      const readByFour = Stream.runDrain(Stream.mapEffect(much, () => sql`SELECT 1`, { concurrency: 4 }))
      const slow = Effect.gen(function* () {
        yield* sql`CREATE TABLE slow (id int)`
        const opened = yield* Deferred.make<void>()
        const lines = Stream.map(Stream.tick("300 millis"), () => "1\n").pipe(
          Stream.take(9),
          Stream.tap(() => Deferred.succeed(opened, undefined))
        )
        const next = Effect.andThen(Deferred.await(opened), sql<{ n: number }>`SELECT count(*)::int AS n FROM slow`)
        return yield* Effect.all([Copy.into({ table: "slow" }, lines), next], { concurrency: 2 })
      })
      const [moved, ...errors] = yield* Effect.all(
        [transaction(slow), Effect.flip(transaction(fed)), Effect.flip(transaction(readByFour))],
        { concurrency: 3 }
      ).pipe(Effect.provideService(CopyPatience, Duration.seconds(2)))
      assert.deepStrictEqual(moved, [9, [{ n: 9 }]])
      for (const error of errors) {
        assert.strictEqual(error.reason._tag, "ClientError")
        assert.match(error.message, /COPY that itself waits/)
      }
      assert.strictEqual(yield* count, 0)
      yield* assertClean
    })
  )
})

layer(connected({ maxConnections: 1 }), { excludeTestServices: true })("COPY as the first of a session", (it) => {
  it.effect("begins anew with a BEGIN that the server has forgotten, and sends its data once", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const { withSession } = yield* SessionFactory
      yield* freshTable
      yield* withSession({})(sql`SELECT 1`)
      yield* sql`DISCARD ALL`.unprepared
      assert.strictEqual(yield* withSession({})(into(Stream.make("1\ta\n", "2\tb\n"))), 2)
      yield* sql`DISCARD ALL`.unprepared
      const lines = yield* withSession({})(Stream.runCollect(Stream.decodeText(Copy.out({ table: "copied" }))))
      assert.deepStrictEqual(lines, ["1\ta\n", "2\tb\n"])
      yield* assertClean
    })
  )

  it.effect("is not run again when its data has begun, whatever the server calls the failure", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const { withSession } = yield* SessionFactory
      yield* freshTable
      // As a trigger does whose own prepared statement is gone.
      yield* sql`CREATE FUNCTION forget() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION USING ERRCODE = '26000', MESSAGE = 'forgotten'; END $$`
      yield* sql`CREATE TRIGGER forget BEFORE INSERT ON copied FOR EACH ROW EXECUTE FUNCTION forget()`
      let asked = 0
      const data = Stream.map(Stream.make("1\ta\n", "2\tb\n"), (line) => {
        asked++
        return line
      })
      for (const copied of [withSession({})(into(data)), into(data)]) {
        const error = yield* Effect.flip(copied)
        assert.strictEqual(error._tag, "DatabaseError")
        assert.match(error.message, /forgotten/)
      }
      assert.strictEqual(asked, 4)
      assert.strictEqual(yield* count, 0)
      yield* assertClean
    })
  )
})
