/** A transaction begins with its first statement: what that must not change. */
import { assert, layer } from "@effect/vitest"
import { Clock, Deferred, Duration, Effect, Exit, Fiber, Stream, Tracer } from "effect"
import { SqlClient } from "effect/sql"
import { ConnectionManager } from "../../src/connection/ConnectionManager.ts"
import { DatabaseError } from "../../src/error/DatabaseError.ts"
import { SessionFactory } from "../../src/session/SessionFactory.ts"
import { assertClean, connected, proxied } from "../support/Connected.ts"
import { add, freshTable, items } from "../support/Items.ts"
import { Proxy } from "../support/Proxy.ts"

const transaction = <A, E, R>(body: Effect.Effect<A, E, R>) =>
  Effect.flatMap(SqlClient.SqlClient, (sql) => DatabaseError.refine(sql.withTransaction(body)))

const stateOf = ({ reason }: DatabaseError) => ("sqlState" in reason ? reason.sqlState : undefined)

/** A clock whose sleeps of a second and more take `long` instead: the limit of a rollback is five seconds. */
const withLimits = (long: Effect.Effect<void>) => {
  const real = Clock.Clock.defaultValue()
  const sleep = (time: Duration.Duration) => (Duration.toMillis(time) < 1000 ? real.sleep(time) : long)
  const clock: Clock.Clock = Object.create(real, { sleep: { value: sleep } })
  return Effect.provideService(Clock.Clock, clock)
}

const reasonOf = (error: unknown) => (DatabaseError.isDatabaseError(error) ? error.reason._tag : error)

layer(proxied({ maxConnections: 1 }), { excludeTestServices: true })("A transaction's round trips", (it) => {
  const count = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
    Effect.gen(function* () {
      const { counters } = yield* Proxy
      yield* effect
      const before = counters.roundTrips
      yield* effect
      return counters.roundTrips - before
    })

  it.effect("are none when it does nothing, or fails before it does anything", () =>
    Effect.gen(function* () {
      yield* Effect.flatMap(SqlClient.SqlClient, (sql) => sql`SELECT 1`)
      assert.strictEqual(yield* count(transaction(Effect.void)), 0)
      assert.strictEqual(yield* count(Effect.exit(transaction(Effect.fail("no")))), 0)
      yield* assertClean
    })
  )

  it.effect("are two around one statement, a nested one's three more, and a stream's one more", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      assert.strictEqual(yield* count(transaction(sql`SELECT 1`)), 2)
      assert.strictEqual(yield* count(transaction(transaction(sql`SELECT 1`))), 4)
      assert.strictEqual(yield* count(transaction(Stream.runDrain(sql`SELECT 1`.stream))), 3)
      yield* assertClean
    })
  )
})

layer(connected({ maxConnections: 2 }), { excludeTestServices: true })("A transaction that begins late", (it) => {
  it.effect("begins once, whichever of its parallel statements comes first", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const ids = yield* transaction(
        Effect.forEach(Array.from({ length: 20 }), () => sql<{ id: string }>`SELECT pg_current_xact_id()::text AS id`, {
          concurrency: "unbounded"
        })
      )
      assert.strictEqual(new Set(ids.map(([row]) => row?.id)).size, 1)
      yield* assertClean
    })
  )

  it.effect("begins with a nested transaction, which can be undone while the rest is kept", () =>
    Effect.gen(function* () {
      yield* freshTable
      yield* transaction(
        Effect.andThen(Effect.ignore(transaction(Effect.andThen(add("a"), Effect.fail("undo")))), add("b"))
      )
      assert.deepStrictEqual(yield* items, ["b"])
      yield* assertClean
    })
  )

  it.effect("begins with a stream, which may end early", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* freshTable
      const numbers = sql<{ n: number }>`SELECT generate_series(1, 100000) AS n`.stream
      const failed = yield* Effect.flip(
        transaction(
          Effect.gen(function* () {
            assert.deepStrictEqual(yield* Stream.runCollect(Stream.take(numbers, 2)), [{ n: 1 }, { n: 2 }])
            yield* add("lost")
            return yield* Effect.fail("no")
          })
        )
      )
      // Ending a stream early cancels its statement if it still runs, and that fails the transaction it ran in.
      assert.include(["no", "25P02"], DatabaseError.isDatabaseError(failed) ? stateOf(failed) : failed)
      assert.deepStrictEqual(yield* items, [])
      yield* assertClean
    })
  )

  it.effect("takes SET TRANSACTION as its first statement; a session has read its settings by then", () =>
    Effect.gen(function* () {
      const { withSession } = yield* SessionFactory
      const sql = yield* SqlClient.SqlClient
      const strict = Effect.andThen(sql`SET TRANSACTION ISOLATION LEVEL SERIALIZABLE`, sql`SHOW transaction_isolation`)
      assert.deepStrictEqual(yield* transaction(strict), [{ transaction_isolation: "serializable" }])
      const error = yield* Effect.flip(withSession({})(strict))
      assert.strictEqual(error._tag === "DatabaseError" ? stateOf(error) : error._tag, "25001")
      yield* assertClean
    })
  )

  it.effect("that the server refuses fails its first statement, and itself when that was swallowed", () =>
    Effect.gen(function* () {
      yield* freshTable
      const refused = Effect.provideService(
        transaction(Effect.andThen(Effect.exit(add("first")), Effect.exit(add("second")))),
        SqlClient.BeginTransaction,
        "BEGIN ISOLATION LEVEL nonsense"
      )
      assert.strictEqual(reasonOf(yield* Effect.flip(refused)), "SqlSyntaxError")
      assert.deepStrictEqual(yield* items, [])
      yield* assertClean
    })
  )

  it.effect("goes on after a first statement that never reached the server", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* freshTable
      const unsendable = sql`SELECT ${[[1], [2]] as never}`
      yield* transaction(Effect.andThen(Effect.exit(unsendable), add("kept")))
      const failed = transaction(
        Effect.andThen(Effect.exit(unsendable), Effect.andThen(add("lost"), Effect.fail("no")))
      )
      assert.strictEqual(yield* Effect.flip(failed), "no")
      assert.deepStrictEqual(yield* items, ["kept"])
      yield* assertClean
    })
  )

  it.effect("fails when its first statement failed and was swallowed", () =>
    Effect.gen(function* () {
      yield* freshTable
      yield* add("a")
      assert.strictEqual(reasonOf(yield* Effect.flip(transaction(Effect.ignore(add("a"))))), "CommitRolledBack")
      yield* assertClean
    })
  )

  it.effect("is not left by an interrupted first statement: what follows in it is refused", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* freshTable
      const enough = yield* Deferred.make<void>()
      const asleep = Effect.asVoid(sql`SELECT pg_sleep(60) AS first_of_all`)
      const late = yield* Effect.forkChild(
        transaction(Effect.andThen(Effect.raceFirst(asleep, Deferred.await(enough)), add("lost")))
      )
      const running = sql`SELECT 1 FROM pg_stat_activity WHERE query LIKE '%first_of_all' AND state = 'active'`
      yield* Effect.repeat(running, { until: ({ length }) => length > 0 })
      yield* Deferred.succeed(enough, undefined)
      assert.isTrue(Exit.isFailure(yield* Fiber.await(late)))
      assert.deepStrictEqual(yield* items, [])
      yield* assertClean
    })
  )

  it.effect("fails for certain when its connection was gone before COMMIT was sent", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* freshTable
      const suicide = sql`SELECT pg_terminate_backend(pg_backend_pid())`
      const error = yield* Effect.flip(transaction(Effect.andThen(add("lost"), Effect.exit(suicide))))
      assert.isTrue(error.connectionLost)
      assert.notStrictEqual(reasonOf(error), "OutcomeUnknown")
      assert.deepStrictEqual(yield* items, [])
      yield* assertClean
    })
  )

  for (const moment of ["is about to be sent", "runs on the server"] as const) {
    it.effect(`ends a statement of another fiber that ${moment} when it is rolled back, at once`, () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const started = yield* Deferred.make<void>()
        const enough = yield* Deferred.make<void>()
        const left = yield* Deferred.make<Fiber.Fiber<unknown, unknown>>()
        const sleeping = Stream.runDrain(sql`SELECT pg_sleep(60)`.stream)
        const failed = transaction(
          Effect.gen(function* () {
            yield* sql`SELECT 1`
            const statement = Effect.andThen(Deferred.succeed(started, undefined), sleeping)
            yield* Deferred.succeed(left, yield* Effect.forkDetach(statement))
            yield* Deferred.await(moment === "runs on the server" ? enough : started)
            return yield* Effect.fail("no")
          })
          // Its limit would end them too.
        ).pipe(withLimits(Effect.never))
        const running = sql`SELECT 1 FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)%'
          AND state = 'active' AND datname = current_database() AND pid <> pg_backend_pid()`
        const ended = yield* Effect.forkChild(Effect.flip(failed))
        if (moment === "runs on the server") yield* Effect.repeat(running, { until: ({ length }) => length > 0 })
        yield* Deferred.succeed(enough, undefined)
        assert.strictEqual(yield* Fiber.join(ended), "no")
        assert.isTrue(Exit.isFailure(yield* Fiber.await(yield* Deferred.await(left))))
        for (let turn = 0; turn < 4; turn++) assert.deepStrictEqual(yield* running, [])
        yield* assertClean
      })
    )
  }

  it.effect("is given up when a nested one could not be undone in time, and never committed with it", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* freshTable
      const other = yield* sql.reserve
      const ask = (text: string) => other.execute(text, [], undefined)
      yield* ask("SELECT pg_advisory_lock(11)")
      const enough = yield* Deferred.make<void>()
      const givenUp = yield* Deferred.make<void>()
      const slow = sql`SELECT pg_advisory_xact_lock(11)`
      const left = yield* Deferred.make<Fiber.Fiber<unknown, unknown>>()
      const body = Effect.gen(function* () {
        yield* add("undone")
        yield* Deferred.succeed(left, yield* Effect.forkDetach(slow))
        yield* Deferred.await(enough)
        return yield* Effect.fail("undo")
      })
      const nested = sql.withTransaction(body).pipe(withLimits(Effect.sleep("200 millis")))
      const both = Effect.gen(function* () {
        yield* Effect.ignore(nested)
        yield* Deferred.succeed(givenUp, undefined)
        yield* Fiber.await(yield* Deferred.await(left))
      })
      const failed = yield* Effect.forkChild(Effect.flip(transaction(Effect.andThen(sql`SELECT 1`, both))))
      // A statement that the body has left behind is under way, and the rollback has to wait for it.
      const waiting = ask(
        "SELECT 1 FROM pg_stat_activity WHERE query LIKE '%xact_lock(11)' AND wait_event = 'advisory'"
      )
      yield* Effect.repeat(waiting, { until: ({ length }) => length > 0 })
      yield* Deferred.succeed(enough, undefined)
      yield* Deferred.await(givenUp)
      yield* ask("SELECT pg_advisory_unlock(11)")
      const error = yield* Fiber.join(failed)
      assert.deepInclude(error.reason, { _tag: "ConnectionLost", retryScope: "transaction" })
      assert.deepStrictEqual(yield* items, [])
    }).pipe(Effect.scoped, Effect.andThen(assertClean))
  )

  it.effect("refuses what a fiber sends while COMMIT is on its way, so that nothing runs outside of it", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* freshTable
      yield* sql`CREATE OR REPLACE FUNCTION slowly() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN PERFORM pg_sleep(0.2); RETURN NULL; END $$`
      yield* sql`CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON item DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION slowly()`
      const late = yield* transaction(
        Effect.andThen(
          add("kept"),
          Effect.forkDetach(Effect.andThen(Effect.sleep("80 millis"), Effect.exit(DatabaseError.refine(add("late")))))
        )
      )
      assert.isTrue(Exit.isFailure(yield* Fiber.join(late)))
      assert.deepStrictEqual(yield* items, ["kept"])
      yield* assertClean
    })
  )

  it.effect("tells a statement that it left running that it came too late, and of no cancel request", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const asleep = DatabaseError.refine(sql`SELECT pg_sleep(60) AS left_running`)
      const left = yield* Deferred.make<Fiber.Fiber<DatabaseError, unknown>>()
      const enough = yield* Deferred.make<void>()
      const failed = yield* Effect.forkChild(
        transaction(
          Effect.gen(function* () {
            yield* sql`SELECT 1`
            yield* Deferred.succeed(left, yield* Effect.forkDetach(Effect.flip(asleep)))
            yield* Deferred.await(enough)
            return yield* Effect.fail("no")
          })
        ).pipe(Effect.ignore)
      )
      const running = sql`SELECT 1 FROM pg_stat_activity WHERE query LIKE '%left_running' AND state = 'active'`
      yield* Effect.repeat(running, { until: ({ length }) => length > 0 })
      yield* Deferred.succeed(enough, undefined)
      yield* Fiber.join(failed)
      const { reason } = yield* Fiber.join(yield* Deferred.await(left))
      assert.deepInclude(reason, { _tag: "ConnectionReleased", statement: "SELECT pg_sleep(60) AS left_running" })
      yield* assertClean
    })
  )

  it.effect("tells a statement that finds its connection dead its own text, and that nothing of it was sent", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const end = Effect.ignore(sql`SELECT pg_terminate_backend(pg_backend_pid())`)
      const late = DatabaseError.refine(sql`SELECT 'late'`)
      const within = yield* Effect.flip(DatabaseError.refine(sql.withTransaction(Effect.andThen(end, late))))
      assert.deepInclude(within.reason, { phase: "transaction_open", retryScope: "transaction" })
      assert.notInclude(within.reason.statement ?? "", "terminate")
      const reserved = Effect.scoped(
        Effect.flatMap(sql.reserve, (connection) => {
          const run = (text: string) => connection.execute(text, [], undefined)
          return Effect.andThen(
            Effect.ignore(run("SELECT pg_terminate_backend(pg_backend_pid())")),
            run("SELECT 'late'")
          )
        })
      )
      const { reason } = yield* Effect.flip(DatabaseError.refine(reserved))
      assert.deepInclude(reason, { phase: "idle", retryScope: "statement" })
      yield* assertClean
    })
  )

  it.effect("refuses the statement of a fiber that outlived it without a statement of its own", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* freshTable
      const ended = yield* Deferred.make<void>()
      const late = yield* transaction(
        Effect.forkDetach(Effect.andThen(Deferred.await(ended), Effect.exit(add("late"))))
      )
      yield* Deferred.succeed(ended, undefined)
      assert.isTrue(Exit.isFailure(yield* Fiber.join(late)))
      assert.deepStrictEqual(yield* items, [])
      assert.deepStrictEqual(yield* sql`SELECT 1 AS one`, [{ one: 1 }])
      yield* assertClean
    })
  )
})

layer(connected({ maxConnections: 1 }), { excludeTestServices: true })(
  "A transaction whose server has forgotten",
  (it) => {
    for (const [what, forget] of [
      ["its BEGIN", "pg_prepared_statements.statement = 'BEGIN'"],
      ["its settings", "pg_prepared_statements.statement LIKE '%set_config%'"]
    ] as const) {
      it.effect(`${what} begins all the same`, () =>
        Effect.gen(function* () {
          const { withSession } = yield* SessionFactory
          const sql = yield* SqlClient.SqlClient
          yield* freshTable
          const session = (name: string) =>
            withSession({ actor: "ada" })(
              Effect.andThen(add(name), sql`SELECT current_setting('pgkeel.actor') AS actor, ${name}::text AS name`)
            )
          yield* session("before")
          const named = yield* sql<{ name: string }>`SELECT name FROM pg_prepared_statements
          WHERE name LIKE 'pgkeel%' AND ${sql.literal(forget)}`
          assert.strictEqual(named.length, 1)
          yield* sql`DEALLOCATE ${sql(named[0]?.name ?? "")}`
          assert.deepStrictEqual(yield* session("after"), [{ actor: "ada", name: "after" }])
          assert.deepStrictEqual(yield* items, ["after", "before"])
          yield* assertClean
        })
      )
    }

    it.effect("its first statement, or whose tables have changed under it, begins again by itself", () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        yield* freshTable
        yield* transaction(add("before"))
        const all = sql`SELECT * FROM item ORDER BY name`
        yield* transaction(all)
        const named = yield* sql<{
          name: string
        }>`SELECT name FROM pg_prepared_statements WHERE statement LIKE 'INSERT%'`
        assert.strictEqual(named.length, 1)
        yield* sql`DEALLOCATE ${sql(named[0]?.name ?? "")}`
        yield* transaction(add("after"))
        yield* sql`ALTER TABLE item ADD COLUMN n int`
        assert.deepStrictEqual(yield* transaction(all), [
          { name: "after", n: null },
          { name: "before", n: null }
        ])
        // What has already been done in a transaction cannot be repeated, so there it fails, with its type.
        yield* sql`ALTER TABLE item DROP COLUMN n`
        const second = yield* Effect.flip(transaction(Effect.andThen(add("lost"), all)))
        assert.strictEqual(reasonOf(second), "StalePreparedStatement")
        assert.deepStrictEqual(yield* items, ["after", "before"])
        yield* assertClean
      })
    )

    it.effect("everything begins, works and commits all the same", () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        yield* freshTable
        yield* transaction(add("before"))
        yield* sql`DISCARD ALL`
        yield* transaction(add("after"))
        assert.deepStrictEqual(yield* items, ["after", "before"])
        yield* assertClean
      })
    )

    it.effect("its COMMIT fails, and leaves nothing open", () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        yield* freshTable
        yield* transaction(add("kept"))
        const forgetful = transaction(Effect.andThen(add("lost"), sql`DEALLOCATE ALL`))
        const error = yield* Effect.flip(forgetful)
        assert.strictEqual(stateOf(error), "26000")
        assert.deepStrictEqual(yield* items, ["kept"])
        yield* assertClean
      })
    )
  }
)

layer(connected({ maxConnections: 1 }), { excludeTestServices: true })(
  "A transaction that waits for a connection",
  (it) => {
    it.effect(
      "makes nothing before it has one, comes in its turn, and leaves no place behind when it is interrupted",
      () =>
        Effect.gen(function* () {
          const sql = yield* SqlClient.SqlClient
          const { poolStatus } = yield* ConnectionManager
          const free = yield* Deferred.make<void>()
          const spans: Array<string> = []
          const order: Array<number> = []
          const tracer = Tracer.make({
            span: (options) => {
              spans.push(options.name)
              return new Tracer.NativeSpan(options)
            }
          })
          const held = yield* Deferred.make<void>()
          const holder = yield* Effect.forkChild(
            sql.withTransaction(Effect.andThen(Deferred.succeed(held, undefined), Deferred.await(free)))
          )
          yield* Deferred.await(held)
          const waiters = yield* Effect.forEach([1, 2, 3], (number) =>
            sql
              .withTransaction(Effect.sync(() => order.push(number)))
              .pipe(Effect.withTracer(tracer), Effect.forkChild({ startImmediately: true }))
          )
          assert.deepInclude(yield* poolStatus, { inUse: 1, waiting: 3 })
          assert.deepStrictEqual(spans, [])
          const [first, second, third] = waiters
          assert(first !== undefined && second !== undefined && third !== undefined)
          yield* Fiber.interrupt(second)
          yield* Deferred.succeed(free, undefined)
          yield* Effect.all([Fiber.join(holder), Fiber.join(first), Fiber.join(third)])
          assert.deepStrictEqual(order, [1, 3])
          assert.deepStrictEqual(spans, ["sql.transaction", "sql.transaction"])
          assert.deepInclude(yield* poolStatus, { inUse: 0, waiting: 0 })
          yield* assertClean
        })
    )
  }
)
