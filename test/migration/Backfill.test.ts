/** All rows of a table, a batch at a time, each row once whatever happens. */
import { PgClient } from "@effect/sql-pg"
import { assert, describe } from "@effect/vitest"
import { Cause, Deferred, type Duration, Effect, Exit, Fiber, Layer, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import { Client } from "pg"
import { DatabaseError } from "../../src/error/DatabaseError.ts"
import * as Backfill from "../../src/migration/Backfill.ts"
import type { BackfillProgress } from "../../src/migration/BackfillProgress.ts"
import type { MigrationProgress } from "../../src/migration/MigrationProgress.ts"
import * as MigrationSource from "../../src/migration/MigrationSource.ts"
import { TestDatabase } from "../../src/testing/index.ts"
import { assertClean, makeMigrator, reasonOf, scalar, test } from "./support.ts"

const run = (statement: string) => Effect.flatMap(SqlClient.SqlClient, (sql) => sql.unsafe(statement))

/** 25 rows, of which each counts how often it was changed, and the package's own tables. */
const prepare = Effect.gen(function* () {
  yield* (yield* makeMigrator({ sources: [MigrationSource.own] })).up()
  yield* run("CREATE TABLE item (id int PRIMARY KEY, times int NOT NULL DEFAULT 0)")
  yield* run("INSERT INTO item SELECT n * 10 FROM generate_series(1, 25) AS n")
})

const once = ({ where }: Backfill.Batch) =>
  Effect.flatMap(SqlClient.SqlClient, (sql) => sql`UPDATE item SET times = times + 1 WHERE ${where()}`)

const options = { name: "items", table: "item", batchSize: 10, interval: "20 millis", update: once } as const

const times = scalar("SELECT string_agg(DISTINCT times::text, ',') FROM item")

const onSession = <A, E>(use: Effect.Effect<A, E, SqlClient.SqlClient>) =>
  Effect.gen(function* () {
    const { url } = yield* TestDatabase
    return yield* Effect.provide(use, Layer.fresh(PgClient.layer({ url, maxConnections: 1 })))
  })

/** A session that has run the statement in a transaction, which stays open until it is let go. */
const holding = Effect.fnUntraced(function* (statement: string) {
  const begun = yield* Deferred.make<void>()
  const free = yield* Deferred.make<void>()
  const open = Effect.flatMap(SqlClient.SqlClient, (sql) =>
    sql.withTransaction(
      run(statement).pipe(Effect.andThen(Deferred.succeed(begun, undefined)), Effect.andThen(Deferred.await(free)))
    )
  )
  const fiber = yield* Effect.forkChild(onSession(open))
  yield* Effect.raceFirst(Deferred.await(begun), Fiber.join(fiber))
  return Effect.orDie(Effect.andThen(Deferred.succeed(free, undefined), Fiber.join(fiber)))
})

/** Runs it until it waits for `because`; then the condition is ended, and it has to finish. */
const waitsFor = Effect.fnUntraced(function* (
  because: string,
  end: Effect.Effect<unknown>,
  more: { readonly lockTimeout?: Duration.Input; readonly maxLagBytes?: number; readonly update?: typeof once } = {}
) {
  const waiting = yield* Deferred.make<void>()
  const progress = (event: BackfillProgress) =>
    event._tag === "Waiting" && event.because === because
      ? Effect.asVoid(Deferred.succeed(waiting, undefined))
      : Effect.void
  const fiber = yield* Effect.forkChild(Backfill.run({ ...options, ...more, lockAttempts: 1_000, progress }))
  yield* Effect.raceFirst(Deferred.await(waiting), Effect.asVoid(Fiber.join(fiber)))
  assert.isTrue(yield* Deferred.isDone(waiting), "it did not wait")
  yield* end
  yield* Fiber.join(fiber)
})

describe("Backfill", () => {
  test("goes through all rows in batches by the primary key, tells how far it is, and has nothing to do afterwards", () =>
    Effect.gen(function* () {
      yield* prepare
      yield* run("ANALYZE item")
      const events: Array<BackfillProgress> = []
      const told = { ...options, progress: (event: BackfillProgress) => Effect.sync(() => events.push(event)) }
      assert.deepStrictEqual(yield* Backfill.run(told), { rows: 25, batches: 3, totalRows: 25 })
      assert.strictEqual(yield* times, "1")
      assert.deepStrictEqual(
        events.map((event) =>
          event._tag === "BatchFinished" ? [event.batch, event.rows, event.estimate] : event._tag
        ),
        ["Started", [1, 10, 25], [2, 20, 25], [3, 25, 25], "Finished"]
      )
      assert.deepStrictEqual(yield* Backfill.run(told), { rows: 0, batches: 0, totalRows: 25 })
      assert.strictEqual(yield* times, "1")
      yield* assertClean
    }))

  test("goes in the order of any key, whatever the session says of dates, and by the alias of the table", () =>
    Effect.gen(function* () {
      yield* prepare
      const keys = [
        ["text", "'it''s ' || n || ' \\ \"'"],
        ["uuid", "md5(n::text)::uuid"],
        ["timestamptz", "now() + n * interval '1.000001 day'"],
        ["numeric(20, 5)", "n * 1.00001"],
        ["bigint", "n * 1000000000000::bigint"],
        ["bytea", "decode(lpad(n::text, 4, '0'), 'hex')"]
      ] as const
      yield* run("SET datestyle = 'SQL, DMY'")
      for (const [index, [type, value]] of keys.entries()) {
        const table = `"Table ${index}"`
        yield* run(
          `CREATE TABLE ${table} (part int, "the Key" ${type}, times int DEFAULT 0, PRIMARY KEY (part, "the Key"))`
        )
        yield* run(`INSERT INTO ${table} SELECT n % 3, ${value} FROM generate_series(1, 20) AS n`)
        const report = yield* Backfill.run({
          name: type,
          table: ["public", `Table ${index}`],
          batchSize: 3,
          update: ({ where }) =>
            Effect.flatMap(
              SqlClient.SqlClient,
              (sql) => sql`UPDATE ${sql(`Table ${index}`)} AS t SET times = t.times + 1 FROM (VALUES (1)) AS o (part)
                WHERE ${where("t")}`
            )
        })
        assert.deepStrictEqual(report, { rows: 20, batches: 7, totalRows: 20 }, type)
        assert.strictEqual(yield* scalar(`SELECT string_agg(DISTINCT times::text, ',') FROM ${table}`), "1", type)
      }
    }))

  test("takes another key that an index begins with, also one that several rows share", () =>
    Effect.gen(function* () {
      yield* prepare
      yield* run("CREATE TABLE log (day int NOT NULL, times int NOT NULL DEFAULT 0)")
      yield* run("CREATE INDEX ON log (day, times)")
      yield* run("INSERT INTO log SELECT n / 4 FROM generate_series(1, 20) AS n")
      yield* Backfill.run({
        name: "log",
        table: "log",
        key: ["day"],
        batchSize: 3,
        update: ({ where }) =>
          Effect.flatMap(SqlClient.SqlClient, (sql) => sql`UPDATE log SET times = times + 1 WHERE ${where()}`)
      })
      assert.strictEqual(yield* scalar("SELECT string_agg(DISTINCT times::text, ',') FROM log"), "1")
    }))

  test("goes on behind the last batch after a failure, an interruption, or the loss of its connection", () =>
    Effect.gen(function* () {
      yield* prepare
      const endings: ReadonlyArray<Effect.Effect<unknown, unknown, SqlClient.SqlClient>> = [
        Effect.fail("no more"),
        Effect.interrupt,
        run("SELECT pg_terminate_backend(pg_backend_pid())")
      ]
      for (const [index, end] of endings.entries()) {
        const broken = (batch: Backfill.Batch) =>
          Effect.andThen(once(batch), batch.number === index + 2 ? end : Effect.void)
        const exit = yield* Effect.exit(Backfill.run({ ...options, batchSize: 5, update: broken }))
        assert.strictEqual(exit._tag, "Failure")
        assert.strictEqual(yield* scalar("SELECT rows_done::int FROM pgkeel.backfills"), 5 * (index + 1))
      }
      assert.deepStrictEqual(yield* Backfill.run(options), { rows: 10, batches: 1, totalRows: 25 })
      assert.strictEqual(yield* times, "1")
    }))

  test("run by several at once does each row once, and all of them succeed", () =>
    Effect.gen(function* () {
      yield* prepare
      const reports = yield* Effect.all(
        Array.from({ length: 4 }, () => Backfill.run({ ...options, batchSize: 2 })),
        { concurrency: "unbounded" }
      )
      assert.strictEqual(
        reports.reduce((sum, { rows }) => sum + rows, 0),
        25
      )
      assert.strictEqual(yield* times, "1")
    }))

  test("waits while somebody waits for a lock on the table", () =>
    Effect.gen(function* () {
      yield* prepare
      const release = yield* holding("SELECT FROM item")
      const other = yield* Effect.forkChild(onSession(run("ALTER TABLE item ADD COLUMN more int")))
      const queued = scalar("SELECT count(*)::int FROM pg_locks WHERE NOT granted AND relation = to_regclass('item')")
      yield* Effect.repeat(queued, { until: (count) => count === 1 })
      yield* waitsFor("locks", release)
      yield* Fiber.join(other)
      assert.strictEqual(yield* times, "1")
      yield* assertClean
    }))

  test("rolls back a batch that does not get its locks in time, and takes smaller ones", () =>
    Effect.gen(function* () {
      yield* prepare
      const release = yield* holding("SELECT FROM item WHERE id = 50 FOR UPDATE")
      const sizes: Array<number> = []
      const update = (batch: Backfill.Batch) => {
        sizes.push(batch.size)
        return once(batch)
      }
      yield* waitsFor("blocked", release, { lockTimeout: "50 millis", update })
      assert.deepStrictEqual(sizes.slice(0, 2), [10, 5])
      assert.strictEqual(yield* times, "1")
    }))

  test("fails with the lock that it never got, and what was done stays done", () =>
    Effect.gen(function* () {
      yield* prepare
      const release = yield* holding("SELECT FROM item WHERE id = 50 FOR UPDATE")
      const short = { ...options, batchSize: 4, lockTimeout: "20 millis", lockAttempts: 3 } as const
      const error = yield* Effect.flip(Backfill.run(short))
      assert(error instanceof DatabaseError)
      assert.strictEqual(error.reason._tag, "LockNotAvailable")
      yield* release
      assert.deepStrictEqual(yield* Backfill.run(short), { rows: 21, batches: 6, totalRows: 25 })
      assert.strictEqual(yield* times, "1")
    }))

  test("waits for a replica that is too far behind", () =>
    Effect.gen(function* () {
      yield* prepare
      const replica = yield* standIn
      yield* run("CREATE TABLE noise AS SELECT repeat('x', 500) FROM generate_series(1, 1000)")
      yield* waitsFor("replica", replica.catchUp, { maxLagBytes: 100_000 })
      assert.strictEqual(yield* times, "1")
    }))

  test("is refused where it would go wrong, before it changes anything", () =>
    Effect.gen(function* () {
      const refused = (more: Partial<Backfill.BackfillOptions<unknown, SqlClient.SqlClient>>) =>
        Effect.map(reasonOf(Backfill.run<unknown, SqlClient.SqlClient>({ ...options, ...more })), (reason) => {
          assert.strictEqual(reason._tag, "BackfillRefused")
          return reason.message
        })
      yield* run("CREATE TABLE item (id int PRIMARY KEY, loose int, other int NOT NULL)")
      assert.include(yield* refused({}), "the table pgkeel.backfills is missing; apply the package's own migrations")
      yield* run("DROP TABLE item")
      yield* prepare
      yield* run("ALTER TABLE item ADD COLUMN loose int, ADD COLUMN other int NOT NULL DEFAULT 1")
      yield* run("CREATE TABLE bare (id int)")
      assert.include(
        yield* refused({ table: "nowhere" }),
        `the backfill items of table "nowhere" cannot run: there is no`
      )
      assert.include(yield* refused({ table: "bare" }), "it has no primary key")
      assert.include(yield* refused({ key: ["iq"] }), "it has no column iq")
      assert.include(yield* refused({ key: ["loose"] }), "loose may be NULL")
      assert.include(yield* refused({ key: ["other"] }), `no index begins with ("other")`)
      const sql = yield* SqlClient.SqlClient
      const within = yield* reasonOf(sql.withTransaction(Backfill.run(options)))
      assert.include(within.message, "say transaction: false")
      assert.strictEqual(yield* scalar("SELECT count(*)::int FROM pgkeel.backfills"), 0)
      yield* Backfill.run(options)
      yield* run("CREATE TABLE another (id int PRIMARY KEY)")
      assert.include(yield* refused({ table: "another" }), "one of this name goes through public.item by (id)")
    }))

  test("rolls back and refuses a batch whose update has not asked which rows it is about", () =>
    Effect.gen(function* () {
      yield* prepare
      const all = () => run("UPDATE item SET times = times + 1")
      const refused = yield* reasonOf(Backfill.run({ ...options, update: all }))
      assert.strictEqual(
        refused.message,
        "the backfill items of table public.item cannot run: its update has not called where(), without which each batch " +
          "changes all rows; the batch was rolled back: put `WHERE ${where()}` into the statement"
      )
      assert.strictEqual(yield* times, "0")
      // The next batch of one that has begun well, too.
      const later = (batch: Backfill.Batch) => (batch.number === 1 ? once(batch) : all())
      assert.strictEqual((yield* reasonOf(Backfill.run({ ...options, update: later })))._tag, "BackfillRefused")
      assert.deepStrictEqual(yield* Backfill.run(options), { rows: 15, batches: 2, totalRows: 25 })
      assert.strictEqual(yield* times, "1")
      yield* assertClean
    }))

  test("dies with whoever the migrator tells of it, which is not the migration's failure, and goes on the next time", () =>
    Effect.gen(function* () {
      yield* prepare
      const migrations = [
        { id: "1", name: "items", up: Backfill.run({ ...options, update: once }), transaction: false }
      ]
      let dies = true
      const progress = (event: MigrationProgress) =>
        dies && event._tag === "Backfill" && event.backfill._tag === "BatchFinished"
          ? Effect.die(new Error("no paper"))
          : Effect.void
      const migrator = yield* makeMigrator({
        sources: [MigrationSource.own, { namespace: "app", migrations }],
        progress
      })
      const exit = yield* Effect.exit(migrator.up())
      assert(Exit.isFailure(exit) && Cause.hasDies(exit.cause))
      assert.include(Cause.pretty(exit.cause), "no paper")
      dies = false
      yield* migrator.up()
      assert.strictEqual(yield* times, "1")
    }))

  test("is a migration without a transaction, and goes on when that is run again", () =>
    Effect.gen(function* () {
      yield* prepare
      let fails = true
      const update = (batch: Backfill.Batch) =>
        Effect.andThen(once(batch), fails && batch.number === 2 ? Effect.fail("not now") : Effect.void)
      const migrations = [{ id: "1", name: "items", up: Backfill.run({ ...options, update }), transaction: false }]
      const told: Array<string> = []
      const progress = (event: MigrationProgress) =>
        Effect.sync(() => {
          const { backfill } = event._tag === "Backfill" ? event : { backfill: undefined }
          if (backfill !== undefined)
            told.push(`${event.id} ${backfill._tag} ${"rows" in backfill ? backfill.rows : ""}`)
        })
      const migrator = yield* makeMigrator({
        sources: [MigrationSource.own, { namespace: "app", migrations }],
        progress
      })
      assert.strictEqual((yield* reasonOf(migrator.up()))._tag, "EffectFailed")
      assert.deepStrictEqual(told.splice(0), ["1 Started 0", "1 BatchFinished 10"])
      fails = false
      assert.strictEqual((yield* migrator.up()).applied.length, 1)
      assert.deepStrictEqual(told, ["1 Started 10", "1 BatchFinished 20", "1 BatchFinished 25", "1 Finished 25"])
      assert.strictEqual(yield* times, "1")
      yield* assertClean
    }))
})

const standInName = `pgkeel stand-in ${process.pid}`

/** Speaks as a replica does, and says that it has replayed nothing since it came, until it catches up. */
const standIn = Effect.gen(function* () {
  const { url } = yield* TestDatabase
  const lsn = String(yield* scalar("SELECT pg_current_wal_lsn()::text"))
  const client = yield* Effect.acquireRelease(
    Effect.promise(async () => {
      const config = { connectionString: Redacted.value(url), replication: "true", application_name: standInName }
      const connected = new Client(config)
      connected.on("error", () => {})
      await connected.connect()
      return connected
    }),
    (connected) => Effect.promise(() => connected.end().catch(() => {}))
  )
  // The driver's types do not have it.
  const connection: unknown = Reflect.get(client, "connection")
  const send = (chunk: Buffer): unknown =>
    Reflect.apply(Reflect.get(Object(connection), "sendCopyFromChunk"), connection, [chunk])
  client.query(`START_REPLICATION PHYSICAL ${lsn}`).catch(() => {})
  const reply = (position: string) =>
    Effect.sync(() => {
      const [high = "0", low = "0"] = position.split("/")
      const at = (BigInt(`0x${high}`) << 32n) | BigInt(`0x${low}`)
      const message = Buffer.alloc(34)
      message.write("r")
      for (const offset of [1, 9, 17]) message.writeBigUInt64BE(at, offset)
      send(message)
    })
  const seen = (column: string) =>
    scalar(`SELECT count(${column})::int FROM pg_stat_replication WHERE application_name = '${standInName}'
      AND state = 'streaming'`)
  const until = (column: string) =>
    Effect.repeat(Effect.andThen(Effect.sleep("20 millis"), seen(column)), { until: (count) => count === 1 })
  yield* until("*")
  yield* reply(lsn)
  yield* until("replay_lsn")
  // What others write meanwhile is behind it too: it says more than there is yet.
  return { catchUp: Effect.orDie(reply("FFFFFF/0")) }
})
