import { assert, describe } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { SqlClient } from "effect/sql"
import type { MigrationProgress } from "../../src/migration/MigrationProgress.ts"
import type { MigratorOptions } from "../../src/migration/Migrator.ts"
import { busyWith, recording, states, told, up, upReason } from "./oneWrite.ts"
import { directory, eventually, exists, scalar, test, write } from "./support.ts"

describe("Migrations that are sent in one write", () => {
  test("stay applied in front of one that fails, and are not run behind it", () =>
    Effect.gen(function* () {
      const path = yield* directory({
        "1_a.up.sql": "CREATE TABLE a ();",
        "2_b.up.sql": "CREATE TABLE b ();",
        "3_c.up.sql": "CREATE TABLE c ();\nINSERT INTO c\n  SELECT nowhere;",
        "4_d.up.sql": "CREATE TABLE d ();",
        "5_e.up.sql": "CREATE TABLE e ();"
      })
      const reason = yield* upReason(path)
      assert(reason._tag === "StatementFailed")
      assert.deepInclude({ ...reason }, { id: "3", statement: 2, line: 3, column: 10 })
      assert.deepStrictEqual(yield* states, [
        ["1", "applied", 1],
        ["2", "applied", 1],
        ["3", "failed", 1]
      ])
      assert.deepStrictEqual([yield* exists("c"), yield* exists("d")], [false, false])
      yield* write(path, { "3_c.up.sql": "CREATE TABLE c ();" })
      assert.deepStrictEqual(
        (yield* up(path)).applied.map(({ id }) => id),
        ["3", "4", "5"]
      )
    }))

  test("are not run behind a COMMIT that the server refuses", () =>
    Effect.gen(function* () {
      const path = yield* directory({
        "1_a.up.sql": `
          CREATE TABLE parents (id int PRIMARY KEY);
          CREATE TABLE children (parent int REFERENCES parents DEFERRABLE INITIALLY DEFERRED);
          CREATE FUNCTION orphan() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            SET CONSTRAINTS ALL DEFERRED;
            INSERT INTO public.children VALUES (7);
            RETURN NULL;
          END $$;
          CREATE TRIGGER orphan AFTER INSERT ON pgkeel.migrations FOR EACH ROW
            WHEN (NEW.id = '2' AND NEW.state = 'applied') EXECUTE FUNCTION orphan();`,
        "2_b.up.sql": "CREATE TABLE b ();",
        "3_c.up.sql": "CREATE TABLE c ();"
      })
      const reason = yield* upReason(path)
      assert(reason._tag === "StatementFailed")
      assert.strictEqual(reason.id, "2")
      assert.deepInclude({ ...reason.cause.reason }, { _tag: "ForeignKeyViolation", phase: "commit_sent" })
      assert.deepStrictEqual([yield* exists("b"), yield* exists("c")], [false, false])
      assert.deepStrictEqual(yield* states, [
        ["1", "applied", 4],
        ["2", "failed", 1]
      ])
    }))

  test("wait for a lock in the middle, and go on in their order once it is there", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const path = yield* directory({ "1_a.up.sql": "CREATE TABLE a (id int);" })
      yield* up(path)
      yield* write(path, {
        "2_b.up.sql": "CREATE TABLE b ();",
        "3_c.up.sql": "ALTER TABLE a ADD name text;",
        "4_d.up.sql": "ALTER TABLE a ADD born date;"
      })
      const { events, progress } = recording()
      const reader = yield* sql.reserve
      yield* reader.executeRaw("BEGIN", [])
      yield* reader.executeRaw("SELECT FROM a", [])
      const options: Partial<MigratorOptions> = {
        lockTimeout: "50 millis",
        lockBackoff: "10 millis",
        progress: (event) =>
          Effect.andThen(
            progress(event),
            event._tag === "Blocked" ? Effect.ignore(reader.executeRaw("ROLLBACK", [])) : Effect.void
          )
      }
      assert.strictEqual((yield* up(path, options)).applied.length, 3)
      assert.deepStrictEqual(events, [
        "2 Started",
        "2 StatementFinished 1",
        "2 Finished",
        "3 Started",
        "3 Blocked",
        "3 StatementFinished 1",
        "3 Finished",
        "4 Started",
        "4 StatementFinished 1",
        "4 Finished"
      ])
      assert.strictEqual(
        yield* scalar(
          "SELECT string_agg(attname, ',' ORDER BY attnum) FROM pg_attribute WHERE attrelid = 'a'::regclass AND attnum > 0"
        ),
        "id,name,born"
      )
    }))

  test("tell what has finished while the next statement still runs", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const path = yield* directory({
        "1_a.up.sql": "CREATE TABLE a ();",
        "2_b.up.sql": "CREATE TABLE b (); SELECT pg_advisory_xact_lock(42); CREATE TABLE c ();",
        "3_d.up.sql": "SELECT pg_advisory_xact_lock(43);"
      })
      const { events, progress } = recording()
      const holder = yield* sql.reserve
      yield* holder.executeRaw("SELECT pg_advisory_lock(42), pg_advisory_lock(43)", [])
      const running = yield* Effect.forkChild(up(path, { progress, lockTimeout: "1 minute" }))
      yield* busyWith("SELECT pg_advisory_xact_lock(42)")
      yield* told(events, ["1 Started", "1 StatementFinished 1", "1 Finished", "2 Started", "2 StatementFinished 1"])
      yield* holder.executeRaw("SELECT pg_advisory_unlock(42)", [])
      yield* busyWith("SELECT pg_advisory_xact_lock(43)")
      yield* told(events, ["2 StatementFinished 2", "2 StatementFinished 3", "2 Finished", "3 Started"])
      yield* holder.executeRaw("SELECT pg_advisory_unlock(43)", [])
      yield* Fiber.join(running)
      yield* told(events, ["3 StatementFinished 1", "3 Finished"])
    }))

  test("wait for a hook that runs in front of each: nothing is sent ahead of it", () =>
    Effect.gen(function* () {
      const path = yield* directory({ "1_a.up.sql": "CREATE TABLE a ();", "2_b.up.sql": "CREATE TABLE b ();" })
      const seen: Array<unknown> = []
      const beforeEach = () =>
        Effect.flatMap(SqlClient.SqlClient, (sql) => sql`SELECT to_regclass('a') IS NOT NULL AS a`).pipe(
          Effect.map((rows) => seen.push(rows[0]))
        )
      yield* up(path, { hooks: { beforeEach } })
      assert.deepStrictEqual(seen, [{ a: false }, { a: true }])
    }))

  test("may be long, and hold any text", () =>
    Effect.gen(function* () {
      const long = `/* ${"x".repeat(200_000)} */`
      const path = yield* directory({
        "1_a.up.sql": `${long} CREATE TABLE a (); ${long} CREATE TABLE b ();`,
        "2_c.up.sql": `${long} CREATE TABLE c ();`,
        "3_d.up.sql": `${long} CREATE TABLE "d$1 é 漢 '"();`,
        "4_e.up.sql": "SELECT generate_series(1, 100000), 'row'; SELECT NULL; SELECT WHERE false;"
      })
      assert.strictEqual((yield* up(path)).applied.length, 4)
      assert.deepStrictEqual(yield* states, [
        ["1", "applied", 2],
        ["2", "applied", 1],
        ["3", "applied", 1],
        ["4", "applied", 3]
      ])
    }))
})

/** One table each, in more than the sixteen migrations that one write has; some of them others. */
const seventeen = (others: Record<string, string> = {}) =>
  directory({
    ...Object.fromEntries(Array.from({ length: 17 }, (_, at) => [`${at + 1}_t.up.sql`, `CREATE TABLE t${at + 1} ();`])),
    ...others
  })

describe("Migrations of the next write", () => {
  test("leave when those before are committed, although these have not been told of", () =>
    Effect.gen(function* () {
      const path = yield* seventeen()
      const applied = eventually(
        Effect.flatMap(exists("t17"), (found) => (found === true ? Effect.void : Effect.fail("not yet")))
      )
      const context = yield* Effect.context<SqlClient.SqlClient>()
      const { events, progress } = recording()
      const waiting = (event: MigrationProgress) =>
        event._tag === "Started" && event.id === "1"
          ? Effect.orDie(Effect.provideContext(applied, context))
          : progress(event)
      assert.strictEqual((yield* up(path, { progress: waiting })).applied.length, 17)
      assert.deepStrictEqual(events.slice(-3), ["17 Started", "17 StatementFinished 1", "17 Finished"])
    }))

  test("stay behind where the last of those before fails", () =>
    Effect.gen(function* () {
      const path = yield* seventeen({ "16_t.up.sql": "SELECT nowhere;" })
      const reason = yield* upReason(path)
      assert(reason._tag === "StatementFailed")
      assert.strictEqual(reason.id, "16")
      assert.deepStrictEqual([yield* exists("t15"), yield* exists("t17")], [true, false])
      yield* write(path, { "16_t.up.sql": "CREATE TABLE t16 ();" })
      assert.deepStrictEqual(
        (yield* up(path)).applied.map(({ id }) => id),
        ["16", "17"]
      )
    }))

  test("leave when it is their turn where one of those before has had to wait for a lock", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* sql`CREATE TABLE busy (id int)`
      const path = yield* seventeen({ "3_t.up.sql": "ALTER TABLE busy ADD name text;" })
      const reader = yield* sql.reserve
      yield* reader.executeRaw("BEGIN", [])
      yield* reader.executeRaw("SELECT FROM busy", [])
      const { events, progress } = recording()
      const freed = (event: MigrationProgress) =>
        event._tag === "Blocked" ? Effect.ignore(reader.executeRaw("ROLLBACK", [])) : progress(event)
      const result = yield* up(path, { lockTimeout: "50 millis", lockBackoff: "10 millis", progress: freed })
      assert.deepStrictEqual(
        result.applied.map(({ id }) => Number(id)),
        Array.from({ length: 17 }, (_, at) => at + 1)
      )
      assert.strictEqual(events.filter((event) => event.endsWith("Finished")).length, 17)
      assert.strictEqual(yield* exists("t17"), true)
    }))

  test("are cancelled where the run is interrupted while those before are told of", () =>
    Effect.gen(function* () {
      const path = yield* seventeen({ "17_t.up.sql": "CREATE TABLE t17 (); SELECT pg_sleep(600);" })
      const progress = ({ id }: MigrationProgress) => (id === "2" ? Effect.never : Effect.void)
      const running = yield* Effect.forkChild(up(path, { progress }))
      yield* busyWith("SELECT pg_sleep(600)")
      yield* Fiber.interrupt(running)
      assert.strictEqual((yield* states).length, 16)
      assert.strictEqual(yield* exists("t17"), false)
      yield* write(path, { "17_t.up.sql": "CREATE TABLE t17 ();" })
      assert.strictEqual((yield* up(path)).applied.length, 1)
    }))
})
