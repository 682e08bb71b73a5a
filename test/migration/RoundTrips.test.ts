import { assert, describe } from "@effect/vitest"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import type { MigrationProgress } from "../../src/migration/MigrationProgress.ts"
import { TestDatabase } from "../../src/testing/index.ts"
import { killProxy } from "./crash/KillProxy.ts"
import {
  directory,
  exists,
  history,
  makeMigrator,
  migratorOf,
  ownClient,
  reasonOf,
  scalar,
  test,
  write
} from "./support.ts"

/** Runs with that client, and with a count of how often the server was asked something and waited for. */
const counting = <A, E, R>(use: (asked: () => number) => Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const { url } = yield* TestDatabase
    const proxy = yield* killProxy(url, undefined, () => undefined)
    return yield* Effect.provide(use(proxy.messages), ownClient(proxy.url))
  }).pipe(Effect.scoped)

const tables = (from: number, to: number) =>
  Object.fromEntries(
    Array.from({ length: to - from + 1 }, (_, n) => [`${from + n}_t.up.sql`, `CREATE TABLE t${from + n} ();`])
  )

describe("What a run asks the server, and waits for", () => {
  test("is one question when there is nothing to do, however much is applied", () =>
    Effect.gen(function* () {
      const path = yield* directory(tables(1, 30))
      yield* counting((asked) =>
        Effect.gen(function* () {
          const migrator = yield* migratorOf(path)
          yield* migrator.up()
          const before = asked()
          assert.deepStrictEqual((yield* migrator.up()).applied, [])
          assert.strictEqual(asked() - before, 1)
        })
      )
    }))

  test("is three questions at most with nothing to do behind a connection that has just been opened", () =>
    Effect.gen(function* () {
      const path = yield* directory(tables(1, 30))
      yield* (yield* migratorOf(path)).up()
      yield* counting((asked) =>
        Effect.gen(function* () {
          assert.deepStrictEqual((yield* (yield* migratorOf(path)).up()).applied, [])
          assert.isAtMost(asked(), 3)
          assert.isAtLeast(asked(), 1)
        })
      )
    }))

  test("is one for 16 migrations with their BEGINs and COMMITs, however many statements they have", () =>
    Effect.gen(function* () {
      const path = yield* directory(tables(1, 2))
      yield* counting((asked) =>
        Effect.gen(function* () {
          const migrator = yield* migratorOf(path)
          yield* migrator.up()
          const costs: Array<number> = []
          for (const [first, last] of [
            [3, 3],
            [4, 19],
            [20, 36]
          ] as const) {
            const more = { [`${last}_t.up.sql`]: `CREATE TABLE t${last} (); DROP TABLE t${last}; SELECT 1;` }
            yield* write(path, { ...tables(first, last), ...more })
            const before = asked()
            yield* migrator.up()
            costs.push(asked() - before)
          }
          const [one = 0, sixteen = 0, seventeen = 0] = costs
          assert.deepStrictEqual([sixteen - one, seventeen - one], [0, 1])
        })
      )
    }))

  test("is one for 16 migrations that are reverted, and no more for a plan of many of them than of one", () =>
    Effect.gen(function* () {
      const downs = Array.from({ length: 22 }, (_, n) => [`${n + 1}_t.down.sql`, `DROP TABLE t${n + 1};`])
      const path = yield* directory({ ...tables(1, 22), ...Object.fromEntries(downs) })
      yield* counting((asked) =>
        Effect.gen(function* () {
          const migrator = yield* migratorOf(path)
          yield* migrator.up()
          const costOf = Effect.fnUntraced(function* <A, E>(call: Effect.Effect<A, E>) {
            const before = asked()
            yield* call
            return asked() - before
          })
          const planned = yield* costOf(migrator.plan({ direction: "down", steps: 1 }))
          assert.strictEqual(yield* costOf(migrator.plan({ direction: "down", all: true })), planned)
          const one = yield* costOf(migrator.down({ steps: 1 }))
          assert.strictEqual((yield* costOf(migrator.down({ steps: 20 }))) - one, 1)
        })
      )
    }))
})

describe("A migration that is sent in one write with its COMMIT", () => {
  const withOwnClient = <A, E, R>(use: Effect.Effect<A, E, R>) => counting(() => use)

  test("fails by a constraint that is checked at its end, and nothing of it stays", () =>
    Effect.gen(function* () {
      const path = yield* directory({
        "1_a.up.sql":
          "CREATE TABLE a (id int PRIMARY KEY DEFERRABLE INITIALLY DEFERRED);\nINSERT INTO a VALUES (1), (1);"
      })
      const reason = yield* withOwnClient(Effect.flatMap(migratorOf(path), (migrator) => reasonOf(migrator.up())))
      assert(reason._tag === "StatementFailed")
      assert.deepInclude({ ...reason }, { statement: 2, line: 2 })
      assert.strictEqual(reason.cause.reason._tag, "UniqueViolation")
      assert.strictEqual(yield* exists("a"), false)
      assert.deepInclude((yield* history)[0], { state: "failed" })
    }))

  test("has finished all its statements when a constraint is checked behind the only one, and none when that fails", () =>
    Effect.gen(function* () {
      const finished: Array<string> = []
      const progress = (event: MigrationProgress) =>
        Effect.sync(() => void (event._tag === "StatementFinished" && finished.push(event.id)))
      const path = yield* directory({
        "1_a.up.sql": "CREATE TABLE a (id int PRIMARY KEY DEFERRABLE INITIALLY DEFERRED);",
        "2_b.up.sql": "INSERT INTO a VALUES (1), (1);"
      })
      const up = withOwnClient(Effect.flatMap(migratorOf(path, { progress }), (migrator) => reasonOf(migrator.up())))
      assert.strictEqual((yield* up)._tag, "StatementFailed")
      assert.deepInclude((yield* history)[1], { state: "failed", statements: 1 })
      yield* write(path, { "2_b.up.sql": "INSERT INTO nowhere VALUES (1)" })
      assert.strictEqual((yield* up)._tag, "StatementFailed")
      assert.deepInclude((yield* history)[1], { state: "failed", statements: 0 })
      assert.deepStrictEqual(finished, ["1"])
    }))

  test("is recorded with how long it took, up to its last statement", () =>
    Effect.gen(function* () {
      const path = yield* directory({
        "1_a.up.sql": "SELECT pg_sleep(0.2);",
        "1_a.down.sql": "SELECT 1; SELECT pg_sleep(0.3);"
      })
      yield* withOwnClient(Effect.flatMap(migratorOf(path), (migrator) => migrator.up()))
      const millis = scalar("SELECT duration_millis FROM pgkeel.migrations")
      assert.isAtLeast(Number(yield* millis), 200)
      yield* withOwnClient(Effect.flatMap(migratorOf(path), (migrator) => migrator.down({ all: true })))
      assert.isAtLeast(Number(yield* millis), 300)
    }))

  test("says which statement failed, also when that is the one that it began with", () =>
    Effect.gen(function* () {
      const path = yield* directory({ "1_a.up.sql": "\nCREATE TABLE a (id nonsense);" })
      const reason = yield* withOwnClient(Effect.flatMap(migratorOf(path), (migrator) => reasonOf(migrator.up())))
      assert(reason._tag === "StatementFailed")
      assert.deepInclude({ ...reason }, { statement: 1, line: 2, column: 20 })
    }))

  test("is refused before its first statement where its role does not exist", () =>
    Effect.gen(function* () {
      const path = yield* directory({ "1_a.up.sql": "CREATE TABLE a ();" })
      yield* Effect.flatMap(migratorOf(path), (migrator) => migrator.up())
      yield* write(path, { "2_b.up.sql": "CREATE TABLE b ();" })
      const error = yield* withOwnClient(
        Effect.flatMap(migratorOf(path, { role: "nobody_there" }), (migrator) => Effect.flip(migrator.up()))
      )
      assert.include(error.message, "role")
      assert.strictEqual(yield* exists("b"), false)
    }))

  test("leaves no setting, search path or role to the next one", () =>
    Effect.gen(function* () {
      const seen =
        "SELECT current_setting('search_path') AS path, current_setting('work_mem') AS memory, current_user AS role"
      const path = yield* directory({
        "1_a.up.sql": `CREATE TABLE public.seen AS ${seen}; GRANT INSERT ON public.seen TO pg_monitor;`,
        "2_b.up.sql":
          "SET work_mem = '3MB'; SET ROLE pg_monitor; SELECT pg_catalog.set_config('search_path', '', false);",
        "3_c.up.sql": `INSERT INTO public.seen ${seen};`
      })
      yield* withOwnClient(Effect.flatMap(migratorOf(path), (migrator) => migrator.up()))
      assert.strictEqual(yield* scalar("SELECT count(*)::int FROM public.seen"), 2)
      assert.strictEqual(yield* scalar("SELECT count(DISTINCT s)::int FROM public.seen AS s"), 1)
    }))

  test("may forget what the session has prepared", () =>
    Effect.gen(function* () {
      const forgets = (n: number) => `CREATE TABLE t${n} (); DEALLOCATE ALL; CREATE TABLE u${n} ();`
      const path = yield* directory({ "1_a.up.sql": forgets(1), "2_b.up.sql": forgets(2), "3_c.up.sql": "SELECT 1;" })
      const { applied } = yield* withOwnClient(Effect.flatMap(migratorOf(path), (migrator) => migrator.up()))
      assert.strictEqual(applied.length, 3)
      assert.strictEqual(yield* exists("u2"), true)
    }))

  test("is rolled back when another session has recorded it meanwhile, as a new one and as one that failed before", () =>
    Effect.gen(function* () {
      const { url } = yield* TestDatabase
      const elsewhere = Effect.flatMap(
        SqlClient.SqlClient,
        (sql) => sql`INSERT INTO pgkeel.migrations (namespace, id, name, kind, state, started_at, role)
          VALUES ('app', '2', 'b', 'code', 'applied', now(), 'somebody')
          ON CONFLICT (namespace, id) DO UPDATE SET state = 'applied'`
      ).pipe(Effect.provide(ownClient(url), { local: true }))
      const none = Effect.void
      for (const second of [false, true]) {
        let fails = second
        const up = Effect.gen(function* () {
          if (fails) return yield* Effect.fail(new Error("not yet"))
          yield* (yield* SqlClient.SqlClient)`CREATE TABLE twice ()`
          yield* elsewhere
        })
        const migrator = makeMigrator({
          sources: [
            {
              namespace: "app",
              migrations: [
                { id: "1", name: "a", up: none },
                { id: "2", name: "b", up }
              ]
            }
          ]
        })
        if (second) yield* withOwnClient(Effect.flatMap(migrator, ({ up }) => Effect.flip(up())))
        fails = false
        const reason = yield* withOwnClient(Effect.flatMap(migrator, ({ up }) => reasonOf(up())))
        assert.strictEqual(reason._tag, "LockLost")
        assert.strictEqual(yield* exists("twice"), false)
        assert.strictEqual(yield* scalar("SELECT state FROM pgkeel.migrations WHERE id = '2'"), "applied")
        yield* (yield* SqlClient.SqlClient)`DELETE FROM pgkeel.migrations WHERE id = '2'`
      }
    }))
})
