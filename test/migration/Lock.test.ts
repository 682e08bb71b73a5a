import { assert, describe, it } from "@effect/vitest"
import { PgClient } from "@effect/sql-pg"
import { Duration, Effect, Exit, Fiber, Schedule } from "effect"
import { ChildProcess } from "effect/process"
import { SqlClient } from "effect/sql"
import { fileURLToPath } from "node:url"
import type { CodeMigration } from "../../src/migration/MigrationSource.ts"
import { Locked } from "../../src/migration/MigrationErrorReason.ts"
import { TestDatabase } from "../../src/testing/index.ts"
import { assertClean, directory, exists, history, makeMigrator, migratorOf, reasonOf, scalar, test } from "./support.ts"

const holdLock = "SELECT pg_advisory_lock(1885825893, 1701576705)"
const freeLock = "SELECT pg_advisory_unlock_all()"

/** Whether another session of this database has last sent such a statement, and is in such a state. */
const seen = (query: string, state: string) =>
  `SELECT count(*) > 0 FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
   AND query LIKE '%${query}%' AND state LIKE '${state}'`

const eventually = (query: string) =>
  Effect.flatMap(scalar(query), (value) => (value === true ? Effect.void : Effect.fail("not yet"))).pipe(
    Effect.retry(Schedule.spaced("50 millis").pipe(Schedule.upTo({ duration: "20 seconds" })))
  )

const inCode = (...migrations: ReadonlyArray<CodeMigration>) =>
  makeMigrator({ sources: [{ namespace: "app", migrations }], lockPatience: "20 seconds" })

const step = (id: string, statement: string): CodeMigration => ({
  id,
  name: `step${id}`,
  up: Effect.flatMap(SqlClient.SqlClient, (sql) => sql.unsafe(statement))
})

describe("migrators at the same time", () => {
  test(
    "20 on one empty database run each migration exactly once, and all of them succeed",
    () =>
      Effect.gen(function* () {
        const { url } = yield* TestDatabase
        const path = yield* directory({
          "1_runs.up.sql": "CREATE TABLE runs (id int); INSERT INTO runs VALUES (1);",
          ...Object.fromEntries([2, 3, 4, 5].map((n) => [`${n}_n.up.sql`, `INSERT INTO runs VALUES (${n});`]))
        })
        const one = Effect.scoped(
          Effect.flatMap(migratorOf(path), (migrator) => migrator.up()).pipe(
            Effect.provide(PgClient.layer({ url, maxConnections: 2 }))
          )
        )
        const reports = yield* Effect.all(
          Array.from({ length: 20 }, () => one),
          { concurrency: "unbounded" }
        )
        assert.deepStrictEqual(
          reports.flatMap(({ applied }) => applied.map(({ id }) => id)),
          ["1", "2", "3", "4", "5"]
        )
        assert.strictEqual(yield* scalar("SELECT string_agg(id::text, '' ORDER BY id) FROM runs"), "12345")
        yield* assertClean
      }),
    120_000
  )

  test(
    "20 in one process share a pool of two connections",
    () =>
      Effect.gen(function* () {
        const { url } = yield* TestDatabase
        const path = yield* directory({ "1_a.up.sql": "CREATE TABLE a ()", "2_b.up.sql": "CREATE TABLE b ()" })
        const reports = yield* Effect.gen(function* () {
          const migrator = yield* migratorOf(path)
          return yield* Effect.all(
            Array.from({ length: 20 }, () => migrator.up()),
            { concurrency: "unbounded" }
          )
        }).pipe(Effect.provide(PgClient.layer({ url, maxConnections: 2 })))
        assert.strictEqual(reports.flatMap(({ applied }) => applied).length, 2)
      }),
    120_000
  )

  test("waits for a holder that lets go, and reads the history again", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const holder = yield* sql.reserve
      yield* holder.executeValues(holdLock, [])
      const migrator = yield* inCode(step("1", "CREATE TABLE once ()"))
      const waiting = yield* Effect.forkChild(migrator.up())
      yield* eventually(seen("pg_try_advisory_lock", "%"))
      assert.strictEqual(yield* exists("once"), false)
      yield* holder.executeValues(freeLock, [])
      assert.strictEqual((yield* Fiber.join(waiting)).applied.length, 1)
    }))

  test("gives up after its patience and says who has the lock", () =>
    Effect.gen(function* () {
      const { url } = yield* TestDatabase
      const path = yield* directory({ "1_a.up.sql": "CREATE TABLE a ()" })
      yield* Effect.gen(function* () {
        const other = yield* SqlClient.SqlClient
        const holder = yield* other.reserve
        const rows = yield* holder.executeValues(`SELECT pg_backend_pid() FROM (${holdLock}) AS l`, [])
        const pid = rows[0]?.[0]
        const reason = yield* reasonOf((yield* migratorOf(path, { lockPatience: "250 millis" })).up())
        assert(reason._tag === "Locked")
        assert.strictEqual(reason.pid, pid)
        assert.deepInclude({ ...reason }, { applicationName: "the holder", state: "idle" })
        assert.match(
          reason.message,
          new RegExp(
            `held by the server process ${String(pid)} \\("the holder", connected for \\d+ s, idle for \\d+ s\\)`
          )
        )
        yield* holder.executeValues(freeLock, [])
      }).pipe(Effect.scoped, Effect.provide(PgClient.layer({ url, applicationName: "the holder" })))
    }))

  test(
    "is free again after a runner was killed in the middle of a statement, and nothing of it is left",
    () =>
      Effect.gen(function* () {
        const { url } = yield* TestDatabase
        const process = yield* ChildProcess.make(
          "node",
          [fileURLToPath(new URL("./fixtures/longRun.ts", import.meta.url))],
          { env: { PGKEEL_TEST_URL: url }, extendEnv: true }
        )
        yield* eventually(seen("pg_sleep(60)", "active"))
        const path = yield* directory({ "1_long.up.sql": "CREATE TABLE half_way (id int)" })
        const reason = yield* reasonOf((yield* migratorOf(path, { lockPatience: "100 millis" })).up())
        assert(reason._tag === "Locked")
        assert.deepInclude({ ...reason }, { applicationName: "a runner that dies", state: "active" })
        yield* process.kill({ killSignal: "SIGKILL" })
        const { applied } = yield* (yield* migratorOf(path, { lockPatience: "10 seconds" })).up()
        assert.strictEqual(applied.length, 1)
        const columns = "SELECT count(*)::int FROM information_schema.columns WHERE table_name = 'half_way'"
        assert.strictEqual(yield* scalar(columns), 1)
        yield* assertClean
      }),
    120_000
  )
})

describe("the lock", () => {
  test("is free, and nothing is left, after an up that was interrupted while it waited or ran", () =>
    Effect.gen(function* () {
      const migrator = yield* inCode(step("1", "CREATE TABLE a ()"), step("2", "SELECT pg_sleep(60)"))
      const running = yield* Effect.forkChild(migrator.up())
      yield* eventually(seen("pg_sleep(60)", "active"))
      const waiting = yield* Effect.forkChild((yield* inCode(step("1", "CREATE TABLE a ()"), step("2", ""))).up())
      yield* eventually(seen("pg_try_advisory_lock", "idle"))
      yield* Fiber.interrupt(waiting).pipe(Effect.timeout("5 seconds"))
      yield* Fiber.interrupt(running)
      assert.strictEqual(Exit.isFailure(yield* Fiber.await(running)), true)
      yield* assertClean
      assert.deepStrictEqual(
        (yield* history).map(({ id, state }) => [id, state]),
        [["1", "applied"]]
      )
    }))

  test("is reported as lost if it was not there any more at the end", () =>
    Effect.gen(function* () {
      const migrator = yield* inCode(step("1", "SELECT pg_advisory_unlock_all()"))
      assert.strictEqual((yield* reasonOf(migrator.up()))._tag, "LockLost")
    }))

  test("is missed after the migration that has freed it: the next one does not run", () =>
    Effect.gen(function* () {
      const frees = "SELECT pg_advisory_unlock_all()"
      const migrator = yield* inCode(step("1", frees), step("2", "CREATE TABLE never ()"))
      const reason = yield* reasonOf(migrator.up())
      assert(reason._tag === "LockLost")
      assert.include(reason.message, "the migration that ran last has freed it")
      assert.strictEqual(yield* exists("never"), false)
      assert.deepStrictEqual(
        (yield* history).map(({ id, state }) => [id, state]),
        [["1", "applied"]]
      )
      yield* assertClean
    }))

  test("is missed after the statement that has freed it, where there is no transaction", () =>
    Effect.gen(function* () {
      const path = yield* directory({
        "1_a.up.sql":
          "-- pgkeel:no-transaction\nCREATE TABLE a ();\nSELECT pg_advisory_unlock_all();\nCREATE TABLE never ();"
      })
      assert.strictEqual((yield* reasonOf((yield* migratorOf(path)).up()))._tag, "LockLost")
      assert.strictEqual(yield* exists("a"), true)
      assert.strictEqual(yield* exists("never"), false)
      yield* assertClean
    }))

  test("is not all that keeps a migration from being applied twice: the history refuses the second", () =>
    Effect.gen(function* () {
      const { url } = yield* TestDatabase
      const elsewhere = Effect.flatMap(
        SqlClient.SqlClient,
        (sql) => sql`INSERT INTO pgkeel.migrations (namespace, id, name, kind, state, started_at, role)
          VALUES ('app', '1', 'step1', 'code', 'applied', now(), 'somebody')`
      ).pipe(Effect.provide(PgClient.layer({ url })))
      const up = Effect.gen(function* () {
        yield* (yield* SqlClient.SqlClient)`CREATE TABLE twice ()`
        yield* elsewhere
      })
      const first = yield* inCode(step("0", "SELECT 1"))
      yield* first.up()
      const migrator = yield* inCode(step("0", "SELECT 1"), { id: "1", name: "step1", up })
      assert.strictEqual((yield* reasonOf(migrator.up()))._tag, "LockLost")
      assert.strictEqual(yield* exists("twice"), false)
      assert.strictEqual((yield* history)[1]?.state, "applied")
    }))
})

describe("Locked", () => {
  const holder = { pid: 7, applicationName: "shop", age: Duration.minutes(5) }
  const messages: ReadonlyArray<readonly [reason: Locked, message: RegExp]> = [
    [
      new Locked({ ...holder, state: "active", stateFor: Duration.minutes(4) }),
      /active for 240 s\), which is at work; wait for it to finish, or run .*\(7\) to break it off$/
    ],
    [
      new Locked({ ...holder, state: "idle in transaction", stateFor: Duration.seconds(59) }),
      /idle in transaction for 59 s\); wait for it to finish, or, if it is stranded, run .*\(7\)$/
    ],
    [
      new Locked({ ...holder, state: "idle in transaction", stateFor: Duration.seconds(60) }),
      /idle in transaction for 60 s\), which seems to be stranded: run SELECT pg_terminate_backend\(7\)$/
    ],
    [new Locked({}), /^the migration lock was held by another session; try again$/]
  ]
  for (const [reason, message] of messages) {
    it(`says of a holder that is ${reason.state ?? "gone"}, for ${reason.stateFor ?? "no time"}, what to do`, () =>
      assert.match(reason.message, message))
  }
})
