/** What a real server says about rows and statements. */
import { assert, describe, layer } from "@effect/vitest"
import { Effect, Stream } from "effect"
import { SqlClient } from "effect/sql"
import { DatabaseError } from "../../src/error/DatabaseError.ts"
import * as Retry from "../../src/error/Retry.ts"
import { assertClean, connected } from "../support/Connected.ts"
import { freshDatabase } from "../support/Database.ts"
import { expectReason, failure, open, openAs, run } from "./sessions.ts"

layer(freshDatabase(), { excludeTestServices: true })("a server's error", (it) => {
  describe("about a row", () => {
    it.effect("names table, constraint and columns of a unique violation", () =>
      Effect.gen(function* () {
        const connection = yield* open
        yield* run(connection, "CREATE TABLE member (org int, email text, CONSTRAINT member_key UNIQUE (org, email))")
        const insert = "INSERT INTO member VALUES (1, 'a@b.c')"
        const reason = yield* expectReason(run(connection, insert, insert), "UniqueViolation", { statement: insert })
        assert.deepInclude(reason, {
          sqlState: "23505",
          condition: "unique_violation",
          code: "PGK2001",
          category: "constraint",
          severity: "ERROR",
          schema: "public",
          table: "member",
          constraint: "member_key",
          columns: ["org", "email"],
          statement: insert,
          transient: false,
          connectionLost: false,
          retryScope: "never"
        })
        assert.include(reason.detail ?? "", "a@b.c")
        assert.notInclude(reason.message, "a@b.c")
      })
    )

    it.effect("tells a missing reference, from either side", () =>
      Effect.gen(function* () {
        const connection = yield* open
        yield* run(
          connection,
          "CREATE TABLE parent (id int PRIMARY KEY)",
          "CREATE TABLE child (parent_id int CONSTRAINT child_parent REFERENCES parent)",
          "CREATE TABLE strict (parent_id int REFERENCES parent ON DELETE RESTRICT)",
          "INSERT INTO parent VALUES (1), (2)",
          "INSERT INTO child VALUES (1)",
          "INSERT INTO strict VALUES (2)"
        )
        const missing = yield* expectReason(run(connection, "INSERT INTO child VALUES (7)"), "ForeignKeyViolation")
        assert.deepInclude(missing, { table: "child", constraint: "child_parent", columns: ["parent_id"] })
        const used = yield* expectReason(run(connection, "DELETE FROM parent WHERE id = 1"), "ForeignKeyViolation")
        assert.deepInclude(used, { constraint: "child_parent", columns: ["id"] })
        yield* expectReason(run(connection, "DELETE FROM parent WHERE id = 2"), "ForeignKeyViolation")
      })
    )

    it.effect("tells null, check, view check and exclusion violations apart", () =>
      Effect.gen(function* () {
        const connection = yield* open
        yield* run(
          connection,
          "CREATE TABLE room (id int NOT NULL, size int CONSTRAINT room_size CHECK (size > 0), during int4range, CONSTRAINT room_during EXCLUDE USING gist (during WITH &&))",
          "CREATE VIEW big_room AS SELECT * FROM room WHERE size > 10 WITH CHECK OPTION"
        )
        const missing = yield* expectReason(run(connection, "INSERT INTO room VALUES (NULL)"), "NotNullViolation")
        assert.deepInclude(missing, { table: "room", column: "id" })
        const check = yield* expectReason(run(connection, "INSERT INTO room VALUES (1, -1)"), "CheckViolation")
        assert.strictEqual(check.constraint, "room_size")
        yield* expectReason(run(connection, "INSERT INTO big_room VALUES (1, 5)"), "CheckViolation")
        const insert = "INSERT INTO room VALUES (1, 1, '[1,5)')"
        const overlap = yield* expectReason(run(connection, insert, insert), "ExclusionViolation")
        assert.deepInclude(overlap, { constraint: "room_during", columns: ["during"] })
      })
    )

    it.effect("tells invalid, too long and too large values apart", () =>
      Effect.gen(function* () {
        const connection = yield* open
        const invalid = yield* expectReason(run(connection, "SELECT 'abc'::int"), "InvalidValue")
        assert.strictEqual(invalid.condition, "invalid_text_representation")
        assert.notInclude(invalid.message, "abc")
        yield* expectReason(run(connection, "SELECT 1 / 0"), "InvalidValue")
        yield* run(connection, "CREATE TABLE short (name varchar(3))")
        yield* expectReason(run(connection, "INSERT INTO short VALUES ('abcd')"), "ValueTooLong")
        yield* expectReason(run(connection, "SELECT 2147483647 + 1"), "NumericOverflow")
      })
    )
  })

  describe("about a statement", () => {
    it.effect("tells what it names and the server does not have", () =>
      Effect.gen(function* () {
        const connection = yield* open
        const table = yield* expectReason(run(connection, "SELECT 1 FROM nowhere"), "UndefinedTable")
        assert.include(table.message, "nowhere")
        assert.strictEqual(table.position, 15)
        yield* expectReason(run(connection, "SELECT nothing FROM pg_class"), "UndefinedColumn")
        yield* expectReason(run(connection, "SELECT no_function(1)"), "UndefinedFunction")
        const syntax = yield* expectReason(run(connection, "SELEC 1"), "SqlSyntaxError")
        assert.strictEqual(syntax.position, 1)
      })
    )

    it.effect("points to the place, in characters", () =>
      Effect.gen(function* () {
        const connection = yield* open
        const statement = "SELECT '😀' AS face,\n\tnothing\n  FROM pg_class"
        const error = yield* failure(run(connection, statement), { statement })
        assert.deepStrictEqual(error.location, { line: 2, column: 2 })
        assert.include(error.message, 'column "nothing" does not exist (line 2, column 2)')
        assert.include(DatabaseError.render(error), "2 | \tnothing\n  | \t^\n")
      })
    )

    it.effect("points into the query of a function", () =>
      Effect.gen(function* () {
        const connection = yield* open
        const statement = "DO $$ BEGIN EXECUTE 'SELECT 1 FORM pg_class'; END $$"
        const error = yield* failure(run(connection, statement), { statement })
        assert.include(DatabaseError.render(error), "in a function's query:\n1 | SELECT 1 FORM pg_class\n")
      })
    )

    it.effect("tells a missing privilege from a row that a policy refuses", () =>
      Effect.gen(function* () {
        const connection = yield* open
        yield* run(
          connection,
          "CREATE ROLE err_reader LOGIN PASSWORD 'pw'",
          "CREATE TABLE secret (id int)",
          "CREATE TABLE tenant_row (tenant int)",
          "ALTER TABLE tenant_row ENABLE ROW LEVEL SECURITY",
          "CREATE POLICY own ON tenant_row USING (tenant = 1)",
          "GRANT ALL ON tenant_row TO err_reader"
        )
        yield* Effect.gen(function* () {
          const reader = yield* openAs("err_reader")
          yield* expectReason(run(reader, "SELECT * FROM secret"), "InsufficientPrivilege")
          yield* expectReason(run(reader, "INSERT INTO tenant_row VALUES (2)"), "RowSecurityViolation")
          yield* run(reader, "SET row_security = off")
          yield* expectReason(run(reader, "SELECT * FROM tenant_row"), "RowSecurityViolation")
        }).pipe(
          Effect.scoped,
          Effect.ensuring(Effect.orDie(run(connection, "DROP OWNED BY err_reader", "DROP ROLE err_reader")))
        )
      })
    )

    it.effect("keeps code, category and hint of what has no type of its own", () =>
      Effect.gen(function* () {
        const connection = yield* open
        const raised = yield* expectReason(
          run(connection, "DO $$ BEGIN RAISE EXCEPTION 'closed today' USING HINT = 'come tomorrow'; END $$"),
          "ServerError"
        )
        assert.deepInclude(raised, { sqlState: "P0001", category: "plpgsql", hint: "come tomorrow" })
        assert.match(raised.message, /raise_exception \(P0001\): closed today.*; come tomorrow/)
        const invented = yield* expectReason(
          run(connection, "DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '40X01'; END $$"),
          "ServerError"
        )
        assert.deepInclude(invented, { category: "conflict", transient: true, retryScope: "transaction" })
        const missing = yield* expectReason(run(connection, "DROP DATABASE no_such_database"), "ServerError")
        assert.deepInclude(missing, { sqlState: "3D000", connectionLost: false })
      })
    )

    it.effect("recognises prepared statements that are gone or no longer fit", () =>
      Effect.gen(function* () {
        const connection = yield* open
        const gone = yield* expectReason(run(connection, "EXECUTE no_statement"), "StalePreparedStatement")
        assert.strictEqual(gone.retryScope, "statement")
        const changed = run(
          connection,
          "CREATE TABLE plan (a int)",
          "PREPARE p AS SELECT * FROM plan",
          "EXECUTE p",
          "ALTER TABLE plan ADD b int",
          "EXECUTE p"
        )
        assert.strictEqual((yield* expectReason(changed, "StalePreparedStatement")).sqlState, "0A000")
      })
    )

    it.effect("tells a write where only reading is allowed", () =>
      Effect.gen(function* () {
        const connection = yield* open
        const write = run(connection, "SET default_transaction_read_only = on", "CREATE TABLE never_made ()")
        const reason = yield* expectReason(write, "ReadOnlyServer")
        assert.deepInclude(reason, { category: "read_only", transient: true, connectionLost: false })
      })
    )
  })
})

layer(connected({ maxConnections: 1 }), { excludeTestServices: true })(
  "COPY with the client's own input or output",
  (it) => {
    it.effect("fails once and clearly, and the pool goes on", () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        yield* sql`CREATE TABLE copied (id int)`
        let runs = 0
        const counted = (statement: string) =>
          Effect.suspend(() => {
            runs++
            return sql.unsafe(statement)
          })
        for (const statement of ["COPY copied FROM STDIN", "COPY copied TO STDOUT", "COPY (SELECT 1) TO STDOUT"]) {
          runs = 0
          const effect = Retry.whenSafe()(Retry.idempotent(counted(statement)))
          const error = yield* Effect.flip(Retry.transaction()(Retry.statement()(effect)))
          assert.isFalse((yield* Effect.flip(sql.unsafe(statement))).isRetryable)
          assert.strictEqual(error.reason._tag, "CopyUnsupported", error.message)
          assert.strictEqual(error.retryScope, "never")
          assert.match(error.message, /COPY FROM STDIN.*Copy\.into/)
          assert.strictEqual(runs, 1)
          yield* assertClean
        }
        const copy = sql`COPY copied FROM STDIN`
        for (const inTransaction of [Effect.andThen(sql`INSERT INTO copied VALUES (1)`, copy), copy]) {
          const error = yield* Effect.flip(DatabaseError.refine(sql.withTransaction(inTransaction)))
          assert.strictEqual(error.reason._tag, "CopyUnsupported", error.message)
        }
        const streamed = yield* Effect.flip(DatabaseError.refine(Stream.runDrain(copy.stream)))
        assert.strictEqual(streamed.reason._tag, "CopyUnsupported", streamed.message)
        assert.deepStrictEqual(yield* sql`SELECT * FROM copied`, [])
        yield* assertClean
      })
    )

    it.effect("is no matter where the server reads or writes the file itself", () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        yield* sql`COPY (SELECT 1) TO PROGRAM 'cat > /dev/null'`
        yield* assertClean
      })
    )
  }
)
