import { PgClient } from "@effect/sql-pg"
import { assert, describe } from "@effect/vitest"
import { Cause, Context, Deferred, Duration, Effect, Exit, Fiber } from "effect"
import { SqlClient } from "effect/sql"
import type { MigrationProgress } from "../../src/migration/MigrationProgress.ts"
import { Proxy } from "../support/Proxy.ts"
import { busyWith, states, up, upReason } from "./oneWrite.ts"
import { directory, exists, migratorOf, ownClient, reasonOf, scalar, test, write } from "./support.ts"

/** Whose connection goes through a proxy that is cut while `query` runs: what the run fails with. */
const cutDuring = (path: string, query: string) =>
  Effect.gen(function* () {
    const { cutAll, url } = yield* Proxy
    const running = yield* Effect.forkChild(upReason(path, {}, url))
    yield* busyWith(query)
    yield* cutAll
    return yield* Fiber.join(running)
  }).pipe(Effect.provide(Proxy.layer, { local: true }))

/** Fails when it is told of this one. */
const dyingAt = (wanted: string) => (event: MigrationProgress) =>
  Effect.suspend(() => {
    const statement = event._tag === "StatementFinished" ? ` ${event.statement}` : ""
    return `${event.id} ${event._tag}${statement}` === wanted ? Effect.die(new Error("no paper")) : Effect.void
  })

describe("Migrations in one write that is broken off", () => {
  test("stop where the run is interrupted: the statement is cancelled and nothing behind it runs", () =>
    Effect.gen(function* () {
      const path = yield* directory({
        "1_a.up.sql": "CREATE TABLE a ();",
        "2_b.up.sql": "CREATE TABLE b (); SELECT pg_sleep(600);",
        "3_c.up.sql": "CREATE TABLE c ();"
      })
      const running = yield* Effect.forkChild(up(path))
      yield* busyWith("SELECT pg_sleep(600)")
      yield* Fiber.interrupt(running)
      assert.deepStrictEqual(yield* states, [["1", "applied", 1]])
      assert.deepStrictEqual([yield* exists("b"), yield* exists("c")], [false, false])
      yield* write(path, { "2_b.up.sql": "CREATE TABLE b ();" })
      assert.strictEqual((yield* up(path)).applied.length, 2)
    }))

  test("stop where the server's process ends, and are known as far as they came", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const path = yield* directory({
        "1_a.up.sql": "CREATE TABLE a ();",
        "2_b.up.sql": "SELECT pg_sleep(600);",
        "3_c.up.sql": "CREATE TABLE c ();"
      })
      const running = yield* Effect.forkChild(upReason(path))
      yield* busyWith("SELECT pg_sleep(600)")
      yield* sql`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND query = 'SELECT pg_sleep(600)'`
      const reason = yield* Fiber.join(running)
      assert(reason._tag === "StatementFailed")
      assert.strictEqual(reason.id, "2")
      assert.deepStrictEqual(yield* states, [["1", "applied", 1]])
    }))

  test("are cancelled without a request that is late and finds the next statement of the connection", () =>
    Effect.gen(function* () {
      const { setCancelDelay, url } = yield* Proxy
      const path = yield* directory({ "1_a.up.sql": "SELECT 1;", "2_b.up.sql": "SELECT pg_sleep(600);" })
      const watching = Context.pick(SqlClient.SqlClient)(yield* Effect.context<SqlClient.SqlClient>())
      yield* setCancelDelay(20)
      yield* Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const migrator = yield* migratorOf(path)
        for (let round = 0; round < 5; round++) {
          const running = yield* Effect.forkChild(migrator.up())
          yield* busyWith("SELECT pg_sleep(600)").pipe(Effect.provideContext(watching))
          yield* Fiber.interrupt(running)
          yield* sql`SELECT pg_sleep(0.05)`
        }
      }).pipe(Effect.provide(ownClient(url), { local: true }))
    }).pipe(Effect.provide(Proxy.layer, { local: true })))

  test("stop soon where the run is interrupted between two of many quick statements", () =>
    Effect.gen(function* () {
      const tables = (file: number) =>
        Array.from({ length: 100 }, (_, table) => `CREATE TABLE t${file}_${table} (id int);`).join("\n")
      const names = Array.from({ length: 16 }, (_, index) => index + 1)
      const path = yield* directory(Object.fromEntries(names.map((id) => [`${id}_t.up.sql`, tables(id)])))
      const begun = yield* Deferred.make<void>()
      const progress = ({ _tag }: MigrationProgress) =>
        _tag === "StatementFinished" ? Effect.asVoid(Deferred.succeed(begun, undefined)) : Effect.void
      const running = yield* Effect.forkChild(up(path, { progress }))
      yield* Deferred.await(begun)
      yield* Fiber.interrupt(running)
      const applied = (yield* states).length
      assert.isBelow(applied, 16)
      assert.deepStrictEqual(yield* exists(`t${applied + 1}_0`), false)
      assert.strictEqual((yield* up(path)).applied.length, 16 - applied)
    }))

  test("say that the outcome is unknown when their connection is lost, since the server goes on", () =>
    Effect.gen(function* () {
      const path = yield* directory({
        "1_a.up.sql": "CREATE TABLE a ();",
        "2_b.up.sql": "SELECT pg_advisory_xact_lock(7);",
        "3_c.up.sql": "CREATE TABLE c (); CREATE TABLE d ();"
      })
      const sql = yield* SqlClient.SqlClient
      const holder = yield* sql.reserve
      yield* holder.executeRaw("SELECT pg_advisory_lock(7)", [])
      const reason = yield* cutDuring(path, "SELECT pg_advisory_xact_lock(7)")
      assert(reason._tag === "StatementFailed")
      assert.deepInclude({ ...reason }, { id: "2", statement: 1, line: 1, column: 1 })
      assert.deepInclude({ ...reason.cause.reason }, { _tag: "ConnectionLost", phase: "commit_sent" })
      assert.strictEqual(reason.cause.retryScope, "unknown_outcome")
      assert.match(reason.message, /the history tells, and `pgkeel migrate up` looks there, so run it again$/)
      yield* holder.executeRaw("SELECT pg_advisory_unlock(7)", [])
      // It waits for the lock that the server's process still has.
      yield* up(path)
      assert.deepStrictEqual(yield* states, [
        ["1", "applied", 1],
        ["2", "applied", 1],
        ["3", "applied", 2]
      ])
    }))

  test("know of a connection that was gone before they were sent that nothing of them was done", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const path = yield* directory({
        "1_a.up.sql": "-- pgkeel:no-transaction\nCREATE TABLE a ();",
        "2_b.up.sql": "CREATE TABLE b ();"
      })
      const end = sql`SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
        WHERE datname = current_database() AND application_name = 'pgkeel'`
      const progress = (event: MigrationProgress) =>
        event._tag === "Finished" && event.id === "1"
          ? // The end of its socket is read in turn.
            Effect.orDie(Effect.andThen(end, Effect.sleep("100 millis")))
          : Effect.void
      const reason = yield* upReason(path, { progress })
      assert(reason._tag === "StatementFailed")
      assert.deepInclude({ ...reason, phase: reason.cause.reason.phase }, { id: "2", statement: 1, phase: "idle" })
      assert.match(reason.message, /it was rolled back, correct it/)
      assert.strictEqual((yield* states).length, 1)
    }))

  test("are not called rolled back whose COMMIT was not answered, on the driver's own client either", () =>
    Effect.gen(function* () {
      const { cutNext, url } = yield* Proxy
      const path = yield* directory({ "1_a.up.sql": "CREATE TABLE a ();" })
      const progress = ({ _tag }: MigrationProgress) =>
        _tag === "StatementFinished" ? cutNext({ after: "COMMIT" }) : Effect.void
      yield* up(path)
      yield* write(path, { "2_b.up.sql": "CREATE TABLE b ();" })
      const run = Effect.flatMap(migratorOf(path, { progress }), (migrator) => reasonOf(migrator.up()))
      const reason = yield* Effect.provide(run, PgClient.layer({ url, maxConnections: 1 }), { local: true })
      assert(reason._tag === "StatementFailed")
      assert.strictEqual(reason.cause.retryScope, "unknown_outcome")
      assert.match(reason.message, /its COMMIT was on its way: the history tells/)
      yield* up(path)
      assert.deepStrictEqual(yield* states, [
        ["1", "applied", 1],
        ["2", "applied", 1]
      ])
    }).pipe(Effect.provide(Proxy.layer, { local: true })))

  test("name the statement at which their connection was lost", () =>
    Effect.gen(function* () {
      const path = yield* directory({
        "1_a.up.sql": "CREATE TABLE a ();",
        "2_b.up.sql": "CREATE TABLE b ();\n  SELECT pg_sleep(600);",
        "3_c.up.sql": "CREATE TABLE c ();"
      })
      const reason = yield* cutDuring(path, "SELECT pg_sleep(600)")
      assert(reason._tag === "StatementFailed")
      assert.deepInclude({ ...reason }, { id: "2", statement: 2, line: 2, column: 3 })
      assert.strictEqual(reason.cause.reason.statement, "SELECT pg_sleep(600)")
    }))

  test("name the statement whose answer is more than the driver reads", () =>
    Effect.gen(function* () {
      const path = yield* directory({
        "1_a.up.sql": "CREATE TABLE a ();",
        "2_b.up.sql": "SELECT 1; SELECT repeat('x', 50000000);",
        "3_c.up.sql": "CREATE TABLE c ();"
      })
      const reason = yield* upReason(path)
      assert(reason._tag === "StatementFailed")
      assert.deepInclude({ ...reason }, { id: "2", statement: 2 })
    }))

  test("go on no further when who is told of them dies, and the history has what was committed", () =>
    Effect.gen(function* () {
      const path = yield* directory({
        "1_a.up.sql": "CREATE TABLE a ();",
        "2_b.up.sql": "CREATE TABLE b (); SELECT pg_sleep(600);",
        "3_c.up.sql": "CREATE TABLE c ();"
      })
      const exit = yield* Effect.exit(up(path, { progress: dyingAt("2 StatementFinished 1") }))
      assert(Exit.isFailure(exit))
      assert.include(Cause.pretty(exit.cause), "no paper")
      assert.deepStrictEqual(yield* states, [
        ["1", "applied", 1],
        ["2", "failed", 1]
      ])
      yield* write(path, { "2_b.up.sql": "CREATE TABLE b ();", "3_c.up.sql": undefined, "R__v.sql": "SELECT 1;" })
      const last = yield* Effect.exit(up(path, { progress: dyingAt("R__v StatementFinished 1") }))
      assert(Exit.isFailure(last))
      assert.strictEqual(yield* scalar("SELECT count(*)::int FROM pgkeel.migrations WHERE error IS NOT NULL"), 0)
    }))

  test("took as long as the server says, however slow who is told of them is", () =>
    Effect.gen(function* () {
      const path = yield* directory({
        "1_a.up.sql": "SELECT pg_sleep(0.2);",
        "2_b.up.sql": "SELECT pg_sleep(0.3); SELECT 1;",
        "3_c.up.sql": "SELECT pg_sleep(0.1);"
      })
      const statements: Array<readonly [string, number]> = []
      const progress = (event: MigrationProgress) => {
        if (event._tag !== "StatementFinished") return Effect.void
        statements.push([`${event.id} ${event.statement}`, Duration.toMillis(event.duration)])
        return Effect.sleep("500 millis")
      }
      const { applied } = yield* up(path, { progress })
      const known = yield* scalar(
        "SELECT array_agg(round(duration_millis * 1000)::int ORDER BY id) FROM pgkeel.migrations WHERE namespace = 'app'"
      )
      assert.deepStrictEqual(
        applied.map(({ duration }) => Math.round(Duration.toMillis(duration) * 1000)),
        known
      )
      // The answer before may have been heard late.
      const least: Record<string, number> = { "1 1": 100, "2 1": 150, "2 2": 0, "3 1": 50 }
      assert.deepStrictEqual(
        statements.map(([name]) => name),
        Object.keys(least)
      )
      for (const [name, millis] of statements) assert.isAtLeast(millis, least[name] ?? 0, name)
    }))

  test("say how far they had come, which decides what may be run again", () =>
    Effect.gen(function* () {
      const path = yield* directory({
        "1_a.up.sql": "CREATE TABLE a ();",
        "2_b.up.sql": "SELECT pg_terminate_backend(pg_backend_pid());"
      })
      const reason = yield* upReason(path)
      assert(reason._tag === "StatementFailed")
      assert.deepInclude({ ...reason.cause.reason }, { _tag: "ServerShuttingDown", phase: "transaction_open" })
      assert.strictEqual(reason.cause.retryScope, "transaction")
    }))
})
