import { assert, describe } from "@effect/vitest"
import { Effect } from "effect"
import type { HistoryRepair } from "../../src/migration/Migrator.ts"
import { assertClean, directory, exists, history, migratorOf, reasonOf, scalar, test, write } from "./support.ts"

const a = { "1_a.up.sql": "CREATE TABLE a (id int);", "1_a.down.sql": "DROP TABLE a;" }
const b = { "2_b.up.sql": "CREATE TABLE b (id int);" }

const ids = (results: ReadonlyArray<{ readonly id: string }>) => results.map(({ id }) => id)

const actions = (repairs: ReadonlyArray<{ readonly id: string; readonly action: string }>) =>
  repairs.map(({ action, id }) => [id, action])

const states = Effect.map(history, (rows) => rows.map(({ id, state }) => [id, state]))

/** Stops behind its first statement, which stays. */
const halfDone = "-- pgkeel:no-transaction\nCREATE TABLE half (id int);\nSELECT 1 / 0;\n"

describe("Migrator.repair", () => {
  test("has nothing to do on a history that fits, nor on an empty database", () =>
    Effect.gen(function* () {
      const migrator = yield* migratorOf(yield* directory(a))
      assert.deepStrictEqual(yield* migrator.repair(), { repaired: [] })
      assert.strictEqual(yield* exists("pgkeel.migrations"), false)
      yield* migrator.up()
      assert.deepStrictEqual(yield* migrator.repair(), { repaired: [] })
    }))

  test("accepts edited and renamed files, after it has said so in a dry run", () =>
    Effect.gen(function* () {
      const path = yield* directory({ ...a, ...b })
      const migrator = yield* migratorOf(path)
      yield* migrator.up()
      yield* write(path, {
        "1_a.up.sql": "CREATE TABLE a (id int); -- the first",
        "2_b.up.sql": undefined,
        "2_bee.up.sql": b["2_b.up.sql"]
      })
      const expected: ReadonlyArray<HistoryRepair> = [
        {
          namespace: "app",
          id: "1",
          name: "a",
          action: "checksum",
          description: "the present contents of 1_a.up.sql count as what was applied"
        },
        {
          namespace: "app",
          id: "2",
          name: "b",
          action: "name",
          description: '2_bee.up.sql counts as what was applied as "b"'
        }
      ]
      assert.deepStrictEqual((yield* migrator.repair({ dryRun: true })).repaired, expected)
      assert.strictEqual((yield* reasonOf(migrator.up()))._tag, "ChecksumMismatch")
      assert.deepStrictEqual((yield* migrator.repair()).repaired, expected)
      assert.deepStrictEqual(yield* migrator.up(), { applied: [] })
      assert.deepStrictEqual(yield* migrator.repair(), { repaired: [] })
      yield* assertClean
    }))

  test("accepts a renamed file with other contents only where it is named", () =>
    Effect.gen(function* () {
      const path = yield* directory({ ...a, ...b })
      const migrator = yield* migratorOf(path)
      yield* migrator.up()
      yield* write(path, { "2_b.up.sql": undefined, "2_bee.up.sql": "CREATE TABLE bee ();" })
      assert.deepStrictEqual(yield* migrator.repair(), { repaired: [] })
      assert.deepStrictEqual(yield* migrator.repair({ id: "1" }), { repaired: [] })
      assert.deepStrictEqual(actions((yield* migrator.repair({ id: "02" })).repaired), [["2", "name"]])
      assert.deepStrictEqual(yield* migrator.up(), { applied: [] })
      const unknown = yield* reasonOf(migrator.repair({ id: "7" }))
      assert.strictEqual(unknown._tag, "UnknownTarget")
    }))

  test("forgets failed tries, on the way up and on the way down", () =>
    Effect.gen(function* () {
      const path = yield* directory({ ...a, "1_a.down.sql": "DROP TABLE nowhere;", "2_b.up.sql": "SELECT 1 / 0;" })
      const migrator = yield* migratorOf(path)
      yield* reasonOf(migrator.up())
      yield* reasonOf(migrator.down({ steps: 1 }))
      assert.deepStrictEqual(actions((yield* migrator.repair()).repaired), [
        ["1", "failure"],
        ["2", "failure"]
      ])
      assert.deepStrictEqual(
        (yield* history).map(({ error, id, state }) => [id, state, error]),
        [["1", "applied", null]]
      )
    }))

  test("forgets of a repeatable migration only the try that failed: its contents before stay applied", () =>
    Effect.gen(function* () {
      const path = yield* directory({ "R__v.sql": "CREATE OR REPLACE VIEW v AS SELECT 1 AS x" })
      const migrator = yield* migratorOf(path)
      yield* migrator.up()
      yield* write(path, { "R__v.sql": "CREATE OR REPLACE VIEW v AS SELECT nothing" })
      yield* reasonOf(migrator.up())
      const [failed] = yield* migrator.status()
      assert(failed !== undefined && failed.state === "pending")
      assert.include(failed.error, 'column "nothing" does not exist')
      assert.isDefined(failed.appliedAt)
      assert.deepInclude((yield* history)[0], { state: "applied" })
      assert.deepStrictEqual(actions((yield* migrator.repair()).repaired), [["R__v", "failure"]])
      assert.deepInclude((yield* history)[0], { state: "applied", error: null })
      assert.deepStrictEqual(yield* migrator.repair(), { repaired: [] })
      yield* reasonOf(migrator.up())
      assert.deepStrictEqual(actions((yield* migrator.repair({ id: "R__v", halfDone: "done" })).repaired), [
        ["R__v", "done"]
      ])
      assert.deepStrictEqual(yield* migrator.up(), { applied: [] })
      assert.deepInclude((yield* history)[0], { state: "applied", error: null })
    }))

  test("counts a failed migration as applied where it is named", () =>
    Effect.gen(function* () {
      const migrator = yield* migratorOf(yield* directory({ ...a, "2_b.up.sql": "SELECT 1 / 0;" }))
      yield* reasonOf(migrator.up())
      const unnamed = yield* migrator.repair({ halfDone: "done", dryRun: true })
      assert.deepStrictEqual(actions(unnamed.repaired), [["2", "failure"]])
      assert.deepStrictEqual(actions((yield* migrator.repair({ id: "2", halfDone: "done" })).repaired), [["2", "done"]])
      assert.deepStrictEqual(yield* migrator.up(), { applied: [] })
    }))

  test("leaves a migration alone that stopped half-way, unless it is told what became of it", () =>
    Effect.gen(function* () {
      const path = yield* directory({ "1_half.up.sql": halfDone })
      const migrator = yield* migratorOf(path)
      yield* reasonOf(migrator.up())
      assert.deepStrictEqual(yield* migrator.repair(), { repaired: [] })
      assert.deepStrictEqual(yield* states, [["1", "failed"]])

      yield* scalar("DROP TABLE half")
      assert.deepStrictEqual(actions((yield* migrator.repair({ halfDone: "startOver" })).repaired), [
        ["1", "startOver"]
      ])
      yield* write(path, { "1_half.up.sql": halfDone.replace("1 / 0", "1") })
      assert.deepStrictEqual(ids((yield* migrator.up()).applied), ["1"])
      assert.strictEqual(yield* exists("half"), true)
    }))

  test("leaves one alone whose first statement was begun, because it may have happened", () =>
    Effect.gen(function* () {
      const path = yield* directory({ "1_half.up.sql": "-- pgkeel:no-transaction\nSELECT 1 / 0;" })
      const migrator = yield* migratorOf(path)
      yield* reasonOf(migrator.up())
      assert.deepStrictEqual(actions((yield* migrator.repair({ dryRun: true })).repaired), [["1", "failure"]])
      // As a runner leaves it that is killed in the middle of the statement.
      yield* scalar("UPDATE pgkeel.migrations SET state = 'started', begun = 'the checksum of a statement'")
      assert.deepStrictEqual(yield* migrator.repair(), { repaired: [] })
    }))

  test("counts one as applied whose rest was done by hand", () =>
    Effect.gen(function* () {
      const migrator = yield* migratorOf(yield* directory({ "1_half.up.sql": halfDone }))
      yield* reasonOf(migrator.up())
      assert.deepStrictEqual(actions((yield* migrator.repair({ halfDone: "done" })).repaired), [["1", "done"]])
      assert.deepStrictEqual(yield* migrator.up(), { applied: [] })
      assert.deepStrictEqual(yield* migrator.repair({ halfDone: "done" }), { repaired: [] })
    }))

  for (const [said, state] of [
    ["startOver", "applied"],
    ["done", "reverted"]
  ] as const) {
    test(`says "${state}" of one that stopped on its way down where it is told "${said}"`, () =>
      Effect.gen(function* () {
        const path = yield* directory({
          "1_half.up.sql": "CREATE TABLE half ();",
          "1_half.down.sql": "-- pgkeel:no-transaction\nDROP TABLE half;\nSELECT 1 / 0;",
          "R__v.sql": "CREATE OR REPLACE VIEW v AS SELECT 1 AS one;"
        })
        const migrator = yield* migratorOf(path)
        yield* migrator.up()
        yield* reasonOf(migrator.down({ steps: 1 }))
        yield* write(path, { "1_half.up.sql": "CREATE TABLE half (); -- edited" })
        assert.deepStrictEqual(actions((yield* migrator.repair({ dryRun: true })).repaired), [["1", "checksum"]])
        const applied = state === "applied"
        assert.deepStrictEqual(
          actions((yield* migrator.repair({ halfDone: said })).repaired),
          applied
            ? [
                ["1", said],
                ["1", "checksum"]
              ]
            : [["1", said]]
        )
        assert.deepStrictEqual(yield* states, [
          ["1", state],
          ["R__v", "applied"]
        ])
        assert.deepStrictEqual(yield* migrator.repair({ halfDone: said }), { repaired: [] })
        // What was reverted may have taken with it what is repeatable.
        assert.deepStrictEqual(ids(yield* migrator.plan()), applied ? [] : ["1", "R__v"])
      }))
  }

  test("forgets what has no file only where it is asked to, and what is newer only where it is named", () =>
    Effect.gen(function* () {
      const path = yield* directory({ ...a, ...b, "3_c.up.sql": "SELECT 1" })
      const migrator = yield* migratorOf(path)
      yield* migrator.up()
      yield* write(path, { "1_a.up.sql": undefined, "1_a.down.sql": undefined, "3_c.up.sql": undefined })
      assert.deepStrictEqual(yield* migrator.repair(), { repaired: [] })
      assert.deepStrictEqual(actions((yield* migrator.repair({ forgetMissing: true })).repaired), [["1", "forgotten"]])
      assert.deepStrictEqual(yield* states, [
        ["2", "applied"],
        ["3", "applied"]
      ])
      yield* migrator.repair({ forgetMissing: true, id: "3" })
      assert.deepStrictEqual(yield* migrator.up(), { applied: [] })
    }))

  test("happens once when several ask for it at once", () =>
    Effect.gen(function* () {
      const path = yield* directory({ ...a, ...b })
      const migrator = yield* migratorOf(path)
      yield* migrator.up()
      yield* write(path, { "1_a.up.sql": "CREATE TABLE a (id int); -- edited" })
      const many = Array.from({ length: 6 }, () => migrator.repair())
      const results = yield* Effect.all(many, { concurrency: "unbounded" })
      assert.deepStrictEqual(
        results.flatMap(({ repaired }) => actions(repaired)),
        [["1", "checksum"]]
      )
      yield* assertClean
    }))
})
