/** Lint of a migrator: of what is pending, with what the database knows, and in the plan. */
import { assert, describe } from "@effect/vitest"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { read } from "../../src/migration/internal/splitter.ts"
import { own } from "../../src/migration/MigrationSource.ts"
import { directory, makeMigrator, migratorOf, reasonOf, test, write } from "./support.ts"

const rulesOf = (report: { readonly findings: ReadonlyArray<{ readonly file: string; readonly rule: string }> }) =>
  report.findings.map(({ file, rule }) => `${file} ${rule}`)

const run = Effect.fnUntraced(function* (text: string) {
  const sql = yield* SqlClient.SqlClient
  for (const statement of (yield* read(text)).statements) yield* sql.unsafe(statement.text)
})

describe("Migrator.lint", () => {
  test("looks at what is pending, and at all of it when asked", () =>
    Effect.gen(function* () {
      const path = yield* directory({ "1_a.up.sql": "CREATE TABLE a (b bigint, c text)" })
      const migrator = yield* migratorOf(path)
      assert.deepStrictEqual(yield* migrator.lint(), { files: ["1_a.up.sql"], findings: [] })
      yield* migrator.up()
      yield* run("INSERT INTO a VALUES (1)")
      yield* write(path, { "2_b.up.sql": "-- first\nALTER TABLE a\n  ALTER b SET NOT NULL;" })
      const report = yield* migrator.lint()
      assert.deepStrictEqual(report.files, ["2_b.up.sql"])
      assert.deepInclude(report.findings[0], { file: "2_b.up.sql", rule: "set-not-null", line: 2, column: 1 })
      const all = yield* migrator.lint({ which: "all" })
      assert.deepStrictEqual(all.files, ["1_a.up.sql", "2_b.up.sql"])
      assert.deepStrictEqual(rulesOf(all), ["2_b.up.sql set-not-null"])
    }))

  test("knows from the database what is cheap: a proof, a type that keeps its rows, a function that is steady", () =>
    Effect.gen(function* () {
      yield* run(`CREATE TABLE a (a bigint NOT NULL, b bigint, c varchar(10), d text);
        INSERT INTO a VALUES (1, 1, 'x', 'y'); ALTER TABLE a ADD CHECK (b IS NOT NULL);
        CREATE FUNCTION steady() RETURNS bigint STABLE LANGUAGE sql AS 'SELECT 1';`)
      const path = yield* directory({
        "1_a.up.sql": `ALTER TABLE a ALTER a SET NOT NULL; ALTER TABLE a ALTER b SET NOT NULL;
          ALTER TABLE a ALTER c TYPE text; ALTER TABLE a ADD e bigint DEFAULT steady();`
      })
      const migrator = yield* migratorOf(path)
      assert.deepStrictEqual(rulesOf(yield* migrator.lint()), [])
    }))

  test("knows from the database which tables have row-level security and policies", () =>
    Effect.gen(function* () {
      yield* run(`CREATE TABLE off (a bigint); CREATE TABLE ready (a bigint); CREATE POLICY p ON ready USING (true);
        CREATE TABLE guarded (a bigint); ALTER TABLE guarded ENABLE ROW LEVEL SECURITY;`)
      const path = yield* directory({
        "1_off.up.sql": "CREATE POLICY q ON off USING (true)",
        "2_off.up.sql": "ALTER TABLE off ENABLE ROW LEVEL SECURITY",
        "3_ready.up.sql": "ALTER TABLE ready ENABLE ROW LEVEL SECURITY",
        "4_guarded.up.sql": "CREATE POLICY q ON guarded USING (true)"
      })
      const migrator = yield* migratorOf(path)
      assert.deepStrictEqual(rulesOf(yield* migrator.lint()), [
        "1_off.up.sql policy-without-rls",
        "2_off.up.sql rls-without-policy"
      ])
    }))

  test("excuses nothing by a database in which a table is empty or missing: it is another where the rows are", () =>
    Effect.gen(function* () {
      yield* run("CREATE TABLE empty_one (a bigint); CREATE TABLE parts (a bigint) PARTITION BY LIST (a);")
      const path = yield* directory({
        "1_empty.up.sql": "CREATE INDEX i ON empty_one (a)",
        "2_empty.up.sql": "ALTER TABLE empty_one ADD CHECK (a > 0)",
        "3_parts.up.sql": "CREATE INDEX j ON parts (a)",
        "4_new.up.sql": "CREATE TABLE n (a bigint); CREATE INDEX k ON n (a)",
        "5_old.up.sql": "CREATE INDEX l ON n (a)"
      })
      const migrator = yield* migratorOf(path)
      assert.deepStrictEqual(rulesOf(yield* migrator.lint()), [
        "1_empty.up.sql concurrent-index",
        "2_empty.up.sql check-validation",
        "3_parts.up.sql concurrent-index",
        "5_old.up.sql concurrent-index"
      ])
    }))

  test("does not ask rules that are off, and refuses one that it does not have", () =>
    Effect.gen(function* () {
      const path = yield* directory({ "1_a.up.sql": "-- pgkeel:allow truncate: x\nTRUNCATE a;\nDROP INDEX i;" })
      yield* run("CREATE TABLE a (b bigint); CREATE INDEX i ON a (b); INSERT INTO a VALUES (1)")
      const lintWithout = (...off: ReadonlyArray<string>) =>
        Effect.flatMap(makeMigrator({ sources: [{ namespace: "app", directory: path }], lint: { off } }), (migrator) =>
          migrator.lint()
        )
      assert.deepStrictEqual(rulesOf(yield* lintWithout("several-locks")), ["1_a.up.sql concurrent-index-drop"])
      assert.deepStrictEqual(rulesOf(yield* lintWithout("several-locks", "truncate", "concurrent-index-drop")), [])
      const reason = yield* reasonOf(lintWithout("concurent-index"))
      assert.strictEqual(reason._tag, "UnknownRule")
      assert.include(reason.message, "did you mean concurrent-index?")
    }))

  test("tells a file that cannot be parsed as a finding, and looks at the others", () =>
    Effect.gen(function* () {
      const path = yield* directory({ "1_a.up.sql": "SELEC 1", "2_b.up.sql": "CREATE INDEX i ON pg_class (oid)" })
      const migrator = yield* migratorOf(path)
      assert.deepStrictEqual(rulesOf(yield* migrator.lint()), ["1_a.up.sql syntax", "2_b.up.sql concurrent-index"])
    }))

  test("has nothing against the package's own migrations", () =>
    Effect.gen(function* () {
      // What a session may read of its own context is for everybody.
      const migrator = yield* makeMigrator({ sources: [own], lint: { off: ["grant-to-public"] } })
      const { files, findings } = yield* migrator.lint({ namespace: "pgkeel" })
      assert.isAbove(files.length, 0)
      assert.deepStrictEqual(findings, [])
    }))
})

describe("Migrator.plan", () => {
  test("tells the locks of each statement and what lint finds, of an up", () =>
    Effect.gen(function* () {
      yield* run("CREATE TABLE a (b integer); INSERT INTO a VALUES (1)")
      const path = yield* directory({
        "1_a.up.sql": "ALTER TABLE a ADD c bigint;\nALTER TABLE a ALTER b TYPE bigint;",
        "1_a.down.sql": "ALTER TABLE a DROP c;"
      })
      const migrator = yield* migratorOf(path)
      const [planned] = yield* migrator.plan()
      const lock = { relation: "a", mode: "ACCESS EXCLUSIVE" } as const
      assert.deepStrictEqual(
        planned?.statements.map(({ locks }) => locks),
        [[{ ...lock, rewrites: false, scans: false }], [{ ...lock, rewrites: true, scans: true }]]
      )
      assert.deepStrictEqual(
        planned?.findings.map(({ line, rule }) => `${line} ${rule}`),
        ["2 column-type", "2 work-behind-lock"]
      )
      yield* migrator.up()
      const [reverting] = yield* migrator.plan({ direction: "down", all: true })
      assert.deepStrictEqual(
        reverting?.statements.map(({ locks }) => locks),
        [[{ ...lock, rewrites: false, scans: false }]]
      )
      assert.deepStrictEqual(reverting?.findings, [])
    }))
})
