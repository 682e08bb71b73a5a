/** Data to start with, by environment. */
import { assert, describe } from "@effect/vitest"
import { Effect } from "effect"
import type { MigratorOptions } from "../../src/migration/Migrator.ts"
import { assertClean, directory, migratorOf, reasonOf, scalar, test, write } from "./support.ts"

const seed = (name: string) => `INSERT INTO users VALUES ('${name}') ON CONFLICT DO NOTHING;`

const files = {
  "migrations/1_users.up.sql": "CREATE TABLE users (name text PRIMARY KEY);",
  "migrations/1_users.down.sql": "DROP TABLE users;",
  "seeds/b.sql": seed("everywhere b"),
  "seeds/a.sql": seed("everywhere a"),
  "seeds/README.md": "what these are",
  "seeds/development/c.sql": seed("development"),
  "seeds/production/c.sql": seed("production")
}

const migratorIn = (path: string, environment?: string, options: Partial<MigratorOptions> = {}) =>
  migratorOf(`${path}/migrations`, { seeds: { directory: `${path}/seeds`, environment }, ...options })

const users = scalar("SELECT string_agg(name, ', ' ORDER BY name) FROM users")

const ran = (results: ReadonlyArray<{ readonly namespace: string; readonly name: string }>) =>
  results.map(({ name, namespace }) => `${namespace} ${name}`)

describe("seeds", () => {
  test("run after all migrations, those for every environment first, and once", () =>
    Effect.gen(function* () {
      const path = yield* directory(files)
      const migrator = yield* migratorIn(path, "development")
      const { applied } = yield* migrator.up()
      assert.deepStrictEqual(ran(applied), ["app users", "seeds a", "seeds b", "seeds development/c"])
      assert.strictEqual(yield* users, "development, everywhere a, everywhere b")
      assert.deepStrictEqual((yield* migrator.up()).applied, [])
      // What another environment has seeded is no problem to this one.
      assert.deepStrictEqual(ran((yield* (yield* migratorIn(path, "production")).up()).applied), ["seeds production/c"])
      yield* assertClean
    }))

  test("run again when they have changed, and when what they had written to was reverted", () =>
    Effect.gen(function* () {
      const path = yield* directory(files)
      const migrator = yield* migratorIn(path)
      yield* migrator.up()
      yield* write(path, { "seeds/b.sql": seed("another") })
      assert.deepStrictEqual(ran((yield* migrator.up()).applied), ["seeds b"])
      assert.strictEqual(yield* users, "another, everywhere a, everywhere b")
      assert.deepStrictEqual(ran((yield* migrator.down({ all: true })).reverted), ["app users"])
      assert.deepStrictEqual(ran((yield* migrator.up()).applied), ["app users", "seeds a", "seeds b"])
      assert.deepStrictEqual(ran((yield* migrator.redo()).applied), ["app users", "seeds a", "seeds b"])
      assert.strictEqual(yield* users, "another, everywhere a")
    }))

  test("wait for all migrations: a run up to an id has none", () =>
    Effect.gen(function* () {
      const path = yield* directory(files)
      const migrator = yield* migratorIn(path)
      assert.deepStrictEqual(ran((yield* migrator.up({ to: "1" })).applied), ["app users"])
      assert.deepStrictEqual(
        (yield* migrator.status()).map(({ name, state }) => `${name} ${state}`),
        ["users applied", "a pending", "b pending"]
      )
    }))

  test("of an environment that has none are those for every one, and of one that is misspelt are refused", () =>
    Effect.gen(function* () {
      const path = yield* directory(files)
      assert.strictEqual((yield* (yield* migratorIn(path, "test")).up()).applied.length, 3)
      const reason = yield* reasonOf((yield* migratorIn(path, "prodution")).up())
      assert.strictEqual(reason._tag, "InvalidFile")
      assert.include(reason.message, "seeds/prodution")
      assert.include(reason.message, "is production meant?")
      const missing = yield* reasonOf(
        (yield* migratorOf(`${path}/migrations`, { seeds: { directory: "nowhere" } })).up()
      )
      assert.strictEqual(missing._tag, "DirectoryUnreadable")
      assert.include(
        missing.message,
        "of the seeds cannot be read: it does not exist; create it, or correct what names it"
      )
      assert.include(missing.message, "the `directory` of the option `seeds`")
    }))

  test("keep the namespace of their own for themselves", () =>
    Effect.gen(function* () {
      const path = yield* directory(files)
      const sources = [{ namespace: "seeds", directory: `${path}/migrations` }]
      assert.strictEqual((yield* reasonOf((yield* migratorIn(path, undefined, { sources })).up()))._tag, "Duplicate")
    }))

  test("fail with their own name, and what ran before stays", () =>
    Effect.gen(function* () {
      const path = yield* directory({ ...files, "seeds/production/d.sql": "INSERT INTO nobody VALUES (1);" })
      const reason = yield* reasonOf((yield* migratorIn(path, "production")).up())
      assert(reason._tag === "StatementFailed")
      assert.strictEqual(reason.file, "seeds/production/d.sql")
      assert.strictEqual(yield* users, "everywhere a, everywhere b, production")
    }))
})
