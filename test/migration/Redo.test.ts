import { assert, describe } from "@effect/vitest"
import { Effect } from "effect"
import { assertClean, directory, exists, history, migratorOf, reasonOf, scalar, test, write } from "./support.ts"

const a = { "1_a.up.sql": "CREATE TABLE a ();", "1_a.down.sql": "DROP TABLE a;" }
const b = { "2_b.up.sql": "CREATE TABLE b (id int);", "2_b.down.sql": "DROP TABLE b CASCADE;" }

const ids = (results: ReadonlyArray<{ readonly id: string }>) => results.map(({ id }) => id)

describe("Migrator.redo", () => {
  test("reverts the latest and applies its edited file", () =>
    Effect.gen(function* () {
      const path = yield* directory({ ...a, ...b })
      const migrator = yield* migratorOf(path)
      yield* migrator.up()
      yield* write(path, { "2_b.up.sql": "CREATE TABLE b (id int, name text);" })
      const { applied, reverted } = yield* migrator.redo()
      assert.deepStrictEqual([ids(reverted), ids(applied)], [["2"], ["2"]])
      assert.strictEqual(
        yield* scalar("SELECT count(*)::int FROM pg_attribute WHERE attrelid = 'b'::regclass AND attnum > 0"),
        2
      )
      assert.deepStrictEqual(yield* migrator.up(), { applied: [] })
      yield* assertClean
    }))

  test("refuses to leave an edited migration behind, and the refusal of up names the redo that reaches it", () =>
    Effect.gen(function* () {
      const path = yield* directory({ ...a, ...b })
      const migrator = yield* migratorOf(path)
      yield* migrator.up()
      yield* scalar("INSERT INTO b VALUES (1) RETURNING id")
      yield* write(path, { "1_a.up.sql": "CREATE TABLE a (id int);" })
      const edited = yield* reasonOf(migrator.up())
      assert.include(
        edited.message,
        "or, where the data of the latest 2 migrations may be lost, revert them and apply them again with " +
          "`pgkeel migrate redo --steps 2 --namespace app`"
      )
      for (const call of [migrator.redo(), migrator.plan({ direction: "redo" })]) {
        assert.deepStrictEqual((yield* reasonOf<unknown, unknown, never>(call)).message, edited.message)
      }
      assert.strictEqual(yield* scalar("SELECT count(*)::int FROM b"), 1)
      assert.deepStrictEqual(ids((yield* migrator.redo({ steps: 2, namespace: "app" })).applied), ["1", "2"])
      assert.deepStrictEqual(yield* migrator.up(), { applied: [] })
    }))

  test("leaves an edited migration behind where the policy of edited ones lets up pass it", () =>
    Effect.gen(function* () {
      const path = yield* directory({ ...a, ...b })
      const migrator = yield* migratorOf(path, { policies: { edited: "warn" } })
      yield* migrator.up()
      yield* write(path, { "1_a.up.sql": "CREATE TABLE a (id int);" })
      assert.deepStrictEqual(ids((yield* migrator.redo()).applied), ["2"])
      assert.deepStrictEqual(yield* migrator.up(), { applied: [] })
    }))

  test("is named as a way out only where everything that it would revert can be", () =>
    Effect.gen(function* () {
      const late = { "3_c.up.sql": "CREATE TABLE c ();" }
      const path = yield* directory({ ...a, ...b, ...late })
      const migrator = yield* migratorOf(path)
      yield* migrator.up()
      yield* write(path, { "1_a.up.sql": "CREATE TABLE a (id int);" })
      const told = Effect.map(reasonOf(migrator.up()), ({ message }) => /`pgkeel migrate redo.*/u.exec(message)?.[0])
      assert.isUndefined(yield* told)
      yield* write(path, { "3_c.down.sql": "DROP TABLE c;" })
      assert.strictEqual(yield* told, "`pgkeel migrate redo --steps 3 --namespace app`")
      yield* write(path, { "3_c.up.sql": undefined, "3_c.down.sql": undefined })
      assert.isUndefined(yield* told)
    }))

  test("is named with the namespace of what was edited, and without one where several were", () =>
    Effect.gen(function* () {
      const [path, module] = [yield* directory({ ...a, ...b }), "export const up = Effect.void"]
      const other = yield* directory({
        "1_c.mjs": `import * as Effect from "${import.meta.resolve("effect/Effect")}"\n${module}\n`
      })
      const sources = [
        { namespace: "app", directory: path },
        { namespace: "shop", directory: other }
      ]
      const migrator = yield* migratorOf(path, { sources })
      yield* migrator.up()
      yield* write(path, { "2_b.up.sql": "CREATE TABLE b (id int, name text);" })
      const told = Effect.map(reasonOf(migrator.up()), ({ message }) => /`pgkeel migrate redo.*/u.exec(message)?.[0])
      assert.strictEqual(yield* told, "`pgkeel migrate redo --steps 1 --namespace app`")
      yield* write(other, {
        "1_c.mjs": `import * as Effect from "${import.meta.resolve("effect/Effect")}"\n${module}\n// edited\n`
      })
      assert.strictEqual(yield* told, "`pgkeel migrate redo --steps 2`, which refuses where a module exports no `down`")
      assert.strictEqual((yield* reasonOf(migrator.redo({ steps: 2 })))._tag, "DownMissing")
    }))

  test("does so with several, latest first on the way down", () =>
    Effect.gen(function* () {
      const migrator = yield* migratorOf(yield* directory({ ...a, ...b }))
      yield* migrator.up()
      const { applied, reverted } = yield* migrator.redo({ steps: 5 })
      assert.deepStrictEqual(
        [ids(reverted), ids(applied)],
        [
          ["2", "1"],
          ["1", "2"]
        ]
      )
      assert.deepStrictEqual(yield* migrator.redo({ steps: 0 }), { reverted: [], applied: [] })
      assert.strictEqual((yield* reasonOf(migrator.redo({ steps: -1 })))._tag, "UnknownTarget")
    }))

  test("can be planned: its downs, its ups behind them, and what it would refuse", () =>
    Effect.gen(function* () {
      const repeatable = { "R__names.sql": "CREATE OR REPLACE VIEW names AS SELECT id FROM b;" }
      const path = yield* directory({ ...a, ...b, ...repeatable })
      const migrator = yield* migratorOf(path)
      const plan = (steps?: number) => migrator.plan({ direction: "redo", steps })
      assert.deepStrictEqual(yield* plan(), [])
      yield* migrator.up()
      yield* write(path, { "2_b.up.sql": "CREATE TABLE b (id int, name text);" })
      const planned = yield* plan(2)
      assert.deepStrictEqual(
        planned.map(({ direction, file }) => `${direction} ${file}`),
        ["down 2_b.down.sql", "down 1_a.down.sql", "up 1_a.up.sql", "up 2_b.up.sql", "up R__names.sql"]
      )
      assert.strictEqual(planned[3]?.statements[0]?.text, "CREATE TABLE b (id int, name text)")
      assert.deepStrictEqual(
        (yield* plan()).map(({ id }) => id),
        ["2", "2", "R__names"]
      )
      assert.deepStrictEqual(
        (yield* history).map(({ state }) => state),
        ["applied", "applied", "applied"]
      )
      yield* write(path, { "2_b.up.sql": "CREATE TABEL b ();" })
      assert.strictEqual((yield* reasonOf(plan()))._tag, "ParseFailed")
      yield* assertClean
    }))

  test("leaves what was applied as it is when the new file does not parse, or has no down", () =>
    Effect.gen(function* () {
      const path = yield* directory({ ...a, ...b })
      const migrator = yield* migratorOf(path)
      yield* migrator.up()
      yield* write(path, { "2_b.up.sql": "CREATE TABEL b ();" })
      assert.strictEqual((yield* reasonOf(migrator.redo()))._tag, "ParseFailed")
      yield* write(path, { "2_b.up.sql": "SELECT 1", "2_b.down.sql": undefined })
      assert.strictEqual((yield* reasonOf(migrator.redo()))._tag, "DownMissing")
      assert.strictEqual(yield* exists("b"), true)
      assert.strictEqual((yield* history)[1]?.state, "applied")
    }))

  test("runs what is repeatable again, because it may have gone with what was reverted", () =>
    Effect.gen(function* () {
      const migrator = yield* migratorOf(
        yield* directory({ ...b, "R__names.sql": "CREATE OR REPLACE VIEW names AS SELECT id FROM b;" })
      )
      yield* migrator.up()
      assert.deepStrictEqual(ids((yield* migrator.redo()).applied), ["2", "R__names"])
      assert.strictEqual(yield* exists("names"), true)
      assert.deepStrictEqual(yield* migrator.up(), { applied: [] })
    }))

  test("holds one lock from the first down to the last up: nobody finds it half done", () =>
    Effect.gen(function* () {
      const migrator = yield* migratorOf(yield* directory({ ...a, ...b }))
      yield* migrator.up()
      const many = Array.from({ length: 4 }, () => Effect.all([migrator.redo(), migrator.up()]))
      for (const [redone, { applied }] of yield* Effect.all(many, { concurrency: "unbounded" })) {
        assert.deepStrictEqual([ids(redone.reverted), ids(redone.applied), ids(applied)], [["2"], ["2"], []])
      }
      yield* assertClean
    }))
})
