/** COPY on the pool's own connections: what is copied, and that every end leaves a connection that works. */
import { assert, layer } from "@effect/vitest"
import { Cause, Deferred, Effect, Exit, Fiber, Option, Stream } from "effect"
import { SqlClient } from "effect/sql"
import { ConnectionManager } from "../../src/connection/ConnectionManager.ts"
import { copyIn, copyOut } from "../../src/connection/CopyProtocol.ts"
import { DatabaseError } from "../../src/error/DatabaseError.ts"
import { assertClean, connected, proxied } from "../support/Connected.ts"
import { heldBytes } from "../support/Memory.ts"
import { Proxy } from "../support/Proxy.ts"

const freshTable = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`DROP TABLE IF EXISTS copied`
  yield* sql`CREATE TABLE copied (id int PRIMARY KEY, name text)`
})

/** The connection of the open transaction. */
const connection = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const open = yield* Effect.serviceOption(sql.transactionService)
  return Option.getOrThrow(open)[0]
})

const into = <E, R>(data: Stream.Stream<Uint8Array | string, E, R>, statement = "COPY copied FROM STDIN") =>
  Effect.flatMap(connection, (open) => copyIn(open, statement, data))

const out = (statement = "COPY copied TO STDOUT") =>
  Stream.unwrap(Effect.map(connection, (open) => copyOut(open, statement)))

const transaction = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.flatMap(SqlClient.SqlClient, (sql) => DatabaseError.refine(sql.withTransaction(effect)))

const count = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const [row] = yield* sql<{ n: number }>`SELECT count(*)::int AS n FROM copied`
  return row?.n
})

/** How many connections the pool has, and how many it has opened so far: the same as before where none was given up. */
const connections = Effect.gen(function* () {
  const { counters } = yield* Proxy
  const { poolStatus } = yield* ConnectionManager
  return { opened: counters.connections, standing: (yield* poolStatus).total }
})

const lines = (from: number, to: number) =>
  Stream.map(Stream.range(from, to), (id) => `${id}\tname ${id}\n`).pipe(Stream.rechunk(100))

/** The same numbers in every run (Numerical Recipes' generator), so that a failure can be run again. */
const numbers = (seed: number) => () => {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0
  return seed / 2 ** 32
}

layer(proxied({ maxConnections: 2, acquireTimeout: "5 seconds" }), { excludeTestServices: true })("COPY", (it) => {
  it.effect("is a part of the transaction, as its first statement and as a later one", () =>
    Effect.gen(function* () {
      yield* freshTable
      const sql = yield* SqlClient.SqlClient
      assert.strictEqual(yield* transaction(into(lines(1, 1000))), 1000)
      yield* transaction(
        Effect.gen(function* () {
          yield* sql`INSERT INTO copied VALUES (0, 'inserted')`
          assert.strictEqual(yield* into(lines(1001, 1010)), 10)
          assert.strictEqual(yield* count, 1011)
          assert.strictEqual(yield* into(Stream.empty), 0)
        })
      )
      yield* Effect.exit(transaction(Effect.andThen(into(lines(2001, 2010)), Effect.fail("undone"))))
      assert.strictEqual(yield* count, 1011)
      yield* assertClean
    })
  )

  it.effect("reads what was written, in text and in binary, in one piece a row", () =>
    Effect.gen(function* () {
      yield* freshTable
      yield* transaction(into(lines(1, 500)))
      const text = yield* transaction(Stream.runCollect(Stream.decodeText(out())))
      assert.deepStrictEqual(text.slice(0, 2), ["1\tname 1\n", "2\tname 2\n"])
      assert.strictEqual(text.length, 500)
      const binary = yield* transaction(Stream.runCollect(out("COPY copied TO STDOUT (FORMAT binary)")))
      yield* freshTable
      const back = into(Stream.fromIterable(binary), "COPY copied FROM STDIN (FORMAT binary)")
      assert.strictEqual(yield* transaction(back), 500)
      yield* assertClean
    })
  )

  it.effect("tells the server's error in the middle of the data, and takes no more of it", () =>
    Effect.gen(function* () {
      yield* freshTable
      let asked = 0
      const endless = Stream.map(Stream.range(1, 1e9), (id) => {
        asked = id
        return id === 50 ? "no number\tx\n" : `${id}\t${"x".repeat(1000)}\n`
      }).pipe(Stream.rechunk(10))
      const error = yield* Effect.flip(transaction(into(endless)))
      assert.strictEqual(error._tag, "DatabaseError")
      assert.strictEqual(error.reason._tag, "InvalidValue")
      assert.deepInclude(error.reason, { statement: "COPY copied FROM STDIN" })
      assert.match(String(Reflect.get(error.reason, "where")), /COPY copied, line 50/)
      // How much is under way until the error arrives is the machine's affair; the end of the data is years away.
      const askedUntilThen = asked
      assert.strictEqual(yield* count, 0)
      assert.strictEqual(asked, askedUntilThen)
      yield* assertClean
    })
  )

  it.effect("fails as its source fails, copies nothing then, and keeps the connection", () =>
    Effect.gen(function* () {
      yield* freshTable
      const before = yield* connections
      const failing = Stream.concat(lines(1, 5000), Stream.fail("no more"))
      assert.strictEqual(yield* Effect.flip(transaction(into(failing))), "no more")
      const defect = yield* Effect.exit(transaction(into(Stream.concat(lines(1, 10), Stream.die("broken")))))
      assert.isTrue(Exit.isFailure(defect) && Cause.hasDies(defect.cause))
      assert.strictEqual(yield* count, 0)
      assert.deepStrictEqual(yield* connections, before)
      yield* assertClean
    })
  )

  it.effect("that does not exist, goes the other way, or is none, is an error like any other", () =>
    Effect.gen(function* () {
      yield* freshTable
      const before = yield* connections
      const tagOf = (effect: ReturnType<typeof into<never, never>>) =>
        Effect.map(Effect.flip(transaction(effect)), ({ reason }) => reason._tag)
      const data = lines(1, 10)
      assert.strictEqual(yield* tagOf(into(data, "COPY nowhere FROM STDIN")), "UndefinedTable")
      assert.strictEqual(yield* tagOf(into(data, "COPY copied FORM STDIN")), "SqlSyntaxError")
      assert.strictEqual(yield* tagOf(into(data, "COPY copied TO STDOUT")), "InvalidParameter")
      assert.strictEqual(yield* tagOf(into(data, "SELECT 1")), "InvalidParameter")
      const turned = Effect.flip(transaction(Stream.runDrain(out("COPY copied FROM STDIN"))))
      assert.strictEqual((yield* turned).reason._tag, "InvalidParameter")
      assert.deepStrictEqual(yield* connections, before)
      yield* assertClean
    })
  )

  it.effect("waits for its turn beside other statements of the transaction", () =>
    Effect.gen(function* () {
      yield* freshTable
      const sql = yield* SqlClient.SqlClient
      const statements = Effect.forEach(
        Array.from({ length: 20 }, (_, id) => id),
        (id) =>
          id % 2 === 0
            ? Effect.asVoid(into(lines(id * 1000, id * 1000 + 99)))
            : Effect.asVoid(sql`INSERT INTO copied VALUES (${id * 1000}, 'one')`),
        { concurrency: "unbounded", discard: true }
      )
      yield* transaction(statements)
      assert.strictEqual(yield* count, 1010)
      yield* assertClean
    })
  )

  it.effect("refuses the statement that it would have to wait for, which would wait for it", () =>
    Effect.gen(function* () {
      yield* freshTable
      const sql = yield* SqlClient.SqlClient
      const fed = into(Stream.fromEffect(Effect.as(sql`SELECT 1`, "1\tx\n")))
      const read = Stream.runForEach(out("COPY (SELECT generate_series(1, 3)) TO STDOUT"), () => sql`SELECT 1`)
      const streamed = into(Stream.map(sql`SELECT 1`.stream, () => "1\tx\n"))
      for (const waiting of [Effect.asVoid(fed), read, Effect.asVoid(streamed)]) {
        const error = yield* Effect.flip(transaction(waiting))
        assert.strictEqual(error.reason._tag, "ClientError")
        assert.match(error.message, /COPY that itself waits/)
        yield* assertClean
      }
    })
  )

  it.effect("ended early leaves the transaction to go on, at a savepoint, on the same connection", () =>
    Effect.gen(function* () {
      yield* freshTable
      const sql = yield* SqlClient.SqlClient
      const rows = "COPY (SELECT n, repeat('x', 100) FROM generate_series(1, 10000000) n) TO STDOUT"
      yield* transaction(
        Effect.gen(function* () {
          yield* sql`INSERT INTO copied VALUES (1, 'kept')`
          const first = yield* sql.withTransaction(Stream.runCollect(Stream.take(out(rows), 3))).pipe(Effect.exit)
          // What the server has sent by the time of the cancel decides; the savepoint holds either way.
          if (Exit.isSuccess(first)) assert.strictEqual(first.value.length, 3)
          yield* sql`INSERT INTO copied VALUES (2, 'kept too')`
        })
      )
      assert.strictEqual(yield* count, 2)
      yield* assertClean
    })
  )

  it.effect(
    "interrupted or cut at any moment is whole or gone",
    () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const proxy = yield* Proxy
        yield* freshTable
        const random = numbers(7)
        for (let turn = 0; turn < 60; turn++) {
          const reached = yield* Deferred.make<void>()
          // Each of the thousand rows is a step as it comes and as it goes; some turns end undisturbed behind all of them.
          const last = 1 + Math.floor(random() * 2400)
          const isDisturbed = last <= 2000
          const stays = turn % 2 === 0
          let steps = 0
          const step = Effect.suspend(() => {
            if (++steps !== last) return Effect.void
            return Effect.andThen(Deferred.succeed(reached, undefined), stays ? Effect.never : Effect.void)
          })
          const data = Stream.tap(lines(turn * 1000, turn * 1000 + 999), () => step)
          const back = Stream.tap(out(`COPY (SELECT * FROM copied WHERE id / 1000 = ${turn}) TO STDOUT`), () => step)
          const fiber = yield* Effect.forkChild(transaction(Effect.andThen(into(data), Stream.runDrain(back))))
          yield* Effect.raceFirst(Deferred.await(reached), Effect.asVoid(Fiber.await(fiber)))
          if (!stays) yield* Effect.sleep(random() * 4)
          if (turn % 5 === 0) yield* proxy.cutAll
          if (stays || turn % 5 !== 0) yield* Fiber.interrupt(fiber)
          const exit = yield* Fiber.await(fiber)
          while ((yield* Effect.exit(sql`SELECT 1`))._tag === "Failure") yield* Effect.sleep("5 millis")
          const [row] = yield* sql<{ n: number }>`SELECT count(*)::int AS n FROM copied WHERE id / 1000 = ${turn}`
          if (!isDisturbed) assert.isTrue(Exit.isSuccess(exit))
          if (isDisturbed && stays) assert.deepStrictEqual([Exit.isSuccess(exit), row?.n], [false, 0])
          if (Exit.isSuccess(exit)) assert.strictEqual(row?.n, 1000)
          assert.include([0, 1000], row?.n)
          yield* assertClean
        }
      }),
    120_000
  )
})

layer(connected({ maxConnections: 2 }), { excludeTestServices: true })("COPY of much", (it) => {
  it.effect("makes the server wait for whoever reads, and holds little meanwhile", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const rows = "COPY (SELECT repeat('x', 1000) FROM generate_series(1, 100000)) TO STDOUT"
      // A statement of the transaction would wait for the COPY.
      const other = yield* sql.reserve
      const waiting = Effect.repeat(
        other.execute(
          "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'ClientWrite' AND query = $1",
          [rows],
          undefined
        ),
        { until: (found) => found.length > 0 }
      )
      const before = heldBytes()
      let [taken, most, nextLook] = [0, 0, 0]
      const look = () => {
        if (taken < nextLook) return
        nextLook = taken + 50_000
        most = Math.max(most, heldBytes())
      }
      yield* transaction(
        Stream.runForEachArray(out(rows), (parts) => {
          const first = taken === 0
          taken += parts.length
          return Effect.andThen(first ? Effect.asVoid(waiting) : Effect.void, Effect.sync(look))
        })
      )
      assert.strictEqual(taken, 100_000)
      assert.isBelow(most - before, 50 * 2 ** 20)
    }).pipe(Effect.scoped, Effect.andThen(assertClean))
  )

  it.effect("waits for the server to take it, and asks its source for no more meanwhile", () =>
    Effect.gen(function* () {
      yield* freshTable
      const sql = yield* SqlClient.SqlClient
      yield* sql`CREATE FUNCTION wait_once() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN IF NEW.id = 1 THEN PERFORM pg_advisory_xact_lock(7); END IF; RETURN NEW; END $$`
      yield* sql`CREATE TRIGGER wait BEFORE INSERT ON copied FOR EACH ROW EXECUTE FUNCTION wait_once()`
      let asked = 0
      const data = Stream.map(Stream.range(1, 50_000), (id) => {
        asked = id
        return `${id}\t${"x".repeat(1000)}\n`
      }).pipe(Stream.rechunk(50))
      const other = yield* sql.reserve
      yield* other.execute("SELECT pg_advisory_lock(7)", [], undefined)
      const fiber = yield* Effect.forkChild(transaction(into(data)), { startImmediately: true })
      // Until a tenth of a second goes by in which it is asked for nothing.
      const isIdle = Effect.gen(function* () {
        const before = asked
        yield* Effect.sleep("100 millis")
        return asked > 0 && asked === before
      })
      yield* Effect.repeat(isIdle, { until: (idle) => idle })
      assert.isBelow(asked, 25_000)
      yield* other.execute("SELECT pg_advisory_unlock(7)", [], undefined)
      assert.strictEqual(yield* Fiber.join(fiber), 50_000)
    }).pipe(Effect.scoped, Effect.andThen(assertClean))
  )
})
