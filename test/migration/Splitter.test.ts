import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { split } from "../../src/migration/internal/splitter.ts"
import { directory, migratorOf, reasonOf, scalar, test, write } from "./support.ts"

const statementsOf = (sql: string) => Effect.map(split(sql), ({ statements }) => statements)

const texts = (sql: string) => Effect.map(statementsOf(sql), (statements) => statements.map(({ text }) => text))

describe("splitting SQL", () => {
  it.effect("keeps dollar quotes, BEGIN ATOMIC bodies, comments and strings with semicolons whole", () =>
    Effect.gen(function* () {
      const statements = [
        "CREATE FUNCTION a() RETURNS void LANGUAGE plpgsql AS $body$ BEGIN; PERFORM ';'; END $body$",
        "CREATE FUNCTION b() RETURNS int BEGIN ATOMIC SELECT 1; SELECT 2; END",
        "SELECT ';' || E'\\';' || $$;$$ || \"a;\" /* ; /* ; */ ; */ -- ;\n FROM c",
        "CREATE RULE r AS ON INSERT TO c DO ALSO (SELECT 1; SELECT 2)"
      ]
      assert.deepStrictEqual(yield* texts(statements.join(";\n") + ";;\n;"), statements)
    })
  )

  it.effect("finds the places in text that is not ASCII, on both sides of the basic plane", () =>
    Effect.gen(function* () {
      const sql = "-- ünï 😀\nSELECT 'é😀';\n\n  /* 😀 */ SELECT '漢字';\nSELECT 'ÿ'\n"
      assert.deepStrictEqual(yield* statementsOf(sql), [
        { text: "SELECT 'é😀'", line: 2, column: 1 },
        { text: "SELECT '漢字'", line: 4, column: 12 },
        { text: "SELECT 'ÿ'", line: 5, column: 1 }
      ])
      const failure = yield* Effect.flip(split("SELECT 'é😀';\nSELECT '😀é' x y;"))
      assert.deepStrictEqual(failure, {
        _tag: "Syntax",
        line: 2,
        column: 16,
        message: 'syntax error at or near "y"'
      })
    })
  )

  it.effect("has no statements in a file without any", () =>
    Effect.gen(function* () {
      for (const nothing of ["", ";;", "  \n", "-- a comment", "/* another */"]) {
        assert.deepStrictEqual(yield* statementsOf(nothing), [])
      }
    })
  )

  const refused: ReadonlyArray<readonly [sql: string, statement: string]> = [
    ["BEGIN", "BEGIN"],
    ["START TRANSACTION", "START TRANSACTION"],
    ["COMMIT", "COMMIT"],
    ["ROLLBACK", "ROLLBACK"],
    ["END", "COMMIT"],
    ["PREPARE TRANSACTION 'x'", "PREPARE"],
    ["COPY t FROM stdin", "COPY ... FROM stdin"],
    ["COPY t (a, b) FROM stdin;\n1\t2\n", "COPY ... FROM stdin"],
    ["COPY t (a, b) FROM stdin;\n1\t2\\.\n", "COPY ... FROM stdin"],
    ["COPY t TO stdout", "COPY ... TO stdout"],
    ["\\connect other", "the psql command \\connect"],
    ["SELECT 1 \\gset", "the psql command \\gset"],
    ["\\set name 'value'", "the psql command \\set"],
    ["\\.", "the psql command \\."],
    ["BEGIN; CREATE TABLE t (); COMMIT; SELECT 1", "BEGIN"],
    ["-- pgkeel:notransaction", "the directive pgkeel:notransaction"],
    ["-- pgkeel:no-transaction please", "the directive pgkeel:no-transaction please"],
    ["-- pgkeel:lock-timeout 5", "the directive pgkeel:lock-timeout 5"],
    [
      "-- pgkeel:lock-timeout 5s; -- pgkeel:lock-timeout 6s",
      "the directive pgkeel:lock-timeout 5s; -- pgkeel:lock-timeout 6s"
    ],
    ["-- migrate:up transaction:no", "the directive migrate:up transaction:no"]
  ]
  for (const [sql, statement] of refused) {
    it.effect(`refuses ${JSON.stringify(sql)}, by its name and line`, () =>
      Effect.gen(function* () {
        const failure = yield* Effect.flip(split(`SELECT 1;\n\n${sql}`))
        assert.deepInclude({ ...failure }, { _tag: "Refused", statement, line: 3 })
      })
    )
  }

  const outside: ReadonlyArray<readonly [sql: string, alone: string]> = [
    ["CREATE INDEX CONCURRENTLY i ON t (c)", "CREATE INDEX CONCURRENTLY"],
    ["DROP INDEX CONCURRENTLY i", "DROP INDEX CONCURRENTLY"],
    ["REINDEX TABLE CONCURRENTLY t", "REINDEX CONCURRENTLY"],
    ["REINDEX SCHEMA s", "REINDEX SCHEMA"],
    ["ALTER TABLE p DETACH PARTITION q CONCURRENTLY", "ALTER TABLE ... DETACH PARTITION CONCURRENTLY"],
    ["VACUUM t", "VACUUM"],
    ["CLUSTER", "CLUSTER of all tables"],
    ["ALTER SYSTEM SET work_mem = '1MB'", "ALTER SYSTEM"],
    ["CREATE DATABASE d", "CREATE DATABASE"],
    ["DROP DATABASE d", "DROP DATABASE"],
    ["ALTER DATABASE d SET TABLESPACE t", "ALTER DATABASE ... SET TABLESPACE"],
    ["CREATE TABLESPACE t LOCATION '/t'", "CREATE TABLESPACE"]
  ]
  for (const [sql, alone] of outside) {
    it.effect(`knows that ${JSON.stringify(sql)} runs only outside a transaction`, () =>
      Effect.gen(function* () {
        const [first, second] = yield* statementsOf(`SELECT 1;\n\n${sql}`)
        assert.strictEqual(first?.alone, undefined)
        assert.strictEqual(second?.alone, alone)
        assert.isDefined(second?.recovery)
      })
    )
  }

  it.effect("leaves what looks like those, and can run in a transaction, alone", () =>
    Effect.gen(function* () {
      const statements = [
        "SAVEPOINT a",
        "ROLLBACK TO a",
        "RELEASE a",
        "ANALYZE t",
        "REINDEX TABLE t",
        "REINDEX (CONCURRENTLY FALSE) TABLE t",
        "CLUSTER t USING i",
        "COPY t FROM '/file'",
        "ALTER TYPE e ADD VALUE 'x'",
        "ALTER DATABASE d SET work_mem = '1MB'",
        "SELECT 'COMMIT; VACUUM'"
      ]
      assert.deepStrictEqual(yield* texts(statements.join(";\n")), statements)
      for (const { alone } of yield* statementsOf(statements.join(";\n"))) assert.isUndefined(alone)
    })
  )
})

describe("running SQL files", () => {
  test("makes of difficult files what they say", () =>
    Effect.gen(function* () {
      const path = yield* directory({
        "1_a.up.sql": [
          '\uFEFFCREATE TABLE "größe;" (name text);',
          "CREATE FUNCTION two() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 1; SELECT 2; END;",
          "CREATE FUNCTION text() RETURNS text LANGUAGE sql AS $$ SELECT 'a;",
          "b' $$;",
          "INSERT INTO \"größe;\" VALUES ('😀'), (text()), ('C:\\new');"
        ].join("\r\n")
      })
      yield* (yield* migratorOf(path)).up()
      const sql = yield* SqlClient.SqlClient
      assert.deepStrictEqual(yield* sql`SELECT name FROM "größe;"`.values, [["😀"], ["a;\nb"], ["C:\\new"]])
      assert.strictEqual(yield* scalar("SELECT two()"), 2)
    }))

  test("points at one place, that of the file, where the server found the mistake", () =>
    Effect.gen(function* () {
      const path = yield* directory({
        "1_a.up.sql": "-- 😀\r\nSELECT 1;\r\nSELECT '😀',\r\n  1,\r\n  missing_é;\r\n"
      })
      const migrator = yield* migratorOf(path)
      const below = yield* reasonOf(migrator.up())
      assert(below._tag === "StatementFailed")
      assert.deepInclude({ ...below }, { statement: 2, line: 5, column: 3 })

      // Behind another statement of the same line, both of them with characters of two units.
      yield* write(path, { "1_a.up.sql": "\nSELECT '😀'; SELECT '😀' FROM nowhere;" })
      const beside = yield* reasonOf(migrator.up())
      assert(beside._tag === "StatementFailed")
      assert.deepInclude({ ...beside }, { statement: 2, line: 2, column: 31 })
      assert.strictEqual(
        beside.message,
        "migration 1_a.up.sql (app) failed at line 2, column 31 (statement 2): " +
          'relation "nowhere" does not exist; create it before this statement, or name its schema; ' +
          "it was rolled back, correct it and run `pgkeel migrate up` again"
      )
    }))

  test("points at the statement where the server names no place, and repeats the server's own hint", () =>
    Effect.gen(function* () {
      const path = yield* directory({
        "1_a.up.sql": "SELECT 1;\n  DO 'BEGIN RAISE ''no'' USING HINT = ''Ask.''; END';"
      })
      const migrator = yield* migratorOf(path)
      const { message } = yield* reasonOf(migrator.up())
      assert.include(message, "failed at line 2, column 3 (statement 2): ")
      assert.include(message, "; Ask; it was rolled back")
    }))

  const inOwnWords: Record<string, RegExp> = {
    "SELECT nothing": /: column "nothing" does not exist; add it before this statement, or correct the name; it was/,
    "SELECT nothing()": /: function nothing\(\) does not exist; No function matches.*; it was/,
    "CREATE TABLE a (b nothing)":
      /: the server reported undefined_object \(42704\): type "nothing" does not exist; it was/,
    "SELECT 'secret'::int": /: a value is not valid: invalid input syntax for type integer; correct the value; it was/
  }
  for (const [statement, message] of Object.entries(inOwnWords)) {
    test(`says of ${statement} what to do inside a migration, with no second place and no value`, () =>
      Effect.gen(function* () {
        const reason = yield* reasonOf((yield* migratorOf(yield* directory({ "1_a.up.sql": statement }))).up())
        assert.match(reason.message, message)
        assert.notMatch(reason.message, /pending migrations|\(line|secret/)
        assert.strictEqual(reason.message.match(/\bline\b/g)?.length, 1)
      }))
  }
})
