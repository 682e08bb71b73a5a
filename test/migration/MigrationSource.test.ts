import { assert, describe } from "@effect/vitest"
import { Effect, FileSystem, Path } from "effect"
import { SqlClient } from "effect/sql"
import * as MigrationSource from "../../src/migration/MigrationSource.ts"
import { directory, exists, history, makeMigrator, migratorOf, reasonOf, scalar, test, write } from "./support.ts"

const up = (files: Record<string, string | Uint8Array>) =>
  Effect.flatMap(Effect.flatMap(directory(files), migratorOf), (migrator) => migrator.up())

describe("MigrationSource, files", () => {
  test("compares ids as numbers of any length, with gaps and leading zeros", () =>
    Effect.gen(function* () {
      const { applied } = yield* up({
        "20260101120000000000000000002_d.up.sql": "",
        "20260101120000000000000000001_c.up.sql": "-- nothing but a comment",
        "10_b ü.up.sql": "SELECT 1",
        "0002_a.up.sql": "SELECT 1"
      })
      assert.deepStrictEqual(
        applied.map(({ name }) => name),
        ["a", "b ü", "c", "d"]
      )
    }))

  test("knows a migration again whose file has gained leading zeros", () =>
    Effect.gen(function* () {
      const path = yield* directory({ "1_a.up.sql": "SELECT 1", "1_a.down.sql": "SELECT 1" })
      const migrator = yield* migratorOf(path)
      yield* migrator.up()
      yield* write(path, {
        "1_a.up.sql": undefined,
        "1_a.down.sql": undefined,
        "001_a.up.sql": "SELECT 1",
        "001_a.down.sql": "SELECT 1"
      })
      assert.deepStrictEqual(yield* migrator.up(), { applied: [] })
      yield* migrator.down({ all: true })
      yield* migrator.up()
      assert.deepStrictEqual(
        (yield* history).map(({ id, state }) => [id, state]),
        [["1", "applied"]]
      )
    }))

  test("passes over what is no migration", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const { join } = yield* Path.Path
      const path = yield* directory({
        "README.md": "x",
        ".DS_Store": "x",
        "1_a.d.ts": "x",
        "1_a.js.map": "x",
        "helpers.ts": "x",
        "2_data.csv": "x",
        "1_a.up.sql": "SELECT 1",
        "1_a.up.sql~": "x"
      })
      yield* fs.makeDirectory(join(path, "seeds"))
      assert.strictEqual((yield* (yield* migratorOf(path)).up()).applied.length, 1)
    }))

  const refused: Record<string, RegExp> = {
    "1_a.sql": /rename it to 1_a\.up\.sql$/,
    "add_users.sql": /begins with no id/,
    "1-a.up.sql": /a migration is <id>_<name>/,
    "1_.up.sql": /a migration is <id>_<name>/,
    "R__views.sql": /begins with no id/,
    "1_a.UP.SQL": /a migration is <id>_<name>/,
    "1a_b.ts": /a migration is <id>_<name>/,
    "1_a.cjs": /a migration is <id>_<name>/,
    "1_a.down.sql": /there is no 1_a\.up\.sql beside it/
  }
  for (const [file, message] of Object.entries(refused)) {
    test(`refuses ${file}, and says how it should be called`, () =>
      Effect.gen(function* () {
        const reason = yield* reasonOf(up({ [file]: "SELECT 1" }))
        assert.strictEqual(reason._tag, "InvalidFile")
        assert.match(reason.message, message)
        assert.include(reason.message, file)
      }))
  }

  test("refuses a folder that is called as a migration is", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const { join } = yield* Path.Path
      const path = yield* directory({})
      yield* fs.makeDirectory(join(path, "1_a"))
      assert.strictEqual((yield* reasonOf((yield* migratorOf(path)).up()))._tag, "InvalidFile")
    }))

  test("refuses the same id twice, and a namespace given twice", () =>
    Effect.gen(function* () {
      const twice = yield* reasonOf(up({ "1_a.up.sql": "SELECT 1", "01_b.ts": "export const up = 1" }))
      assert(twice._tag === "Duplicate")
      assert.sameMembers([...twice.files], ["1_a.up.sql", "01_b.ts"])
      const source = { namespace: "app", migrations: [] }
      const namespaces = yield* reasonOf((yield* makeMigrator({ sources: [source, source] })).up())
      assert.strictEqual(namespaces.message, 'two sources have the namespace "app": give each its own')
    }))

  test("names the directory that is missing", () =>
    Effect.gen(function* () {
      const reason = yield* reasonOf((yield* migratorOf("/nowhere/migrations")).status())
      assert(reason._tag === "DirectoryUnreadable")
      assert.include(reason.message, "/nowhere/migrations")
    }))

  test("refuses bytes that are not UTF-8, and a NUL, behind which the parser would see nothing", () =>
    Effect.gen(function* () {
      const latin = yield* reasonOf(up({ "1_a.up.sql": new Uint8Array([0x2d, 0x2d, 0xe9]) }))
      assert.include(latin.message, "it is not UTF-8")
      const nul = yield* reasonOf(up({ "1_a.up.sql": "SELECT 1;\0SELECT 2" }))
      assert.include(nul.message, "NUL")
      yield* up({ "1_a.up.sql": "SELECT '\uFFFD'" })
    }))

  test("finds the package's own directory beside src and dist", () =>
    Effect.gen(function* () {
      const path = yield* Path.Path
      const own = yield* path.fromFileUrl(new URL(MigrationSource.own.directory))
      const top = yield* path.fromFileUrl(new URL("../../migrations/", import.meta.url))
      assert.strictEqual(path.resolve(own), path.resolve(top))
    }))
})

describe("MigrationSource.own", () => {
  test("goes up, down and up again", () =>
    Effect.gen(function* () {
      const migrator = yield* makeMigrator({ sources: [MigrationSource.own] })
      const { applied } = yield* migrator.up()
      assert.isAbove(applied.length, 0)
      const { reverted } = yield* migrator.down({ all: true })
      assert.strictEqual(reverted.length, applied.length)
      assert.deepStrictEqual(yield* tablesOf("pgkeel"), ["migrations"])
      assert.strictEqual((yield* migrator.up()).applied.length, applied.length)
    }))
})

const tablesOf = Effect.fnUntraced(function* (schema: string) {
  const sql = yield* SqlClient.SqlClient
  const rows = yield* sql`SELECT tablename FROM pg_tables WHERE schemaname = ${schema} ORDER BY 1`.values
  return rows.flat()
})

describe("MigrationSource, Effects", () => {
  const fixtures = new URL("./fixtures/modules/", import.meta.url)

  test("runs modules in TypeScript and JavaScript in the migration's transaction, up and down", () =>
    Effect.gen(function* () {
      const migrator = yield* makeMigrator({ sources: [{ namespace: "app", directory: fixtures }] })
      const { applied } = yield* migrator.up()
      assert.deepStrictEqual(
        applied.map(({ kind, name }) => [name, kind]),
        [
          ["table", "module"],
          ["rows", "module"],
          ["more", "module"]
        ]
      )
      assert.strictEqual(yield* scalar("SELECT count(*)::int FROM modules"), 3)
      const noDown = yield* reasonOf(migrator.down({ all: true }))
      assert(noDown._tag === "DownMissing")
      assert.deepStrictEqual(noDown.migrations, ["3_more.mjs (app)"])
      assert.strictEqual(yield* exists("modules"), true)
    }))

  test("rolls a failed module back with everything it did, and keeps what it failed with", () =>
    Effect.gen(function* () {
      const failing = new URL("./fixtures/failing/", import.meta.url)
      const migrator = yield* makeMigrator({ sources: [{ namespace: "app", directory: failing }] })
      const reason = yield* reasonOf(migrator.up())
      assert(reason._tag === "EffectFailed")
      assert.strictEqual(
        reason.message,
        "migration 1_fails.ts (app) failed: no such luck; it was rolled back, correct it and call Migrator.up again"
      )
      assert.strictEqual(yield* exists("half_way"), false)
      assert.deepInclude((yield* history)[0], { state: "failed", error: reason.message })
    }))

  test("refuses a module that exports no Effect before anything runs", () =>
    Effect.gen(function* () {
      const path = yield* directory({ "1_a.up.sql": "CREATE TABLE a ()", "2_b.mjs": "export const up = 1" })
      const migrator = yield* migratorOf(path)
      assert.include((yield* reasonOf(migrator.up())).message, "exports something as `up` that is no Effect")
      yield* write(path, { "2_b.mjs": "export const down = 1" })
      assert.include((yield* reasonOf(migrator.up())).message, "exports no Effect as `up`")
      yield* write(path, { "2_b.mjs": "throw new Error('at once')" })
      assert.include((yield* reasonOf(migrator.up())).message, "cannot be imported: at once")
      assert.strictEqual(yield* exists("a"), false)
    }))

  test("does not import a module that has nothing to do", () =>
    Effect.gen(function* () {
      const path = yield* directory({ "1_a.mjs": "export { up } from './up.mjs'", "up.mjs": "" })
      const effect = JSON.stringify(import.meta.resolve("effect/Effect"))
      yield* write(path, { "up.mjs": `import * as Effect from ${effect}\nexport const up = Effect.void` })
      const migrator = yield* migratorOf(path)
      yield* migrator.up()
      yield* write(path, { "up.mjs": "throw new Error('imported')" })
      assert.deepStrictEqual(yield* (yield* migratorOf(path)).up(), { applied: [] })
    }))

  test("takes a failure that the Effect went on after for what it is", () =>
    Effect.gen(function* () {
      const swallows = Effect.flatMap(SqlClient.SqlClient, (sql) =>
        Effect.andThen(sql`CREATE TABLE swallowed ()`, Effect.ignore(sql`SELECT * FROM nowhere`))
      )
      const migrator = yield* makeMigrator({
        sources: [{ namespace: "app", migrations: [{ id: "1", name: "swallows", up: swallows }] }]
      })
      const reason = yield* reasonOf(migrator.up())
      assert.strictEqual(reason._tag, "EffectFailed")
      assert.include(reason.message, "a statement in it failed, and it went on")
      assert.strictEqual(yield* exists("swallowed"), false)
    }))

  test("keeps a statement of the application's own client in the migration's transaction", () =>
    Effect.gen(function* () {
      const application = yield* SqlClient.SqlClient
      const up = Effect.andThen(application`CREATE TABLE closed_over ()`, Effect.fail("too late"))
      const migrator = yield* makeMigrator({
        sources: [{ namespace: "app", migrations: [{ id: "1", name: "closes_over", up }] }]
      })
      assert.strictEqual((yield* reasonOf(migrator.up()))._tag, "EffectFailed")
      assert.strictEqual(yield* exists("closed_over"), false)
    }))

  test("turns a nested transaction into a savepoint, and a defect into a failure", () =>
    Effect.gen(function* () {
      const nested = Effect.flatMap(SqlClient.SqlClient, (sql) =>
        Effect.andThen(
          sql`CREATE TABLE nested (id int)`,
          Effect.andThen(
            Effect.ignore(
              sql.withTransaction(Effect.andThen(sql`INSERT INTO nested VALUES (1)`, sql`SELECT * FROM nowhere`))
            ),
            sql.withTransaction(sql`INSERT INTO nested VALUES (2)`)
          )
        )
      )
      const migrator = yield* makeMigrator({
        sources: [
          {
            namespace: "app",
            migrations: [
              { id: "1", name: "nests", up: nested },
              { id: "2", name: "dies", up: Effect.die(new Error("a bug")) }
            ]
          }
        ]
      })
      const reason = yield* reasonOf(migrator.up())
      assert.deepInclude({ ...reason }, { _tag: "EffectFailed", id: "2" })
      assert.include(reason.message, "a bug")
      assert.strictEqual(yield* scalar("SELECT string_agg(id::text, ',') FROM nested"), "2")
    }))
})
