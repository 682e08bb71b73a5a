import { assert, describe } from "@effect/vitest"
import { PgClient } from "@effect/sql-pg"
import { Effect, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import type { DatabaseError } from "../../src/error/DatabaseError.ts"
import type { MigrationError } from "../../src/migration/MigrationError.ts"
import type { Migrator } from "../../src/migration/Migrator.ts"
import {
  assertClean,
  directory,
  exists,
  history,
  makeMigrator,
  migratorOf,
  reasonOf,
  scalar,
  test,
  write
} from "./support.ts"
import { TestDatabase } from "../../src/testing/index.ts"
import { uniqueName } from "../support/Roles.ts"

const users = {
  "1_users.up.sql": "CREATE TABLE users (id int PRIMARY KEY);",
  "1_users.down.sql": "DROP TABLE users;"
}
const posts = {
  "2_posts.up.sql": "CREATE TABLE posts (id int PRIMARY KEY, author int REFERENCES users);",
  "2_posts.down.sql": "DROP TABLE posts;"
}

const ids = (results: ReadonlyArray<{ readonly id: string }>) => results.map(({ id }) => id)

describe("Migrator.up", () => {
  test("applies everything to an empty database, in the order of the ids as numbers", () =>
    Effect.gen(function* () {
      const path = yield* directory({ "10_c.up.sql": "SELECT 1", ...posts, ...users, "README.md": "not one" })
      const { applied } = yield* (yield* migratorOf(path)).up()
      assert.deepStrictEqual(ids(applied), ["1", "2", "10"])
      assert.deepStrictEqual(yield* history, [
        { namespace: "app", id: "1", name: "users", kind: "sql", state: "applied", statements: 1, error: null },
        { namespace: "app", id: "10", name: "c", kind: "sql", state: "applied", statements: 1, error: null },
        { namespace: "app", id: "2", name: "posts", kind: "sql", state: "applied", statements: 1, error: null }
      ])
      yield* assertClean
    }))

  test("writes down which login applied what, from which host and application, when, and how long it took", () =>
    Effect.gen(function* () {
      const { url } = yield* TestDatabase
      const path = yield* directory({
        "1_a.up.sql": "SELECT pg_sleep(0.05); SET application_name = 'another'; SELECT 1;",
        "1_a.down.sql": "SELECT pg_sleep(0.05);"
      })
      const told = `SELECT role = session_user AND host IS NOT DISTINCT FROM host(inet_client_addr())
        AND application = 'shop 1.2.3' AND duration_millis BETWEEN 50 AND 30000 AND finished_at >= started_at
        AND started_at > now() - interval '1 minute' FROM pgkeel.migrations WHERE state = `
      yield* Effect.gen(function* () {
        const migrator = yield* migratorOf(path)
        yield* migrator.up()
        assert.strictEqual(yield* scalar(`${told} 'applied' AND statements = 3 AND applied_at <= now()`), true)
        yield* migrator.down({ all: true })
        assert.strictEqual(yield* scalar(`${told} 'reverted' AND statements = 1`), true)
      }).pipe(Effect.provide(PgClient.layer({ url, applicationName: "shop 1.2.3" })))
    }))

  test("sends one statement and takes no lock when there is nothing to do, and so does status", () =>
    Effect.gen(function* () {
      const path = yield* directory({ ...users, ...posts })
      const migrator = yield* migratorOf(path)
      yield* migrator.up()
      yield* scalar("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
      const calls =
        "SELECT coalesce(sum(calls), 0)::int FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid WHERE d.datname = current_database() AND query NOT LIKE '%pg_stat_statements%'"
      for (const call of [migrator.up(), migrator.status()]) {
        const before = Number(yield* scalar(calls))
        yield* Effect.asVoid(call as Effect.Effect<unknown, MigrationError | DatabaseError>)
        assert.strictEqual(Number(yield* scalar(calls)) - before, 1)
      }
    }))

  test("takes no lock when there is nothing to do: a holder does not keep it waiting", () =>
    Effect.gen(function* () {
      const path = yield* directory(users)
      const migrator = yield* migratorOf(path, { lockPatience: "100 millis" })
      yield* migrator.up()
      const sql = yield* SqlClient.SqlClient
      const holder = yield* sql.reserve
      yield* holder.execute("SELECT pg_advisory_lock(1885825893, 1701576705)", [], undefined)
      assert.deepStrictEqual(yield* migrator.up(), { applied: [] })
    }))

  test("leaves the database as it was before a migration that fails half-way, says so, and tries it again", () =>
    Effect.gen(function* () {
      const path = yield* directory({
        ...users,
        "2_posts.up.sql":
          "CREATE TABLE posts (id int);\nINSERT INTO posts VALUES (1);\n\nINSERT INTO\n  nowhere VALUES (1);\n"
      })
      const migrator = yield* migratorOf(path)
      const reason = yield* reasonOf(migrator.up())
      assert(reason._tag === "StatementFailed")
      assert.deepInclude({ ...reason }, { namespace: "app", id: "2", name: "posts", statement: 3, line: 5, column: 3 })
      assert.strictEqual(reason.cause.reason._tag, "UndefinedTable")
      assert.include(reason.message, "migration 2_posts.up.sql (app) failed at line 5, column 3 (statement 3)")
      assert.strictEqual(yield* exists("posts"), false)
      assert.strictEqual(yield* exists("users"), true)
      const [, failed] = yield* history
      assert.strictEqual(failed?.state, "failed")
      assert.strictEqual(failed?.statements, 2)
      assert.include(failed?.error ?? "", "nowhere")
      yield* assertClean

      yield* write(path, { "2_posts.up.sql": "CREATE TABLE posts (id int);" })
      assert.deepStrictEqual(ids((yield* migrator.up()).applied), ["2"])
      assert.deepInclude((yield* history)[1], { state: "applied", error: null })
    }))

  test("names the migration whose deferred constraint does not hold", () =>
    Effect.gen(function* () {
      const path = yield* directory({
        "1_a.up.sql":
          "CREATE TABLE a (id int PRIMARY KEY, b int REFERENCES a DEFERRABLE INITIALLY DEFERRED);\nINSERT INTO a VALUES (1, 2);"
      })
      const reason = yield* reasonOf((yield* migratorOf(path)).up())
      assert(reason._tag === "StatementFailed")
      assert.strictEqual(reason.cause.reason._tag, "ForeignKeyViolation")
      assert.strictEqual(yield* exists("a"), false)
    }))

  test("refuses a file that does not parse before it runs the files in front of it", () =>
    Effect.gen(function* () {
      const path = yield* directory({ ...users, "2_bad.up.sql": "SELECT 1;\nSELEC 2;" })
      const reason = yield* reasonOf((yield* migratorOf(path)).up())
      assert(reason._tag === "ParseFailed")
      assert.deepInclude({ ...reason }, { line: 2, column: 1, parserMessage: 'syntax error at or near "SELEC"' })
      assert.strictEqual(yield* exists("users"), false)
      assert.strictEqual(yield* exists("pgkeel.migrations"), false)
    }))

  const empty = {
    nothing: "",
    "white space": " \n\t\n",
    "comments only": "-- later\n/* SELECT 1; */",
    semicolons: ";\n;"
  }
  for (const [what, text] of Object.entries(empty)) {
    test(`refuses a file of ${what} before anything runs, so that it is not recorded as applied`, () =>
      Effect.gen(function* () {
        const path = yield* directory({ ...users, "2_later.up.sql": text })
        const migrator = yield* migratorOf(path)
        for (const refused of [migrator.up(), migrator.plan()] as const) {
          const reason = yield* reasonOf<unknown, MigrationError | DatabaseError, never>(refused)
          assert.strictEqual(reason._tag, "EmptyMigration")
          assert.include(reason.message, "migration 2_later.up.sql (app) has no statement")
        }
        assert.strictEqual(yield* exists("users"), false)
        yield* write(path, { "2_later.up.sql": "SELECT 1" })
        assert.deepStrictEqual(ids((yield* migrator.up()).applied), ["1", "2"])
      }))
  }

  test("runs the package's own namespace first and the others as given", () =>
    Effect.gen(function* () {
      const migrator = yield* makeMigrator({
        sources: [
          { namespace: "z", migrations: [{ id: "1", name: "one", up: Effect.void }] },
          { namespace: "a", migrations: [{ id: "1", name: "one", up: Effect.void }] },
          { namespace: "pgkeel", migrations: [{ id: "9", name: "own", up: Effect.void }] }
        ]
      })
      assert.deepStrictEqual(
        (yield* migrator.up()).applied.map(({ namespace }) => namespace),
        ["pgkeel", "z", "a"]
      )
    }))

  test("starts every file with the same settings, whatever the file before it has set", () =>
    Effect.gen(function* () {
      const settings =
        "INSERT INTO public.seen SELECT current_setting('search_path'), current_setting('lock_timeout'), current_setting('statement_timeout'), current_user, current_setting('work_mem');"
      const path = yield* directory({
        "1_a.up.sql": `CREATE TABLE public.seen (search_path text, lock text, statement text, role text, memory text);\n${settings}
          SET ROLE pg_read_all_data;
          SET work_mem = '1MB';
          SET SESSION AUTHORIZATION DEFAULT;
          SET lock_timeout = '3s';
          SET statement_timeout = '3s';
          SELECT pg_catalog.set_config('search_path', '', false);`,
        "2_b.up.sql": settings
      })
      const migrator = yield* migratorOf(path, {
        searchPath: ["public", 'odd "one'],
        lockTimeout: "2 seconds",
        statementTimeout: "1 minute"
      })
      yield* migrator.up()
      const sql = yield* SqlClient.SqlClient
      const [first, second, ...rest] = yield* sql.unsafe("SELECT * FROM seen")
      assert.deepInclude(first, { search_path: `"public", "odd ""one"`, lock: "2s", statement: "1min" })
      assert.deepStrictEqual(second, first)
      assert.strictEqual(rest.length, 0)
      assert.notStrictEqual(yield* scalar("SHOW search_path"), "")
    }))

  test("waits as long as a file says of itself, and the next one as long as the migrator was told", () =>
    Effect.gen(function* () {
      const settings =
        "INSERT INTO seen SELECT current_setting('lock_timeout'), current_setting('statement_timeout') RETURNING *;"
      const own = "-- pgkeel:lock-timeout 500ms\n-- pgkeel:statement-timeout 10min\n"
      const path = yield* directory({
        "1_a.up.sql": "CREATE TABLE seen (lock text, statement text);",
        "2_b.up.sql": own + settings,
        "3_c.up.sql": `${own}-- pgkeel:no-transaction\n${settings}`,
        "4_d.up.sql": settings
      })
      yield* (yield* migratorOf(path, { lockTimeout: "2 seconds", statementTimeout: "1 minute" })).up()
      assert.strictEqual(
        yield* scalar("SELECT string_agg(lock || ' ' || statement, ', ' ORDER BY ctid) FROM seen"),
        "500ms 10min, 500ms 10min, 2s 1min"
      )
      yield* write(path, { "5_e.up.sql": "-- pgkeel:statement-timeout 50ms\nSELECT pg_sleep(60);" })
      const reason = yield* reasonOf((yield* migratorOf(path)).up())
      assert(reason._tag === "StatementFailed")
      assert.strictEqual(reason.cause.reason._tag, "StatementTimeout")
    }))

  test("leaves a file's temporary tables neither to the next file nor to whoever gets the connection", () =>
    Effect.gen(function* () {
      const path = yield* directory({
        "1_a.up.sql": "CREATE TABLE a (); CREATE TABLE seen (name text); CREATE TEMP TABLE a (id int);",
        "2_b.up.sql": "INSERT INTO seen SELECT to_regclass('pg_temp.a')::text;",
        "3_c.up.sql": "-- pgkeel:no-transaction\nCREATE TEMP TABLE a (id int); CREATE TEMP VIEW b AS SELECT id FROM a;"
      })
      yield* (yield* migratorOf(path)).up()
      assert.strictEqual(yield* scalar("SELECT name FROM seen"), null)
      assert.strictEqual(yield* scalar("SELECT count(*)::int FROM pg_class WHERE relpersistence = 't'"), 0)
    }))

  test("creates everything as the role that should own it, the history included", () =>
    Effect.gen(function* () {
      const role = `owner of ${String(yield* scalar("SELECT current_database()"))}`
      const sql = yield* SqlClient.SqlClient
      yield* sql`CREATE ROLE ${sql(role)}`
      yield* Effect.addFinalizer(() =>
        Effect.ignore(Effect.andThen(sql`DROP OWNED BY ${sql(role)} CASCADE`, sql`DROP ROLE ${sql(role)}`))
      )
      yield* sql`GRANT CREATE ON DATABASE ${sql(String(yield* scalar("SELECT current_database()")))} TO ${sql(role)}`
      yield* sql`GRANT CREATE ON SCHEMA public TO ${sql(role)}`
      const path = yield* directory({ "1_a.up.sql": "CREATE TABLE a (); RESET ROLE; SET ROLE NONE;" })
      yield* (yield* migratorOf(path, { role })).up()
      assert.strictEqual(yield* scalar("SELECT tableowner FROM pg_tables WHERE tablename = 'a'"), role)
      assert.strictEqual(yield* scalar("SELECT tableowner FROM pg_tables WHERE schemaname = 'pgkeel'"), role)
      assert.strictEqual(yield* scalar("SELECT current_user = session_user"), true)
    }))

  test("says of a role that it cannot act as whether there is one, and changes nothing", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const { url } = (yield* PgClient.PgClient).config
      const [login, owner] = [uniqueName(), uniqueName()]
      yield* sql.unsafe(`CREATE ROLE ${owner}`)
      yield* sql.unsafe(`CREATE ROLE ${login} LOGIN PASSWORD 'p'`)
      yield* Effect.addFinalizer(() => Effect.ignore(sql.unsafe(`DROP ROLE ${owner}, ${login}`)))
      const limited = new URL(url === undefined ? "" : Redacted.value(url))
      limited.username = login
      limited.password = "p"
      const client = PgClient.layer({ url: Redacted.make(limited.href) })
      const path = yield* directory({ "1_a.up.sql": "CREATE TABLE a ();" })
      type Call = (migrator: Migrator["Service"]) => Effect.Effect<unknown, MigrationError | DatabaseError>
      const refusal = (role: string, call: Call) =>
        reasonOf(Effect.flatMap(migratorOf(path, { role }), call)).pipe(Effect.provide(client, { local: true }))
      for (const [role, exists, said] of [
        ["no such role", false, 'the role "no such role", and the server has no such role'],
        [owner, true, "this login is no member of it"]
      ] as const) {
        for (const call of [(one) => one.up(), (one) => one.plan()] satisfies ReadonlyArray<Call>) {
          const reason = yield* refusal(role, call)
          assert(reason._tag === "RoleRefused")
          assert.deepInclude({ ...reason }, { role, exists })
          assert.include(reason.message, said)
        }
      }
      assert.strictEqual((yield* refusal("no such role", (one) => one.status()))._tag, "RoleRefused")
      // A login that only looks need not be a member.
      const seen = yield* Effect.flatMap(migratorOf(path, { role: owner }), (one) => one.status()).pipe(
        Effect.provide(client, { local: true })
      )
      assert.strictEqual(seen.length, 1)
      assert.strictEqual(yield* scalar("SELECT to_regnamespace('pgkeel') IS NULL"), true)
      yield* assertClean
    }))

  test("gives up on a table lock after lockTimeout instead of queueing the application behind it", () =>
    Effect.gen(function* () {
      const path = yield* directory({ "1_a.up.sql": "ALTER TABLE busy ADD COLUMN b int;" })
      const sql = yield* SqlClient.SqlClient
      yield* sql`CREATE TABLE busy (a int)`
      const migrator = yield* migratorOf(path, { lockTimeout: "100 millis", lockAttempts: 1 })
      const reason = yield* sql.withTransaction(Effect.andThen(sql`SELECT * FROM busy`, reasonOf(migrator.up())))
      assert(reason._tag === "StatementFailed")
      assert.strictEqual(reason.cause.reason._tag, "LockNotAvailable")
    }))

  test("works with a pool of one connection", () =>
    Effect.gen(function* () {
      const { url } = (yield* PgClient.PgClient).config
      const one = PgClient.layer({ ...(url && { url }), maxConnections: 1 })
      const path = yield* directory({ ...users, ...posts })
      const { applied } = yield* Effect.flatMap(migratorOf(path), (migrator) => migrator.up()).pipe(Effect.provide(one))
      assert.strictEqual(applied.length, 2)
    }))

  test("reports a connection that is lost in a migration as a failure, and can be called again", () =>
    Effect.gen(function* () {
      const path = yield* directory({
        "1_a.up.sql": "CREATE TABLE a (); SELECT pg_terminate_backend(pg_backend_pid());"
      })
      const migrator = yield* migratorOf(path)
      const reason = yield* reasonOf(migrator.up())
      assert(reason._tag === "StatementFailed")
      assert.strictEqual(reason.cause.connectionLost, true)
      assert.strictEqual(yield* exists("a"), false)
      yield* write(path, { "1_a.up.sql": "CREATE TABLE a ();" })
      assert.strictEqual((yield* migrator.up()).applied.length, 1)
    }))
})

describe("Migrator.up with files that changed", () => {
  test("refuses an edited file, and takes CRLF and a byte-order mark for no edit", () =>
    Effect.gen(function* () {
      const path = yield* directory({ "1_a.up.sql": "CREATE TABLE a ();\nSELECT 1;\n" })
      const migrator = yield* migratorOf(path)
      yield* migrator.up()
      yield* write(path, { "1_a.up.sql": "\uFEFFCREATE TABLE a ();\r\nSELECT 1;\r\n" })
      assert.deepStrictEqual(yield* migrator.up(), { applied: [] })
      yield* write(path, { "1_a.up.sql": "CREATE TABLE a ();\nSELECT 2;\n" })
      const reason = yield* reasonOf(migrator.up())
      assert.strictEqual(reason._tag, "ChecksumMismatch")
      assert.match(
        reason.message,
        /^migration 1_a\.up\.sql \(app\) was applied on \d{4}-\d\d-\d\d with other contents; restore the file/
      )
      const [status] = yield* migrator.status()
      assert.strictEqual(status?.state, "applied")
      assert.strictEqual(status?.problem?._tag, "ChecksumMismatch")
    }))

  test("refuses a missing file, a renamed one, and a late one, and status tells all of them", () =>
    Effect.gen(function* () {
      const path = yield* directory({ ...users, ...posts, "3_c.up.sql": "SELECT 1", "5_e.up.sql": "SELECT 1" })
      const migrator = yield* migratorOf(path)
      yield* migrator.up()

      yield* write(path, { "4_d.up.sql": "SELECT 1" })
      const late = yield* reasonOf(migrator.up())
      assert(late._tag === "OutOfOrder")
      assert.strictEqual(late.latest, "5")

      yield* write(path, { "4_d.up.sql": undefined, "2_posts.up.sql": undefined, "2_posts.down.sql": undefined })
      const missing = yield* reasonOf(migrator.up())
      assert(missing._tag === "MissingFile")
      assert.deepInclude({ ...missing }, { id: "2", name: "posts", newer: false })

      yield* write(path, { ...posts, "5_e.up.sql": undefined })
      const newer = yield* reasonOf(migrator.plan())
      assert(newer._tag === "MissingFile")
      assert.strictEqual(newer.newer, true)

      yield* write(path, {
        "5_e.up.sql": "SELECT 1",
        "3_c.up.sql": undefined,
        "03_see.up.sql": "SELECT 1",
        "4_d.up.sql": "SELECT 1"
      })
      assert.strictEqual((yield* reasonOf(migrator.up()))._tag, "NameMismatch")
      const problems = (yield* migrator.status()).map(({ id, problem, state }) => [id, state, problem?._tag])
      assert.deepStrictEqual(problems, [
        ["1", "applied", undefined],
        ["2", "applied", undefined],
        ["03", "applied", "NameMismatch"],
        ["4", "pending", "OutOfOrder"],
        ["5", "applied", undefined]
      ])
    }))
})

describe("Migrator.up to an id", () => {
  test("runs what is pending up to it, says the same in a plan, and goes on from there", () =>
    Effect.gen(function* () {
      const path = yield* directory({ ...users, ...posts, "3_c.up.sql": "SELECT 1", "R__v.sql": "SELECT 1" })
      const migrator = yield* migratorOf(path)
      assert.deepStrictEqual(ids(yield* migrator.plan({ to: "02" })), ["1", "2"])
      assert.deepStrictEqual(ids((yield* migrator.up({ to: "02" })).applied), ["1", "2"])
      assert.deepStrictEqual(ids((yield* migrator.up({ to: "1" })).applied), [])
      assert.deepStrictEqual(ids((yield* migrator.up()).applied), ["3", "R__v"])
    }))

  test("stops in its namespace, after all that come before it", () =>
    Effect.gen(function* () {
      const migrations = ["1", "2"].map((id) => ({ id, name: "x", up: Effect.void }))
      const migrator = yield* makeMigrator({
        sources: ["a", "b", "pgkeel"].map((namespace) => ({ namespace, migrations }))
      })
      const unknown = yield* reasonOf(migrator.up({ to: "1" }))
      assert.strictEqual(unknown.message, 'cannot tell what "1" means: say in which namespace; there are a, b')
      assert.strictEqual((yield* reasonOf(migrator.up({ to: "7", namespace: "a" })))._tag, "UnknownTarget")
      const first = yield* migrator.up({ to: "1", namespace: "a" })
      assert.deepStrictEqual(
        first.applied.map(({ id, namespace }) => `${namespace} ${id}`),
        ["pgkeel 1", "pgkeel 2", "a 1"]
      )
      assert.deepStrictEqual(ids((yield* migrator.up({ namespace: "a" })).applied), ["2"])
    }))
})

describe("Migrator.status", () => {
  test("calls a repeatable migration that has changed pending, because up runs it again", () =>
    Effect.gen(function* () {
      const path = yield* directory({ "R__v.sql": "CREATE OR REPLACE VIEW v AS SELECT 1 AS one" })
      const migrator = yield* migratorOf(path)
      yield* migrator.up()
      assert.deepStrictEqual((yield* migrator.status())[0]?.state, "applied")
      yield* write(path, { "R__v.sql": "CREATE OR REPLACE VIEW v AS SELECT 2 AS one" })
      assert.deepStrictEqual((yield* migrator.status())[0]?.state, "pending")
    }))
})

describe("Migrator.down", () => {
  test("reverts by steps, to an id, and all, and up applies them again", () =>
    Effect.gen(function* () {
      const path = yield* directory({
        ...users,
        ...posts,
        "3_c.up.sql": "CREATE TABLE c ()",
        "3_c.down.sql": "DROP TABLE c"
      })
      const migrator = yield* migratorOf(path)
      yield* migrator.up()
      assert.deepStrictEqual(ids((yield* migrator.down({ steps: 1 })).reverted), ["3"])
      assert.strictEqual(yield* exists("c"), false)
      assert.strictEqual((yield* history)[2]?.state, "reverted")
      assert.deepStrictEqual(ids((yield* migrator.up()).applied), ["3"])
      assert.deepStrictEqual(ids((yield* migrator.down({ to: "01" })).reverted), ["3", "2"])
      assert.deepStrictEqual(ids((yield* migrator.down({ all: true })).reverted), ["1"])
      assert.deepStrictEqual((yield* migrator.down({ all: true })).reverted, [])
      assert.deepStrictEqual(ids((yield* migrator.up()).applied), ["1", "2", "3"])
      yield* assertClean
    }))

  test("refuses before it touches anything where one of them has no down", () =>
    Effect.gen(function* () {
      const path = yield* directory({ "1_users.up.sql": users["1_users.up.sql"], ...posts })
      const migrator = yield* migratorOf(path)
      yield* migrator.up()
      const reason = yield* reasonOf(migrator.down({ all: true }))
      assert(reason._tag === "DownMissing")
      assert.deepStrictEqual(reason.migrations, ["1_users.up.sql (app)"])
      assert.strictEqual(yield* exists("posts"), true)
    }))

  test("refuses before it touches anything where the file of one of them is gone, and says that no policy helps", () =>
    Effect.gen(function* () {
      const path = yield* directory({ ...users, ...posts })
      const migrator = yield* migratorOf(path, { policies: { missing: "allow", newer: "allow" } })
      yield* migrator.up()
      yield* write(path, { "1_users.up.sql": undefined, "1_users.down.sql": undefined })
      for (const call of [migrator.down({ all: true }), migrator.redo({ steps: 2 })] as const) {
        const reason = yield* reasonOf<unknown, MigrationError | DatabaseError, never>(call)
        assert.strictEqual(reason._tag, "MissingFile")
        assert.include(reason.message, "and cannot be reverted, because its file is not here; nothing was reverted")
      }
      assert.strictEqual(yield* exists("posts"), true)
      assert.deepStrictEqual(ids((yield* migrator.down({ steps: 1 })).reverted), ["2"])
    }))

  test("reverts by a down that has nothing to do", () =>
    Effect.gen(function* () {
      const path = yield* directory({ "1_a.up.sql": "SELECT 1", "1_a.down.sql": "-- nothing to undo" })
      const migrator = yield* migratorOf(path)
      yield* migrator.up()
      assert.deepStrictEqual(ids((yield* migrator.down({ all: true })).reverted), ["1"])
      assert.strictEqual((yield* history)[0]?.state, "reverted")
    }))

  test("stays applied when its down fails, and the history has the error", () =>
    Effect.gen(function* () {
      const path = yield* directory({ ...users, "1_users.down.sql": "DROP TABLE users; DROP TABLE nowhere;" })
      const migrator = yield* migratorOf(path)
      yield* migrator.up()
      const reason = yield* reasonOf(migrator.down({ steps: 1 }))
      assert(reason._tag === "StatementFailed")
      assert.deepInclude({ ...reason }, { direction: "down", file: "1_users.down.sql", statement: 2 })
      assert.strictEqual(yield* exists("users"), true)
      const [row] = yield* history
      assert.strictEqual(row?.state, "applied")
      assert.include(row?.error ?? "", "nowhere")
    }))

  test("leaves the package's own tables alone unless they are named, and refuses what it does not know", () =>
    Effect.gen(function* () {
      const migrations = [{ id: "1", name: "one", up: Effect.void, down: Effect.void }]
      const migrator = yield* makeMigrator({
        sources: ["a", "pgkeel", "b"].map((namespace) => ({ namespace, migrations }))
      })
      yield* migrator.up()
      assert.strictEqual((yield* reasonOf(migrator.down({ to: "1" })))._tag, "UnknownTarget")
      assert.strictEqual((yield* reasonOf(migrator.down({ to: "7", namespace: "a" })))._tag, "UnknownTarget")
      assert.strictEqual((yield* reasonOf(migrator.down({ all: true, namespace: "c" })))._tag, "UnknownTarget")
      assert.strictEqual((yield* reasonOf(migrator.down({ steps: -1 })))._tag, "UnknownTarget")
      const { reverted } = yield* migrator.down({ all: true })
      assert.deepStrictEqual(
        reverted.map(({ namespace }) => namespace),
        ["b", "a"]
      )
      assert.strictEqual((yield* migrator.down({ all: true, namespace: "pgkeel" })).reverted.length, 1)
    }))
})

describe("Migrator.plan", () => {
  test("shows the statements that would run, in which transactions, and changes nothing", () =>
    Effect.gen(function* () {
      const path = yield* directory({ ...users, "2_b.up.sql": "-- first\nSELECT 1;\nSELECT 2" })
      const migrator = yield* migratorOf(path)
      const plan = yield* migrator.plan()
      const transaction = "migration"
      assert.deepStrictEqual(
        plan.map(({ file, statements }) => [file, statements]),
        [
          [
            "1_users.up.sql",
            [{ text: "CREATE TABLE users (id int PRIMARY KEY)", line: 1, column: 1, transaction, locks: [] }]
          ],
          [
            "2_b.up.sql",
            [
              { text: "SELECT 1", line: 2, column: 1, transaction, locks: [] },
              { text: "SELECT 2", line: 3, column: 1, transaction, locks: [] }
            ]
          ]
        ]
      )
      assert.deepInclude(plan[0], { namespace: "app", id: "1", direction: "up", transaction: true, done: 0 })
      assert.strictEqual(yield* exists("pgkeel.migrations"), false)
      assert.strictEqual(yield* scalar("SELECT to_regnamespace('pgkeel') IS NULL"), true)
    }))

  test("shows what runs outside of the migration's transaction, and where a broken run goes on", () =>
    Effect.gen(function* () {
      const path = yield* directory({
        "1_a.up.sql":
          "CREATE TABLE a (b int);\nSET work_mem = '1MB';\nCREATE INDEX CONCURRENTLY i ON a (b);\nSELECT 1 / 0;"
      })
      const migrator = yield* migratorOf(path)
      const [before] = yield* migrator.plan()
      assert.deepInclude(before, { transaction: false, done: 0 })
      const how = ["statement", "statement", "none", "statement"]
      assert.deepStrictEqual(
        before?.statements.map(({ transaction }) => transaction),
        how
      )
      yield* reasonOf(migrator.up())
      assert.deepInclude((yield* migrator.plan())[0], { done: 3 })
    }))

  test("shows a down, latest first, and refuses as the down would", () =>
    Effect.gen(function* () {
      const path = yield* directory({ ...users, ...posts })
      const migrator = yield* migratorOf(path)
      yield* migrator.up()
      const plan = yield* migrator.plan({ direction: "down", all: true })
      assert.deepStrictEqual(
        plan.map(({ direction, file, statements }) => [direction, file, statements[0]?.text]),
        [
          ["down", "2_posts.down.sql", "DROP TABLE posts"],
          ["down", "1_users.down.sql", "DROP TABLE users"]
        ]
      )
      assert.strictEqual(yield* exists("posts"), true)
      yield* write(path, { "2_posts.down.sql": undefined })
      assert.strictEqual((yield* reasonOf(migrator.plan({ direction: "down", steps: 1 })))._tag, "DownMissing")
    }))
})
