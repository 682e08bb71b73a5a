import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Layer, References } from "effect"
import { directivesOf } from "../../src/migration/internal/directives.ts"
import { split } from "../../src/migration/internal/splitter.ts"
import { connected } from "../support/Connected.ts"
import { directory, exists, history, makeMigrator, migratorOf, reasonOf, scalar, test, write } from "./support.ts"

const copied = (sql: string) =>
  Effect.map(split(sql), ({ statements }) =>
    statements.map(({ copyData, line, text }) => (copyData === undefined ? [line, text] : [line, text, copyData]))
  )

describe("what psql reads itself", () => {
  it.effect("is cut out: rows of several COPYs, none at all, and those at the end of the file", () =>
    Effect.gen(function* () {
      const sql = [
        "COPY a (x, y) FROM stdin;",
        "it's\t$$",
        "/*\t\\\\.",
        "\\.",
        "",
        "SELECT 1; COPY b FROM STDIN WITH (FORMAT csv); -- it's",
        "\\.",
        'COPY /* to stdout */ public."from"',
        "  FROM stdin ;",
        "-- pgkeel:no-transaction",
        "-- migrate:down",
        "\\."
      ].join("\n")
      assert.deepStrictEqual(yield* copied(sql), [
        [1, "COPY a (x, y) FROM stdin", "it's\t$$\n/*\t\\\\.\n"],
        [6, "SELECT 1"],
        [6, "COPY b FROM STDIN WITH (FORMAT csv)", ""],
        [8, 'COPY /* to stdout */ public."from"\n  FROM stdin', "-- pgkeel:no-transaction\n-- migrate:down\n"]
      ])
      assert.deepStrictEqual(yield* copied(sql + "\n"), yield* copied(sql))
      assert.isTrue((yield* split(sql)).directives.transaction)
    })
  )

  it.effect("is left alone in strings, quotes and comments, and where it only looks like it", () =>
    Effect.gen(function* () {
      const statements = [
        "SELECT '\n\\restrict x\nCOPY t FROM stdin;\n\\.\n'",
        "SELECT E'\\'\\\\', E'a''\\'b'\n\n  '\\'\\.', 'a\\'",
        'SELECT 1 AS "\\connect ""x"""',
        "DO $a$BEGIN PERFORM $$\n\\.\n$$; END$a$",
        "CREATE TABLE a$b$ (c$$ text) /* \\i /* \\. */ \\x */",
        "SELECT U&'\\0061', $1 || $$\\.$$",
        "CREATE VIEW v AS SELECT a FROM stdin"
      ]
      assert.deepStrictEqual(
        (yield* split(statements.join(";\n") + "; -- \\.\n")).statements.map(({ text }) => text),
        statements
      )
    })
  )

  it.effect("does no harm where a command only talks, and the lines behind it are those of the file", () =>
    Effect.gen(function* () {
      const sql = "\\restrict it's\n\\echo 'SELECT\n\\set ON_ERROR_STOP on\nSELECT 1;\n\\unrestrict \"\n  SELECT x y z"
      assert.deepInclude({ ...(yield* Effect.flip(split(sql))) }, { _tag: "Syntax", line: 6, column: 14 })
      assert.deepStrictEqual(yield* copied(sql.replace(" y z", "")), [
        [4, "SELECT 1"],
        [6, "SELECT x"]
      ])
    })
  )

  it.effect("may open and close a transaction around the whole file", () =>
    Effect.gen(function* () {
      for (const [begin, end] of [
        ["BEGIN", "COMMIT"],
        ["START TRANSACTION", "END"],
        ["-- why\nbegin transaction", "commit work"]
      ]) {
        const { statements } = yield* split(`${begin};\nSELECT 1;\nSELECT 2;\n${end};`)
        assert.deepStrictEqual(
          statements.map(({ text }) => text),
          ["SELECT 1", "SELECT 2"]
        )
      }
      const refused: ReadonlyArray<readonly [string, string]> = [
        ["BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT 1; COMMIT", "BEGIN"],
        ["BEGIN; SELECT 1; COMMIT AND CHAIN", "BEGIN"],
        ["BEGIN; SELECT 1; COMMIT; BEGIN; SELECT 2; COMMIT", "COMMIT"],
        ["-- pgkeel:no-transaction\nBEGIN; SELECT 1; COMMIT", "BEGIN"],
        ["BEGIN; CREATE INDEX CONCURRENTLY i ON t (c); COMMIT", "CREATE INDEX CONCURRENTLY"]
      ]
      for (const [sql, statement] of refused) {
        assert.deepInclude({ ...(yield* Effect.flip(split(sql))) }, { _tag: "Refused", statement })
      }
    })
  )
})

describe("directives", () => {
  it("say how long to wait, and whether there is a transaction", () => {
    assert.deepStrictEqual(directivesOf("SELECT 1"), { transaction: true })
    assert.deepStrictEqual(
      directivesOf(
        "-- pgkeel:lock-timeout 500ms\nSELECT 1; --pgkeel: statement-timeout = 10 min\n-- pgkeel:no-transaction"
      ),
      { transaction: false, lockTimeout: Duration.millis(500), statementTimeout: Duration.minutes(10) }
    )
    assert.deepStrictEqual(directivesOf("-- migrate:up transaction:false"), { transaction: false })
    assert.deepStrictEqual(directivesOf("-- migrate:up transaction:true"), { transaction: true })
    for (const said of [
      "SELECT '\n-- pgkeel:no-transaction\n', $$\n-- pgkeel:nothing\n$$",
      "SELECT '/* pgkeel:no-transaction */' /* without pgkeel:no-transaction it would not run */",
      "/* pgkeel:allow drop-table: unused since May */ SELECT 1"
    ]) {
      assert.deepStrictEqual(directivesOf(said), { transaction: true })
    }
  })

  const meant: Record<string, RegExp> = {
    "-- pgkeel:no-transactions": /write `-- pgkeel:no-transaction`$/,
    "-- pgkeel:lock_timeout 5s": /write `-- pgkeel:lock-timeout`$/,
    "-- pgkeel:statementTimeout 5s": /write `-- pgkeel:statement-timeout`$/,
    "-- pgkeel:statement-timeout 5 days":
      /write a number and ms, s, min or h, such as `-- pgkeel:statement-timeout 30s`$/,
    "-- pgkeel:nothing": /there are no-transaction, lock-timeout, statement-timeout, allow; write one of them$/,
    "/* pgkeel:no-transaction */":
      /^it stands in \/\* \*\/, where none is read; write `-- pgkeel:no-transaction` on a line of its own$/,
    "/**\n * pgkeel: lock-timeout 5s\n */":
      /^it stands in \/\* \*\/, where none is read; write `-- pgkeel:lock-timeout 5s` on a line of its own$/,
    "-- migrate:up transactions:false": /the only option of a section is `transaction:false`; write that, or remove it$/
  }
  for (const [comment, problem] of Object.entries(meant)) {
    it(`says of ${comment} what was meant`, () => {
      const failure = directivesOf(`SELECT 1;\n${comment}`)
      assert("problem" in failure)
      assert.match(failure.problem, problem)
      assert.match(failure.statement, /^the directive (?:pgkeel|migrate):[^*]*[^*\s]$/)
      assert.strictEqual(failure.index, 10)
    })
  }
})

describe("the output of pg_dump", () => {
  const dump = [
    "--\n-- PostgreSQL database dump\n--",
    "",
    "\\restrict Zm9v",
    "",
    "SET client_encoding = 'UTF8';",
    "SET standard_conforming_strings = on;",
    "SELECT pg_catalog.set_config('search_path', '', false);",
    "SET check_function_bodies = false;",
    "CREATE TABLE public.note (id integer NOT NULL, body text);",
    "CREATE TABLE public.empty (id integer);",
    "",
    "COPY public.note (id, body) FROM stdin;",
    "1\tit's; \\\\. $$ -- no\\nmore",
    "2\t\\N",
    "3\tgrüße 😀",
    "\\.",
    "",
    "",
    "COPY public.empty (id) FROM stdin;",
    "\\.",
    "",
    "ALTER TABLE ONLY public.note ADD CONSTRAINT note_pkey PRIMARY KEY (id);",
    "\\unrestrict Zm9v",
    ""
  ].join("\n")

  const run = <A, E, R>(body: Effect.Effect<A, E, R>) =>
    Effect.scoped(body).pipe(
      Effect.provide(Layer.mergeAll(connected(), NodeServices.layer)),
      Effect.provideService(References.MinimumLogLevel, "Error")
    )

  it.live("runs as it is, with its rows, in the migration's transaction", () =>
    run(
      Effect.gen(function* () {
        const path = yield* directory({
          "1_dump.up.sql": dump.replaceAll("\n", "\r\n"),
          "2_next.up.sql": "SELECT nothing"
        })
        const migrator = yield* makeMigrator({ sources: [{ namespace: "app", directory: path }] })
        yield* write(path, { "1_dump.up.sql": dump.replace("3\tgr", "1\tgr") })
        const twice = yield* reasonOf(migrator.up())
        assert(twice._tag === "StatementFailed")
        assert.strictEqual(twice.line, 24)
        assert.strictEqual(yield* exists("public.note"), false)

        yield* write(path, { "1_dump.up.sql": dump.replaceAll("\n", "\r\n") })
        assert.strictEqual((yield* reasonOf(migrator.up()))._tag, "StatementFailed")
        assert.deepStrictEqual(yield* scalar("SELECT json_agg(body ORDER BY id) FROM public.note"), [
          "it's; \\. $$ -- no\nmore",
          null,
          "grüße 😀"
        ])
        assert.strictEqual(yield* scalar("SELECT count(*)::int FROM public.empty"), 0)
      })
    )
  )

  it.live("points at a COPY whose rows the server refuses", () =>
    run(
      Effect.gen(function* () {
        const path = yield* directory({
          "1_a.up.sql": "CREATE TABLE a (x int);\n\nCOPY a FROM stdin;\n1\nsecret\n\\.\nSELECT 1"
        })
        const migrator = yield* makeMigrator({ sources: [{ namespace: "app", directory: path }] })
        const reason = yield* reasonOf(migrator.up())
        assert(reason._tag === "StatementFailed")
        assert.deepInclude({ ...reason }, { statement: 2, line: 3, column: 1 })
        assert.strictEqual(yield* exists("a"), false)
        yield* write(path, { "1_a.up.sql": "CREATE TABLE a (x int);\nCOPY a FROM stdin;\n1\n\\." })
        yield* migrator.up()
        assert.strictEqual(yield* scalar("SELECT sum(x)::int FROM a"), 1)
      })
    )
  )

  it.live("is not gone on with when the rows were edited that it has copied without a transaction", () =>
    run(
      Effect.gen(function* () {
        const text = (row: number, end: string) =>
          `-- pgkeel:no-transaction\nCREATE TABLE a (x int);\nCOPY a FROM stdin;\n${row}\n\\.\n${end};`
        const path = yield* directory({ "1_a.up.sql": text(1, "SELECT 1/0") })
        const migrator = yield* makeMigrator({ sources: [{ namespace: "app", directory: path }] })
        yield* Effect.flip(migrator.up())
        yield* write(path, { "1_a.up.sql": text(2, "SELECT 1") })
        const reason = yield* reasonOf(migrator.up())
        assert(reason._tag === "ResumeMismatch")
        assert.strictEqual(reason.statements, 2)
        yield* write(path, { "1_a.up.sql": text(1, "SELECT 1") })
        yield* migrator.up()
        assert.strictEqual(yield* scalar("SELECT json_agg(x)::text FROM a"), "[1]")
      })
    )
  )
})

test("Rows below a COPY are not sent by a client that cannot, which is said before any of it is", () =>
  Effect.gen(function* () {
    const path = yield* directory({ "1_c.up.sql": "CREATE TABLE c (x int);\nCOPY c FROM stdin;\n1\n\\.\n" })
    const reason = yield* reasonOf((yield* migratorOf(path)).up())
    assert(reason._tag === "StatementFailed")
    assert.deepInclude({ ...reason }, { statement: 2, line: 2 })
    assert.strictEqual(reason.cause.reason._tag, "CopyUnsupported")
    assert.include(
      reason.message,
      "give the migrator ConnectionManager.layer, or use `pgkeel migrate`; it was rolled back"
    )
    assert.deepInclude((yield* history)[0], { state: "failed", statements: 1 })
    assert.strictEqual(yield* exists("c"), false)
  }))
