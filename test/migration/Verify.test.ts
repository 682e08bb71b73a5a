/** What checks a migration: it shares the transaction, and what it does is undone. */
import { assert, describe } from "@effect/vitest"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
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

const run = (statement: string) => Effect.flatMap(SqlClient.SqlClient, (sql) => sql.unsafe(statement))

describe("verify", () => {
  test("runs after the up in its transaction, of a file, a folder, a repeatable one, and code", () =>
    Effect.gen(function* () {
      const path = yield* directory({
        "1_a.up.sql": "CREATE TABLE a (id int); INSERT INTO a VALUES (1);",
        "1_a.verify.sql": "SELECT count(*) = 1 FROM a; SELECT id FROM a; SELECT id FROM a WHERE false;",
        "2_b/up.sql": "INSERT INTO a VALUES (2);",
        "2_b/verify.sql": "SELECT count(*) = 2, true FROM a;",
        "R__v.sql": "CREATE OR REPLACE VIEW v AS SELECT * FROM a;",
        "R__v.verify.sql": "SELECT count(*) = 2 FROM v;"
      })
      const asked: Array<string> = []
      const code = {
        id: "3",
        name: "c",
        up: run("INSERT INTO a VALUES (3)"),
        verify: Effect.map(run("SELECT count(*)::int AS n FROM a"), ([row]) => {
          asked.push(JSON.stringify(row))
        })
      }
      const migrator = yield* makeMigrator({
        sources: [
          { namespace: "app", directory: path },
          { namespace: "code", migrations: [code] }
        ]
      })
      assert.deepStrictEqual(
        (yield* migrator.plan()).map(({ verify }) => verify),
        ["1_a.verify.sql", "2_b/verify.sql", "R__v.verify.sql", "3_c"]
      )
      assert.strictEqual((yield* migrator.up()).applied.length, 4)
      assert.deepStrictEqual(asked, ['{"n":3}'])
      yield* assertClean
    }))

  test("that is not true rolls the migration back, says where, and passes once it is corrected", () =>
    Effect.gen(function* () {
      const path = yield* directory({ "1_a.up.sql": "CREATE TABLE a (id int);" })
      const migrator = yield* migratorOf(path)
      const wrong = [
        ["SELECT 1;\n\nSELECT count(*) = 1, 7 FROM a;", 3, "it returned false"],
        ["SELECT 1;\n  SELECT max(id) FROM a;", 2, "it returned nothing but NULL"],
        ["SELECT true;\nSELECT 1 / count(*) FROM a;", 2, "division by zero"]
      ] as const
      for (const [text, line, problem] of wrong) {
        yield* write(path, { "1_a.verify.sql": text })
        const reason = yield* reasonOf(migrator.up())
        assert(reason._tag === "VerifyFailed")
        assert.deepInclude({ ...reason }, { line, statement: 2, transaction: true, verify: "1_a.verify.sql" })
        const place = `1_a.verify.sql, line ${line} (statement 2): `
        assert.include(reason.message, `migration 1_a.up.sql (app) is not what its verify asks for: ${place}`)
        assert.include(reason.message, problem)
        assert.include(reason.message, "the migration was rolled back; correct one of them")
        assert.strictEqual(yield* exists("a"), false)
        assert.deepInclude((yield* history)[0], { state: "failed", error: reason.message })
      }
      yield* write(path, { "1_a.verify.sql": "SELECT count(*) = 0 FROM a;" })
      yield* migrator.up()
      assert.deepInclude((yield* history)[0], { state: "applied", error: null })
      // It is not of the checksum.
      yield* write(path, { "1_a.verify.sql": "SELECT false;" })
      assert.strictEqual((yield* migrator.up()).applied.length, 0)
      yield* assertClean
    }))

  test("changes nothing: what it writes and sets is undone, and it has the settings of the run, not of the file", () =>
    Effect.gen(function* () {
      const path = yield* directory({
        "1_a.up.sql": `CREATE TABLE public.a (id int CHECK (id > 0)); SET search_path = pg_catalog; SET work_mem = '3MB';`,
        "1_a.verify.sql": `SELECT current_setting('work_mem') <> '3MB'; INSERT INTO a VALUES (1); SET work_mem = '5MB';
          CREATE TABLE b (); SELECT count(*) = 1 FROM a;`,
        "2_c.up.sql": "CREATE TABLE seen AS SELECT current_setting('work_mem') AS memory;"
      })
      yield* (yield* migratorOf(path)).up()
      assert.strictEqual(yield* scalar("SELECT count(*)::int FROM a"), 0)
      assert.strictEqual(yield* exists("b"), false)
      assert.notInclude(["3MB", "5MB"], yield* scalar("SELECT memory FROM seen"))
    }))

  test("of a migration without a transaction is asked again by the next run, which runs nothing else twice", () =>
    Effect.gen(function* () {
      const path = yield* directory({
        "1_a.up.sql": "-- pgkeel:no-transaction\nCREATE TABLE a (id int); INSERT INTO a VALUES (1);",
        "1_a.verify.sql": "DELETE FROM a; SELECT count(*) = 7 FROM a;"
      })
      const migrator = yield* migratorOf(path)
      for (const _ of [1, 2]) {
        const reason = yield* reasonOf(migrator.up())
        assert(reason._tag === "VerifyFailed")
        assert.include(reason.message, "it did stays, and the verify is asked again by the next run")
        assert.deepInclude((yield* history)[0], { state: "failed", statements: 2 })
        assert.strictEqual(yield* scalar("SELECT count(*)::int FROM a"), 1)
      }
      yield* write(path, { "1_a.verify.sql": "SELECT count(*) = 1 FROM a;" })
      yield* migrator.up()
      assert.deepInclude((yield* history)[0], { state: "applied", statements: 2 })
      assert.strictEqual(yield* scalar("SELECT count(*)::int FROM a"), 1)
      yield* assertClean
    }))

  test("as an Effect passes unless it fails, dies, or says false", () =>
    Effect.gen(function* () {
      const wrong = [
        [Effect.fail(new Error("two owners")), "two owners"],
        [Effect.die(new Error("a mistake")), "a mistake"],
        [Effect.succeed(false), "it returned false"],
        [run("SELECT 1/0"), "division by zero"]
      ] as const
      for (const [verify, problem] of wrong) {
        const migrations = [{ id: "1", name: "a", up: run("CREATE TABLE a ()"), verify }]
        const migrator = yield* makeMigrator({ sources: [{ namespace: "code", migrations }] })
        const reason = yield* reasonOf(migrator.up())
        assert(reason._tag === "VerifyFailed")
        assert.include(reason.message, `its verify asks for: 1_a: `)
        assert.include(reason.message, problem)
        assert.strictEqual(yield* exists("a"), false)
      }
      yield* assertClean
    }))

  test("is exported by a module, and is no Effect at its author's risk", () =>
    Effect.gen(function* () {
      const right = `import { Effect } from "effect"\nexport const up = Effect.void\n`
      const path = yield* directory({ "1_a.mjs": `${right}export const verify = () => Effect.void\n` })
      const migrator = yield* migratorOf(path)
      const reason = yield* reasonOf(migrator.up())
      assert(reason._tag === "InvalidModule")
      assert.include(reason.message, "exports a function as `verify`, which is no Effect")
      yield* write(path, { "1_a.mjs": `${right}export const verify = Effect.fail(new Error("not yet"))\n` })
      assert.strictEqual((yield* reasonOf(migrator.up()))._tag, "VerifyFailed")
    }))

  test("that could not be undone, or asks nothing, is refused before anything runs", () =>
    Effect.gen(function* () {
      const path = yield* directory({ "1_a.up.sql": "CREATE TABLE a (id int);" })
      const migrator = yield* migratorOf(path)
      const wrong = [
        ["SELECT 1;\nVACUUM a;", "StatementUnsupported", "line 2"],
        ["-- pgkeel:no-transaction\nSELECT 1;", "StatementUnsupported", "take it out of the verify"],
        ["COPY a FROM stdin;\n1\n\\.\n", "StatementUnsupported", "line 1"],
        ["-- later\n", "EmptyMigration", "1_a.verify.sql"]
      ] as const
      for (const [text, tag, part] of wrong) {
        yield* write(path, { "1_a.verify.sql": text })
        const reason = yield* reasonOf(migrator.up())
        assert.strictEqual(reason._tag, tag)
        assert.include(reason.message, part)
        assert.strictEqual(yield* exists("pgkeel.migrations"), false)
      }
    }))
})
