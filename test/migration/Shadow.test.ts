import { assert, describe } from "@effect/vitest"
import { PgClient } from "@effect/sql-pg"
import { Effect, Fiber, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import * as AdvisoryLock from "../../src/session/AdvisoryLock.ts"
import { TestDatabase } from "../../src/testing/index.ts"
import { directory, eventually, exists, migratorOf, scalar, test, write } from "./support.ts"

const files = {
  "1_a.up.sql": "CREATE TABLE a (id int); CREATE TYPE mood AS ENUM ('calm');",
  "2_b.up.sql": "CREATE TABLE b (id int);"
}

const ids = (results: ReadonlyArray<{ readonly id: string }>) => results.map(({ id }) => id)

/** Those that were made beside this test's database, which belongs to it alone. */
const scratches = scalar(
  `SELECT count(*)::int FROM pg_database
   WHERE starts_with(datname::text, 'pgkeel_shadow_' || (SELECT oid FROM pg_database WHERE datname = current_database()) || '_')`
)

const here = Effect.map(TestDatabase, ({ url }) => url)

/** An empty one beside the test's, until the test ends. */
const databaseNamed = Effect.fnUntraced(function* (name: string) {
  const sql = yield* SqlClient.SqlClient
  yield* Effect.acquireRelease(sql`CREATE DATABASE ${sql(name)}`, () =>
    Effect.orDie(sql`DROP DATABASE IF EXISTS ${sql(name)} WITH (FORCE)`)
  )
})

const withDatabase = (url: Redacted.Redacted, name: string) => {
  const other = new URL(Redacted.value(url))
  other.pathname = `/${encodeURIComponent(name)}`
  return Redacted.make(other.href)
}

describe("Migrator.shadow", () => {
  test("says that everything would succeed, without touching the database, and leaves nothing behind", () =>
    Effect.gen(function* () {
      const path = yield* directory(files)
      const migrator = yield* migratorOf(path)
      yield* migrator.up({ to: "1" })
      yield* write(path, {
        "3_c.up.sql": "ALTER TYPE mood ADD VALUE 'glad';",
        "4_d.up.sql": "CREATE INDEX CONCURRENTLY i ON b (id);",
        "R__v.sql": "CREATE OR REPLACE VIEW v AS SELECT 'glad'::mood AS mood FROM b;"
      })
      const { outcome, plan } = yield* migrator.shadow({ url: yield* here })
      assert.deepStrictEqual(outcome, { _tag: "Succeeded" })
      assert.deepStrictEqual(ids(plan), ["2", "3", "4", "R__v"])
      assert.strictEqual(yield* exists("b"), false)
      assert.strictEqual(yield* scratches, 0)
    }))

  test("says which statement would fail, and why", () =>
    Effect.gen(function* () {
      const path = yield* directory({ ...files, "3_c.up.sql": "CREATE TABLE c ();\nCREATE TABLE b ();" })
      const migrator = yield* migratorOf(path)
      const { outcome } = yield* migrator.shadow({ url: yield* here })
      assert(outcome._tag === "Failed" && outcome.error._tag === "MigrationError")
      assert.strictEqual(outcome.phase, "pending")
      const { reason } = outcome.error
      assert(reason._tag === "StatementFailed")
      assert.deepInclude({ ...reason }, { file: "3_c.up.sql", line: 2, statement: 2 })
      assert.strictEqual(yield* scratches, 0)
    }))

  test("says so when what is applied cannot be run again", () =>
    Effect.gen(function* () {
      const path = yield* directory({ "1_a.up.sql": "INSERT INTO by_hand VALUES (1);" })
      yield* scalar("CREATE TABLE by_hand (id int)")
      const migrator = yield* migratorOf(path)
      yield* migrator.up()
      const { outcome, plan } = yield* migrator.shadow({ url: yield* here })
      assert(outcome._tag === "Failed")
      assert.strictEqual(outcome.phase, "history")
      assert.deepStrictEqual(plan, [])
    }))

  test("counts a repeatable migration that has changed as one that is pending", () =>
    Effect.gen(function* () {
      const path = yield* directory({ "R__v.sql": "CREATE OR REPLACE VIEW v AS SELECT 1 AS one;" })
      const migrator = yield* migratorOf(path)
      yield* migrator.up()
      yield* write(path, { "R__v.sql": "CREATE OR REPLACE VIEW v AS SELECT 1 / 0 AS one FROM nowhere;" })
      const { outcome } = yield* migrator.shadow({ url: yield* here })
      assert(outcome._tag === "Failed")
      assert.strictEqual(outcome.phase, "pending")
    }))

  test("finds in a copy of a database what only its rows make fail", () =>
    Effect.gen(function* () {
      const path = yield* directory({ "1_a.up.sql": "CREATE TABLE a (id int);" })
      const migrator = yield* migratorOf(path)
      yield* migrator.up()
      yield* scalar("INSERT INTO a VALUES (1), (1)")
      yield* write(path, { "2_b.up.sql": "ALTER TABLE a ADD PRIMARY KEY (id);" })
      const url = yield* here
      assert.strictEqual((yield* migrator.shadow({ url })).outcome._tag, "Succeeded")

      const backup = `${(yield* TestDatabase).name}_backup`
      yield* databaseNamed(backup)
      const filled = Effect.gen(function* () {
        yield* (yield* migratorOf(path)).up({ to: "1" })
        yield* scalar("INSERT INTO a VALUES (1), (1)")
      })
      yield* Effect.provide(filled, PgClient.layer({ url: withDatabase(url, backup), maxConnections: 1 }), {
        local: true
      })
      // The server may take a moment to notice that the session is gone, and copies nothing that has one.
      const { outcome } = yield* eventually(migrator.shadow({ url, template: backup }))
      assert(outcome._tag === "Failed" && outcome.error._tag === "MigrationError")
      assert(outcome.error.reason._tag === "StatementFailed")
      assert.strictEqual(outcome.error.reason.cause.reason._tag, "UniqueViolation")
    }))

  test("leaves nothing behind when it is interrupted in the middle", () =>
    Effect.gen(function* () {
      const migrator = yield* migratorOf(yield* directory({ "1_a.up.sql": "SELECT pg_sleep(600);" }))
      const fiber = yield* Effect.forkChild(migrator.shadow({ url: yield* here }))
      const sleeping = scalar(
        "SELECT count(*)::int FROM pg_stat_activity WHERE query LIKE '%pg_sleep(600)%' AND datname LIKE 'pgkeel_shadow_%' AND state = 'active'"
      )
      yield* eventually(Effect.filterOrFail(sleeping, (count) => Number(count) > 0))
      // Another one meanwhile takes it for what it is: in use.
      yield* (yield* migratorOf(yield* directory(files))).shadow({ url: yield* here })
      assert.strictEqual(yield* scratches, 1)
      yield* Fiber.interrupt(fiber)
      assert.strictEqual(yield* scratches, 0)
    }))

  test("drops what a killed run left, and nothing that is in use", () =>
    Effect.gen(function* () {
      const prefix = `pgkeel_shadow_${String(
        yield* scalar("SELECT oid::text FROM pg_database WHERE datname = current_database()")
      )}_`
      yield* databaseNamed(`${prefix}left`)
      yield* databaseNamed(`${prefix}used`)
      yield* AdvisoryLock.hold(`${prefix}used`)
      const migrator = yield* migratorOf(yield* directory(files))
      assert.strictEqual((yield* migrator.shadow({ url: yield* here })).outcome._tag, "Succeeded")
      const left = yield* scalar(
        `SELECT string_agg(datname, ' ') FROM pg_database WHERE starts_with(datname::text, '${prefix}')`
      )
      assert.strictEqual(left, `${prefix}used`)
    }))

  test("refuses a URL that is none, and fails where no server is", () =>
    Effect.gen(function* () {
      const migrator = yield* migratorOf(yield* directory(files))
      const malformed = yield* Effect.flip(migrator.shadow({ url: Redacted.make("nowhere:secret") }))
      assert.strictEqual(malformed._tag, "DatabaseConfigError")
      assert.notInclude(malformed.message, "secret")
      const unreachable = yield* Effect.flip(
        migrator.shadow({ url: withDatabase(yield* here, "there is no such database") })
      )
      assert(unreachable._tag === "DatabaseError")
      assert.strictEqual(unreachable.reason._tag, "DatabaseMissing")
      // It is not waited for, as an application waits for its server.
      const away = yield* Effect.flip(migrator.shadow({ url: Redacted.make("postgres://a:b@127.0.0.1:1/x") }))
      assert(away._tag === "DatabaseError")
      assert.strictEqual(away.reason._tag, "ConnectionRefused")
    }))
})
