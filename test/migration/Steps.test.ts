import { assert, describe } from "@effect/vitest"
import { PgClient } from "@effect/sql-pg"
import { Effect, Fiber } from "effect"
import { SqlClient } from "effect/sql"
import type { MigrationProgress } from "../../src/migration/MigrationProgress.ts"
import { TestDatabase } from "../../src/testing/index.ts"
import {
  assertClean,
  directory,
  eventually,
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

const runAll = (statements: string) => Effect.forEach(statements.split("; "), run)

const up = (path: string) => Effect.flatMap(migratorOf(path), (migrator) => migrator.up())

/** Puts the history to what a runner leaves that was killed in statement `n`, which it had announced. */
const asKilledIn = (begun: string) =>
  run(`UPDATE pgkeel.migrations SET state = 'started', begun = encode(sha256('${begun.replaceAll("'", "''")}'), 'hex'),
    known_indexes = coalesce(known_indexes, '{}') WHERE id = '1'`)

/** A module that needs `effect`, which a directory elsewhere does not have. */
const vacuum = `import { SqlClient } from "${import.meta.resolve("effect/sql")}"
import { Effect } from "${import.meta.resolve("effect")}"
export const up = Effect.flatMap(SqlClient.SqlClient, (sql) => sql.unsafe("VACUUM a"))
`

const validIndex = (name: string) => scalar(`SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('${name}')`)

describe("a migration without a transaction", () => {
  test("is one with a statement that cannot have one, or one that says so, and its row tells how it went", () =>
    Effect.gen(function* () {
      const path = yield* directory({
        "1_a.up.sql": "CREATE TABLE a (id int);\nCREATE INDEX CONCURRENTLY ON a (id);\nVACUUM a;",
        "1_a.down.sql": "DROP INDEX CONCURRENTLY a_id_idx; DROP TABLE a;",
        "2_b.up.sql": "-- pgkeel:no-transaction\nCREATE TABLE b (); SELECT 1 FROM b;",
        "2_b.down.sql": "DROP TABLE b;"
      })
      const migrator = yield* migratorOf(path)
      yield* migrator.up()
      assert.strictEqual(yield* validIndex("a_id_idx"), true)
      assert.deepStrictEqual(
        (yield* history).map(({ state, statements }) => [state, statements]),
        [
          ["applied", 3],
          ["applied", 2]
        ]
      )
      yield* migrator.down({ all: true })
      assert.strictEqual(yield* exists("a"), false)
      assert.deepStrictEqual(
        (yield* history).map(({ state, statements }) => [state, statements]),
        [
          ["reverted", 2],
          ["reverted", 1]
        ]
      )
      assert.strictEqual((yield* migrator.up()).applied.length, 2)
      yield* assertClean
    }))

  test("runs by itself what its text does not tell to need that, also where only the server can say", () =>
    Effect.gen(function* () {
      const path = yield* directory({
        "1_p.up.sql": `CREATE TABLE p (id int) PARTITION BY LIST (id);
          CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1); CREATE INDEX p_id ON p (id);`,
        "2_r.up.sql": "-- pgkeel:no-transaction\nREINDEX INDEX p_id; REINDEX TABLE p;",
        "3_s.up.sql":
          "-- pgkeel:no-transaction\nCREATE TABLE s ();\nCREATE SUBSCRIPTION s CONNECTION 'port=1' PUBLICATION x;"
      })
      const migrator = yield* migratorOf(path)
      const reason = yield* reasonOf(migrator.up())
      assert(reason._tag === "StatementFailed")
      assert.deepInclude({ ...reason }, { id: "3", statement: 2, transaction: false })
      assert.include(reason.message, "could not connect to the publisher")
      assert.deepStrictEqual(
        (yield* history).map(({ state, statements }) => [state, statements]),
        [
          ["applied", 3],
          ["applied", 2],
          ["failed", 1]
        ]
      )
    }))

  test("is told by its row to have started while it runs, and by its text to need none", () =>
    Effect.gen(function* () {
      const path = yield* directory({
        "1_a.up.sql": `CREATE TABLE a (); ALTER SYSTEM RESET bgwriter_delay; VACUUM FULL a; REINDEX SCHEMA public;
          SELECT pg_advisory_lock(11), pg_advisory_unlock(11);`
      })
      const sql = yield* SqlClient.SqlClient
      const holder = yield* sql.reserve
      yield* holder.executeRaw("SELECT pg_advisory_lock(11)", [])
      const running = yield* Effect.forkChild(up(path))
      yield* eventually(
        Effect.filterOrFail(
          history,
          ([row]) => row?.state === "started" && row.statements === 4,
          () => "not yet"
        )
      )
      yield* holder.executeRaw("SELECT pg_advisory_unlock(11)", [])
      yield* Fiber.join(running)
      assert.deepInclude((yield* history)[0], { state: "applied", statements: 5 })
    }))

  test("is what a statement is told to need that cannot have a transaction, or ends it", () =>
    Effect.gen(function* () {
      const path = yield* directory({ "1_a.up.sql": "CREATE TABLE a (id int) PARTITION BY LIST (id);" })
      yield* up(path)
      for (const statement of ["REINDEX TABLE a", "DO $$ BEGIN COMMIT; END $$"]) {
        yield* write(path, { "2_b.up.sql": statement })
        const { message } = yield* reasonOf(up(path))
        assert.match(
          message,
          /let the migration run without one: begin its file with `-- pgkeel:no-transaction`; it was/
        )
        yield* write(path, { "2_b.up.sql": `-- pgkeel:no-transaction\n${statement}` })
        yield* up(path)
        yield* run("DELETE FROM pgkeel.migrations WHERE id = '2'")
      }
      for (const statement of [
        "SELECT 1; SET TRANSACTION ISOLATION LEVEL SERIALIZABLE",
        "-- pgkeel:no-transaction\nDO $$ BEGIN BEGIN COMMIT; EXCEPTION WHEN division_by_zero THEN NULL; END; END $$"
      ]) {
        yield* write(path, { "2_b.up.sql": statement })
        assert.notInclude((yield* reasonOf(up(path))).message, "let the migration run without one", statement)
        yield* run("DELETE FROM pgkeel.migrations WHERE id = '2'")
      }
      yield* write(path, { "2_b.up.sql": undefined, "2_b.ts": vacuum })
      assert.match(
        (yield* reasonOf(up(path))).message,
        /let the migration run without one: give it `transaction: false`, in a module `export const transaction = false`;/
      )
      yield* write(path, { "2_b.ts": undefined, "2_b.up.sql": "CREATE TYPE mood AS ENUM ('calm');" })
      yield* up(path)
      yield* write(path, { "3_c.up.sql": "ALTER TYPE mood ADD VALUE 'glad'; SELECT 'glad'::mood;" })
      assert.include((yield* reasonOf(up(path))).message, "add the value in a migration of its own, before this one")
    }))

  test("keeps what had finished when it fails, goes on there once the rest is corrected, and runs nothing twice", () =>
    Effect.gen(function* () {
      const begin = "-- pgkeel:no-transaction\nCREATE TABLE a (id int);\nINSERT INTO a VALUES (1);\n"
      const path = yield* directory({ "1_a.up.sql": `${begin}INSERT INTO nowhere VALUES (1);` })
      const migrator = yield* migratorOf(path)
      const reason = yield* reasonOf(migrator.up())
      assert(reason._tag === "StatementFailed")
      assert.deepInclude({ ...reason }, { statement: 3, line: 4, transaction: false })
      assert.include(reason.message, "what stands before that statement stays, and is not run again")
      assert.deepInclude((yield* history)[0], { state: "failed", statements: 2 })
      yield* assertClean
      yield* write(path, { "1_a.up.sql": `${begin}INSERT INTO a VALUES (2);` })
      yield* migrator.up()
      assert.strictEqual(yield* scalar("SELECT string_agg(id::text, '' ORDER BY id) FROM a"), "12")
      assert.deepInclude((yield* history)[0], { state: "applied", statements: 3, error: null })
    }))

  test("is not gone on with when what has run was edited, or when it is to have a transaction now", () =>
    Effect.gen(function* () {
      const path = yield* directory({ "1_a.up.sql": "-- pgkeel:no-transaction\nCREATE TABLE a (); SELECT 1/0;" })
      const migrator = yield* migratorOf(path)
      yield* Effect.flip(migrator.up())
      for (const text of ["-- pgkeel:no-transaction\nCREATE TABLE b (); SELECT 1;", "SELECT 1"]) {
        yield* write(path, { "1_a.up.sql": text })
        const reason = yield* reasonOf(migrator.up())
        assert(reason._tag === "ResumeMismatch")
        assert.strictEqual(reason.statements, 1)
        assert.include(reason.message, "stopped after the first statement, which ran without a transaction and stay")
        assert.deepStrictEqual(yield* reasonOf(migrator.plan()), reason)
      }
      assert.strictEqual(yield* exists("b"), false)
    }))

  test("keeps its settings from the first statement to the last, has them again when it goes on, and leaves none", () =>
    Effect.gen(function* () {
      const seen =
        "INSERT INTO public.seen SELECT current_setting('work_mem'), current_setting('search_path'), current_user;"
      const begin = `-- pgkeel:no-transaction
        CREATE TABLE public.seen (memory text, path text, role text); GRANT INSERT ON public.seen TO pg_monitor;
        SET work_mem = '3MB'; SELECT set_config('search_path', 'pg_catalog', false); SET ROLE pg_monitor; ${seen}`
      const path = yield* directory({ "1_a.up.sql": `${begin} SELECT 1/0;` })
      const migrator = yield* migratorOf(path)
      yield* Effect.flip(migrator.up())
      assert.notStrictEqual(yield* scalar("SHOW work_mem"), "3MB")
      yield* write(path, { "1_a.up.sql": `${begin} ${seen}` })
      yield* migrator.up()
      const rows = yield* run("SELECT DISTINCT memory, path, role FROM seen")
      assert.deepStrictEqual(rows, [{ memory: "3MB", path: "pg_catalog", role: "pg_monitor" }])
      assert.strictEqual(yield* scalar("SELECT count(*)::int FROM seen"), 2)
      assert.strictEqual(yield* scalar("SELECT current_user = session_user"), true)
    }))

  test("reverts in steps too, and goes on with the down where it stopped", () =>
    Effect.gen(function* () {
      const begin = "-- pgkeel:no-transaction\nDROP TABLE b;"
      const path = yield* directory({
        "1_a.up.sql": "CREATE TABLE a (); CREATE TABLE b ();",
        "1_a.down.sql": `${begin} DROP TABLE nowhere;`
      })
      const migrator = yield* migratorOf(path)
      yield* migrator.up()
      yield* Effect.flip(migrator.down({ steps: 1 }))
      assert.strictEqual(yield* exists("b"), false)
      assert.deepInclude((yield* history)[0], { state: "applied" })
      yield* write(path, { "1_a.down.sql": `${begin} DROP TABLE a;` })
      yield* migrator.down({ steps: 1 })
      assert.strictEqual(yield* exists("a"), false)
      assert.deepInclude((yield* history)[0], { state: "reverted", statements: 2, error: null })
    }))

  test("that stopped on its way keeps what it stands on: no earlier one is reverted, and no later one applied", () =>
    Effect.gen(function* () {
      const upTo = (rest: string) => `-- pgkeel:no-transaction\nALTER TABLE a ADD c int; ${rest}`
      const downTo = (rest: string) => `-- pgkeel:no-transaction\nALTER TABLE a DROP c; ${rest}`
      const path = yield* directory({
        "1_a.up.sql": "CREATE TABLE a ();",
        "1_a.down.sql": "DROP TABLE a;",
        "2_b.up.sql": upTo("SELECT 1/0;"),
        "2_b.down.sql": downTo("SELECT 1/0;")
      })
      const migrator = yield* migratorOf(path)
      yield* Effect.flip(migrator.up())
      const target = { steps: 1, direction: "down" } as const
      for (const call of [
        Effect.asVoid(migrator.down(target)),
        Effect.asVoid(migrator.redo()),
        Effect.asVoid(migrator.plan(target))
      ]) {
        const reason = yield* reasonOf(call)
        assert(reason._tag === "HalfDone")
        assert.include(reason.message, 'migration 2 "b" (app) was applied in part')
      }
      assert.strictEqual(yield* exists("a"), true)
      yield* write(path, { "2_b.up.sql": upTo("SELECT 1;") })
      yield* migrator.up()
      yield* Effect.flip(migrator.down({ steps: 1 }))
      yield* write(path, { "3_c.up.sql": "CREATE TABLE c ();" })
      for (const call of [Effect.asVoid(migrator.up()), Effect.asVoid(migrator.plan())]) {
        const reason = yield* reasonOf(call)
        assert(reason._tag === "HalfDone")
        assert.include(reason.message, 'migration 2 "b" (app) was reverted in part')
      }
      yield* write(path, { "2_b.down.sql": downTo("SELECT 1;") })
      yield* migrator.down({ all: true })
      assert.strictEqual(yield* exists("a"), false)
      assert.strictEqual((yield* migrator.up()).applied.length, 3)
    }))

  test("that was killed on its way down is reverting: up refuses with nothing to apply, until a down or a repair ends it", () =>
    Effect.gen(function* () {
      const path = yield* directory({
        "1_a.up.sql": "CREATE TABLE a (); CREATE TABLE b ();",
        "1_a.down.sql": "-- pgkeel:no-transaction\nDROP TABLE b; DROP TABLE a;"
      })
      const migrator = yield* migratorOf(path)
      yield* migrator.up()
      yield* run("CREATE VIEW v AS SELECT FROM a")
      yield* Effect.flip(migrator.down({ steps: 1 }))
      // A runner that was killed leaves no word of why.
      yield* run("UPDATE pgkeel.migrations SET error = NULL")
      const [status] = yield* migrator.status()
      assert.deepStrictEqual([status?.state, status?.problem?._tag], ["reverting", "HalfDone"])
      const reason = yield* reasonOf(migrator.up())
      assert(reason._tag === "HalfDone")
      assert.include(reason.message, "go on with `pgkeel migrate down --namespace app`")
      // Whatever its file says by now.
      yield* write(path, { "1_a.up.sql": "CREATE TABLE a (); CREATE TABLE c ();" })
      assert.strictEqual((yield* reasonOf(migrator.up()))._tag, "HalfDone")
      yield* run("DROP VIEW v")
      yield* migrator.down({ steps: 1 })
      assert.strictEqual((yield* migrator.status())[0]?.state, "reverted")
      yield* migrator.up()
      // Announced, and not seen to end: whether it has happened is not known.
      yield* run("UPDATE pgkeel.migrations SET reverting = 0, done_checksum = '', begun = ''")
      assert.strictEqual((yield* migrator.status())[0]?.state, "reverting")
      // Begun, and broken off before the first statement: nothing is missing.
      yield* run("UPDATE pgkeel.migrations SET begun = NULL")
      assert.strictEqual((yield* migrator.status())[0]?.state, "applied")
      assert.deepStrictEqual((yield* migrator.up()).applied, [])
    }))

  test("that stopped on its way up is what a down would be about, and nothing else is: it refuses", () =>
    Effect.gen(function* () {
      const path = yield* directory({ "1_a.up.sql": "-- pgkeel:no-transaction\nCREATE TABLE a (); SELECT 1/0;" })
      const migrator = yield* migratorOf(path)
      yield* Effect.flip(migrator.up())
      for (const call of [
        Effect.asVoid(migrator.down({ steps: 1 })),
        Effect.asVoid(migrator.down({ all: true })),
        Effect.asVoid(migrator.redo()),
        Effect.asVoid(migrator.plan({ direction: "down", all: true }))
      ]) {
        const reason = yield* reasonOf(call)
        assert(reason._tag === "HalfDone")
        assert.include(reason.message, "finish it with `pgkeel migrate up`")
      }
      assert.deepStrictEqual((yield* migrator.down({ steps: 0 })).reverted, [])
    }))

  test("in code is begun again where it was broken off, and its statements are their own transactions", () =>
    Effect.gen(function* () {
      let fails = true
      const step = Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        yield* sql`CREATE TABLE IF NOT EXISTS runs (id int)`
        yield* sql.withTransaction(sql`INSERT INTO runs VALUES (1)`)
        if (fails) yield* Effect.fail(new Error("not yet"))
      })
      const migrator = yield* makeMigrator({
        sources: [{ namespace: "app", migrations: [{ id: "1", name: "runs", up: step, transaction: false }] }]
      })
      const reason = yield* reasonOf(migrator.up())
      assert(reason._tag === "EffectFailed")
      assert.include(reason.message, "it has no transaction, so what it did stays")
      fails = false
      yield* migrator.up()
      assert.strictEqual(yield* scalar("SELECT count(*)::int FROM runs"), 2)
      assert.deepInclude((yield* history)[0], { state: "applied", statements: 1 })
    }))
})

describe("a statement whose end was not seen", () => {
  const create = "CREATE INDEX CONCURRENTLY i ON a (id)"

  test("builds what IF NOT EXISTS would pass over, the INVALID index that an attempt by hand has left", () =>
    Effect.gen(function* () {
      yield* runAll("CREATE TABLE a (id int); INSERT INTO a VALUES (1), (1)")
      yield* Effect.flip(run("CREATE UNIQUE INDEX CONCURRENTLY i ON a (id)"))
      yield* run("DELETE FROM a")
      const path = yield* directory({ "1_a.up.sql": "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS i ON a (id);" })
      yield* up(path)
      assert.strictEqual(yield* validIndex("i"), true)
    }))

  test("and which refused leaves no INVALID index, and the next run builds it", () =>
    Effect.gen(function* () {
      const path = yield* directory({
        "1_a.up.sql": `-- pgkeel:no-transaction
          CREATE TABLE a (id int); INSERT INTO a VALUES (1), (1); CREATE UNIQUE INDEX CONCURRENTLY i ON a (id);`
      })
      const reason = yield* reasonOf(up(path))
      assert(reason._tag === "StatementFailed")
      assert.strictEqual(reason.cause.reason._tag, "UniqueViolation")
      assert.strictEqual(yield* exists("i"), false)
      yield* run("DELETE FROM a")
      yield* up(path)
      assert.strictEqual(yield* validIndex("i"), true)
    }))

  for (const index of ["i", ""]) {
    const statement = `CREATE UNIQUE INDEX CONCURRENTLY ${index} ON a (id)`
    const name = index === "" ? "a_id_idx" : index
    test(`is run again after its INVALID index ${index === "" ? "without a name " : ""}is gone, and others stay`, () =>
      Effect.gen(function* () {
        const path = yield* directory({ "1_a.up.sql": `${statement}; VACUUM a;` })
        yield* runAll("CREATE TABLE a (id int); INSERT INTO a VALUES (1), (1)")
        yield* Effect.ignore(run("CREATE UNIQUE INDEX CONCURRENTLY other ON a (id)"))
        yield* Effect.flip(up(path))
        yield* asKilledIn(statement)
        yield* run("UPDATE pgkeel.migrations SET known_indexes = ARRAY['other'::regclass::oid]")
        yield* Effect.ignore(run(statement))
        assert.strictEqual(yield* validIndex(name), false)
        yield* run("DELETE FROM a")
        yield* up(path)
        assert.strictEqual(yield* validIndex(name), true)
        assert.strictEqual(yield* validIndex("other"), false)
        assert.strictEqual(yield* scalar("SELECT count(*)::int FROM pg_index WHERE indrelid = 'a'::regclass"), 2)
      }))
  }

  test("is not run again when its index is there and valid", () =>
    Effect.gen(function* () {
      const path = yield* directory({ "1_a.up.sql": `${create}; VACUUM nowhere;` })
      yield* run("CREATE TABLE a (id int)")
      yield* Effect.flip(up(path))
      yield* run("UPDATE pgkeel.migrations SET statements = 0, done_checksum = encode(sha256(''), 'hex')")
      yield* asKilledIn(create)
      yield* write(path, { "1_a.up.sql": `${create}; VACUUM a;` })
      yield* up(path)
      assert.strictEqual(yield* validIndex("i"), true)
    }))

  const begunAgain: ReadonlyArray<readonly [statement: string, before: string, halfDone: string, after: string]> = [
    [
      "DROP INDEX CONCURRENTLY i",
      "CREATE TABLE a (id int); CREATE INDEX i ON a (id)",
      "DROP INDEX i",
      "SELECT to_regclass('i') IS NULL"
    ],
    [
      "DROP INDEX CONCURRENTLY i",
      "CREATE TABLE a (id int); CREATE INDEX i ON a (id)",
      "",
      "SELECT to_regclass('i') IS NULL"
    ],
    [
      "ALTER TABLE p DETACH PARTITION q CONCURRENTLY",
      "CREATE TABLE p (id int) PARTITION BY LIST (id); CREATE TABLE q PARTITION OF p FOR VALUES IN (1)",
      "",
      "SELECT NOT relispartition FROM pg_class WHERE oid = 'q'::regclass"
    ],
    [
      "ALTER TABLE p DETACH PARTITION q CONCURRENTLY",
      "CREATE TABLE p (id int) PARTITION BY LIST (id); CREATE TABLE q PARTITION OF p FOR VALUES IN (1)",
      "ALTER TABLE p DETACH PARTITION q",
      "SELECT NOT relispartition FROM pg_class WHERE oid = 'q'::regclass"
    ],
    ["REINDEX TABLE CONCURRENTLY a", "CREATE TABLE a (id int); CREATE INDEX i ON a (id)", "", "SELECT true"],
    ["VACUUM FULL a", "CREATE TABLE a (id int)", "VACUUM FULL a", "SELECT true"]
  ]
  for (const [statement, before, halfDone, after] of begunAgain) {
    test(`ends as an undisturbed one: ${statement}, ${halfDone === "" ? "not done" : "done"}`, () =>
      Effect.gen(function* () {
        const path = yield* directory({ "1_a.up.sql": `-- pgkeel:no-transaction\nSELECT 1/0; ${statement};` })
        yield* runAll(before)
        yield* Effect.flip(up(path))
        yield* write(path, { "1_a.up.sql": `-- pgkeel:no-transaction\n${statement};` })
        yield* asKilledIn(statement)
        if (halfDone !== "") yield* run(halfDone)
        yield* up(path)
        assert.strictEqual(yield* scalar(after), true)
        assert.deepInclude((yield* history)[0], { state: "applied", statements: 1 })
      }))
  }

  test("after the server had refused it a transaction is told by nothing, to up and to plan alike", () =>
    Effect.gen(function* () {
      const statement = "CREATE SUBSCRIPTION s CONNECTION 'host=/nonexistent dbname=x' PUBLICATION p"
      const path = yield* directory({ "1_a.up.sql": `-- pgkeel:no-transaction\nCREATE TABLE a ();\n${statement};` })
      yield* Effect.flip(up(path))
      yield* asKilledIn(statement)
      const reason = yield* reasonOf(up(path))
      assert(reason._tag === "StatementUncertain")
      assert.deepInclude({ ...reason }, { statement: 2, line: 3 })
      assert.deepStrictEqual(yield* reasonOf((yield* migratorOf(path)).plan()), reason)
    }))

  test("and which the database does not show stops the migration, and says what to check", () =>
    Effect.gen(function* () {
      const path = yield* directory({ "1_a.up.sql": "-- pgkeel:no-transaction\nCALL p();" })
      yield* Effect.flip(up(path))
      yield* asKilledIn("CALL p()")
      const reason = yield* reasonOf(up(path))
      assert(reason._tag === "StatementUncertain")
      assert.deepInclude({ ...reason }, { statement: 1, line: 2, file: "1_a.up.sql" })
      assert.include(reason.message, "it may have committed some of its work by itself. Check what it should have done")
      const migrator = yield* migratorOf(path)
      assert.deepStrictEqual(yield* reasonOf(migrator.plan()), reason)
      for (const text of ["-- pgkeel:no-transaction\nCALL p(1);", "SELECT 1;"]) {
        yield* write(path, { "1_a.up.sql": text })
        const edited = yield* reasonOf(migrator.up())
        assert(edited._tag === "StatementUncertain", edited._tag)
        assert.include(edited.message, "the statement was edited since it was begun")
        assert.deepStrictEqual(yield* reasonOf(migrator.plan()), edited)
      }
    }))
})

describe("locks that are not free", () => {
  const busy = "CREATE TABLE busy (a int); INSERT INTO busy VALUES (1)"

  test("make a migration go out of the way and come back: readers go on, and it gets through in the end", () =>
    Effect.gen(function* () {
      const { url } = yield* TestDatabase
      yield* runAll(busy)
      const path = yield* directory({ "1_a.up.sql": "CREATE TABLE once (); ALTER TABLE busy ADD COLUMN b int;" })
      const events: Array<MigrationProgress> = []
      const migrator = yield* migratorOf(path, {
        lockTimeout: "50 millis",
        lockAttempts: 100,
        lockBackoff: "50 millis",
        progress: (event) => Effect.sync(() => void events.push(event))
      })
      const sql = yield* SqlClient.SqlClient
      const migrating = yield* sql.withTransaction(
        Effect.gen(function* () {
          yield* sql`SELECT * FROM busy`
          const migrating = yield* Effect.forkDetach(migrator.up())
          yield* Effect.suspend(() =>
            events.filter(({ _tag }) => _tag === "Blocked").length > 1 ? Effect.void : Effect.fail("not yet")
          ).pipe(eventually)
          // Somebody who comes now does not stand behind the migration for longer than its lockTimeout.
          const read = Effect.flatMap(SqlClient.SqlClient, (reader) => reader`SELECT * FROM busy`)
          const rows = yield* Effect.provide(read, PgClient.layer({ url })).pipe(Effect.timeout("5 seconds"))
          assert.deepStrictEqual(rows, [{ a: 1 }])
          return migrating
        })
      )
      yield* Fiber.join(migrating)
      assert.strictEqual(
        yield* scalar("SELECT count(*)::int FROM information_schema.columns WHERE table_name = 'busy'"),
        2
      )
      assert.deepInclude((yield* history)[0], { state: "applied", statements: 2 })
      const finished = events.filter(({ _tag }) => _tag === "Finished" || _tag === "Started")
      assert.deepStrictEqual(
        finished.map(({ _tag, file, number, of }) => [_tag, file, number, of]),
        [
          ["Started", "1_a.up.sql", 1, 1],
          ["Finished", "1_a.up.sql", 1, 1]
        ]
      )
    }))

  test("make only the statement be tried again where there is no transaction", () =>
    Effect.gen(function* () {
      yield* runAll(busy)
      const path = yield* directory({
        "1_a.up.sql":
          "CREATE TABLE once (); CREATE INDEX CONCURRENTLY i ON busy (a); ALTER TABLE busy ADD COLUMN b int;"
      })
      const blocked: Array<number> = []
      const migrator = yield* migratorOf(path, {
        lockTimeout: "50 millis",
        lockAttempts: 100,
        lockBackoff: "20 millis",
        progress: (event) => Effect.sync(() => void (event._tag === "Blocked" && blocked.push(event.attempt)))
      })
      const sql = yield* SqlClient.SqlClient
      const migrating = yield* sql.withTransaction(
        Effect.gen(function* () {
          yield* sql`INSERT INTO busy VALUES (2)`
          const migrating = yield* Effect.forkDetach(migrator.up())
          yield* Effect.suspend(() => (blocked.length > 1 ? Effect.void : Effect.fail("not yet"))).pipe(eventually)
          return migrating
        })
      )
      yield* Fiber.join(migrating)
      assert.strictEqual(yield* validIndex("i"), true)
      assert.deepInclude((yield* history)[0], { state: "applied", statements: 3 })
      yield* assertClean
    }))
})
