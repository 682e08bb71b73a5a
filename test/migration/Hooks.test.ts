/** What an application has done around its migrations. */
import { assert, describe } from "@effect/vitest"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import type { MigrationHooks } from "../../src/migration/MigrationHooks.ts"
import { assertClean, directory, exists, history, migratorOf, reasonOf, scalar, test, write } from "./support.ts"

const run = (statement: string) => Effect.flatMap(SqlClient.SqlClient, (sql) => sql.unsafe(statement))

const files = {
  "1_a.up.sql": "CREATE TABLE a (id int);",
  "1_a.down.sql": "DROP TABLE a;",
  "2_b.up.sql": "-- pgkeel:no-transaction\nINSERT INTO a VALUES (1);",
  "2_b.down.sql": "DELETE FROM a;"
}

/** Writes down which hook was called for what, and in which of the server's transactions. */
const recorder = () => {
  const calls: Array<string> = []
  const record = (call: string) =>
    Effect.map(run("SELECT pg_current_xact_id()::text AS xid"), () => {
      calls.push(call)
    })
  const hooks: MigrationHooks = {
    beforeAll: (all) => record(`beforeAll ${all.map(({ file }) => file).join(" ")}`),
    beforeEach: ({ file, number, of }) => record(`beforeEach ${file} ${number}/${of}`),
    afterEach: ({ direction, file }) => record(`afterEach ${direction} ${file}`),
    afterAll: (all) => record(`afterAll ${all.length}`)
  }
  return { calls, hooks }
}

describe("hooks", () => {
  test("are called around a run and each of its migrations, in both directions, and not where there is nothing to do", () =>
    Effect.gen(function* () {
      const path = yield* directory(files)
      const { calls, hooks } = recorder()
      const migrator = yield* migratorOf(path, { hooks })
      yield* migrator.up()
      assert.deepStrictEqual(calls.splice(0), [
        "beforeAll 1_a.up.sql 2_b.up.sql",
        "beforeEach 1_a.up.sql 1/2",
        "afterEach up 1_a.up.sql",
        "beforeEach 2_b.up.sql 2/2",
        "afterEach up 2_b.up.sql",
        "afterAll 2"
      ])
      yield* migrator.up()
      yield* migrator.plan()
      yield* migrator.status()
      assert.deepStrictEqual(calls, [])
      yield* migrator.down({ steps: 1 })
      assert.deepStrictEqual(calls, [
        "beforeAll 2_b.down.sql",
        "beforeEach 2_b.down.sql 1/1",
        "afterEach down 2_b.down.sql",
        "afterAll 1"
      ])
      yield* assertClean
    }))

  test("leave nothing that they set to the migrations, nor to whoever gets the connection", () =>
    Effect.gen(function* () {
      const path = yield* directory({ "1_a.up.sql": "CREATE TABLE public.a AS SELECT current_user::text AS role;" })
      const set = run("SET ROLE pg_monitor")
      const fails = Effect.andThen(set, Effect.fail(new Error("no")))
      const migrator = yield* migratorOf(path, { hooks: { beforeAll: () => set, afterAll: () => fails } })
      assert.strictEqual((yield* reasonOf(migrator.up()))._tag, "HookFailed")
      assert.strictEqual(yield* scalar("SELECT role = session_user FROM a"), true)
      assert.strictEqual(yield* scalar("SELECT current_user = session_user"), true)
    }))

  test("around one migration share its transaction and its settings, or have one of their own", () =>
    Effect.gen(function* () {
      const path = yield* directory({
        ...files,
        "1_a.up.sql":
          "CREATE TABLE public.a (id int); CREATE TABLE public.seen AS SELECT current_setting('my.hook') AS hook, pg_current_xact_id()::text AS xid; SET search_path = pg_catalog;"
      })
      const hooks: MigrationHooks = {
        beforeEach: ({ id }) => run(`SET LOCAL my.hook = 'before ${id}'`),
        afterEach: ({ id }) =>
          id === "1" ? run("INSERT INTO seen SELECT 'after 1', pg_current_xact_id()::text") : Effect.void
      }
      yield* (yield* migratorOf(path, { hooks })).up()
      assert.strictEqual(
        yield* scalar("SELECT string_agg(hook, ', ' ORDER BY hook DESC) FROM seen"),
        "before 1, after 1"
      )
      assert.strictEqual(yield* scalar("SELECT count(DISTINCT xid)::int FROM seen"), 1)
      yield* assertClean
    }))

  test("that fail stop the run, say what is left, and are called again by the next", () =>
    Effect.gen(function* () {
      const path = yield* directory(files)
      const boom = () => run("SELECT 1/0")
      const cases: ReadonlyArray<readonly [keyof MigrationHooks, string, boolean]> = [
        ["beforeAll", "the hook beforeAll failed: ", false],
        ["beforeEach", "the hook beforeEach of migration 1_a.up.sql (app) failed", false],
        ["afterEach", "the hook afterEach of migration 1_a.up.sql (app) failed", false],
        ["afterAll", "the migrations of the run stay", true]
      ]
      for (const [hook, part, applied] of cases) {
        const reason = yield* reasonOf(Effect.flatMap(migratorOf(path, { hooks: { [hook]: boom } }), ({ up }) => up()))
        assert(reason._tag === "HookFailed")
        assert.strictEqual(reason.hook, hook)
        assert.include(reason.message, part)
        assert.strictEqual(yield* exists("a"), applied)
        yield* assertClean
      }
    }))

  test("that throw, or fail after a migration without a transaction, fail it, and it goes on behind its statements", () =>
    Effect.gen(function* () {
      const path = yield* directory(files)
      const hooks: MigrationHooks = {
        afterEach: ({ id }) => {
          if (id === "2") throw new Error("a mistake")
          return Effect.void
        }
      }
      const reason = yield* reasonOf(Effect.flatMap(migratorOf(path, { hooks }), ({ up }) => up()))
      assert(reason._tag === "HookFailed")
      assert.include(reason.message, "a mistake; the migration has no transaction: what it did stays")
      assert.deepInclude((yield* history)[1], { state: "failed", statements: 1 })
      yield* (yield* migratorOf(path)).up()
      assert.strictEqual(yield* scalar("SELECT count(*)::int FROM a"), 1)
      yield* assertClean
    }))

  test("see of a failed run what came before the failure, and no afterAll", () =>
    Effect.gen(function* () {
      const path = yield* directory(files)
      yield* write(path, { "2_b.up.sql": "SELECT 1/0;" })
      const { calls, hooks } = recorder()
      yield* Effect.flip((yield* migratorOf(path, { hooks })).up())
      assert.deepStrictEqual(calls.slice(2), ["afterEach up 1_a.up.sql", "beforeEach 2_b.up.sql 2/2"])
    }))
})
