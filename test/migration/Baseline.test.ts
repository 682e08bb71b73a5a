import { assert, describe } from "@effect/vitest"
import { Effect } from "effect"
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

const files = {
  "1_a.up.sql": "CREATE TABLE a ();",
  "2_b.up.sql": "CREATE TABLE b ();",
  "3_c.up.sql": "CREATE TABLE c ();",
  "R__v.sql": "CREATE OR REPLACE VIEW v AS SELECT 1 AS one;"
}

const ids = (results: ReadonlyArray<{ readonly id: string }>) => results.map(({ id }) => id)

describe("Migrator.baseline", () => {
  test("marks what the database has, and up runs the rest", () =>
    Effect.gen(function* () {
      const path = yield* directory(files)
      const migrator = yield* migratorOf(path)
      yield* scalar("CREATE TABLE a ()")
      yield* scalar("CREATE TABLE b ()")
      assert.deepStrictEqual(ids((yield* migrator.baseline({ to: "2", dryRun: true })).baselined), ["1", "2"])
      assert.strictEqual(yield* exists("pgkeel.migrations"), false)
      assert.deepStrictEqual((yield* migrator.baseline({ to: "002" })).baselined, [
        { namespace: "app", id: "1", name: "a", kind: "sql" },
        { namespace: "app", id: "2", name: "b", kind: "sql" }
      ])
      assert.deepStrictEqual(
        (yield* history).map(({ id, state }) => [id, state]),
        [
          ["1", "baselined"],
          ["2", "baselined"]
        ]
      )
      assert.deepStrictEqual(ids((yield* migrator.up()).applied), ["3", "R__v"])
      yield* write(path, { "1_a.up.sql": "CREATE TABLE other ();" })
      assert.strictEqual((yield* reasonOf(migrator.up()))._tag, "ChecksumMismatch")
      yield* assertClean
    }))

  test("has nothing to do when it is said again, however far the database has come since", () =>
    Effect.gen(function* () {
      const migrator = yield* migratorOf(yield* directory(files))
      yield* migrator.baseline({ to: "2" })
      assert.deepStrictEqual(yield* migrator.baseline({ to: "2" }), { baselined: [] })
      yield* migrator.up()
      assert.deepStrictEqual(yield* migrator.baseline({ to: "2" }), { baselined: [] })
      assert.deepStrictEqual(yield* migrator.baseline({ to: "3" }), { baselined: [] })
    }))

  test("refuses in front of what was applied, and an id that is not there", () =>
    Effect.gen(function* () {
      const path = yield* directory({ "3_c.up.sql": files["3_c.up.sql"] })
      const migrator = yield* migratorOf(path)
      yield* migrator.up()
      yield* write(path, files)
      const refused = yield* reasonOf(migrator.baseline({ to: "2" }))
      assert.strictEqual(
        refused.message,
        "the migrations up to 2 (app) cannot become the baseline, because 3, which is later, was applied; nothing was " +
          'changed: what is pending in front of 3 runs with the policy late: "allow", or gets a later id'
      )
      assert.strictEqual((yield* history).length, 1)
      const unknown = yield* reasonOf(migrator.baseline({ to: "7" }))
      assert.strictEqual(unknown.message, 'cannot tell what "7" means: no migration of the sources has this id')
    }))

  test("is not kept from it by a repeatable migration that has run, and marks none", () =>
    Effect.gen(function* () {
      const path = yield* directory({ "R__v.sql": files["R__v.sql"] })
      const migrator = yield* migratorOf(path)
      yield* migrator.up()
      yield* write(path, files)
      assert.deepStrictEqual(ids((yield* migrator.baseline({ to: "3" })).baselined), ["1", "2", "3"])
      assert.deepStrictEqual(yield* migrator.up(), { applied: [] })
    }))

  test("takes a migration that had failed for what the database has after all", () =>
    Effect.gen(function* () {
      const path = yield* directory({ "01_a.up.sql": "CREATE TABLE a (); SELECT 1 / 0;" })
      const migrator = yield* migratorOf(path)
      yield* reasonOf(migrator.up())
      yield* write(path, { "01_a.up.sql": undefined, ...files })
      assert.deepStrictEqual(ids((yield* migrator.baseline({ to: "1" })).baselined), ["1"])
      assert.deepStrictEqual(
        (yield* history).map(({ error, id, state, statements }) => [id, state, statements, error]),
        [["01", "baselined", 0, null]]
      )
    }))

  test("is about one namespace", () =>
    Effect.gen(function* () {
      const migrations = [{ id: "1", name: "x", up: Effect.void }]
      const migrator = yield* makeMigrator({
        sources: ["a", "b"].map((namespace) => ({ namespace, migrations }))
      })
      assert.strictEqual((yield* reasonOf(migrator.baseline({ to: "1" })))._tag, "UnknownTarget")
      yield* migrator.baseline({ to: "1", namespace: "b" })
      const { applied } = yield* migrator.up()
      assert.deepStrictEqual(
        applied.map(({ namespace }) => namespace),
        ["a"]
      )
    }))

  test("happens once when several say it at once", () =>
    Effect.gen(function* () {
      const migrator = yield* migratorOf(yield* directory(files))
      const many = Array.from({ length: 6 }, () => migrator.baseline({ to: "2" }))
      const results = yield* Effect.all(many, { concurrency: "unbounded" })
      assert.deepStrictEqual(
        results.flatMap(({ baselined }) => ids(baselined)),
        ["1", "2"]
      )
      yield* assertClean
    }))
})
