/** The server keeps what is the same for all migrations under names, and a migration may take these away. */
import { assert, describe } from "@effect/vitest"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { TestDatabase } from "../../src/testing/index.ts"
import { recording, states, up, upReason } from "./oneWrite.ts"
import { directory, migratorOf, ownClient, scalar, test } from "./support.ts"

const hidden = "DO $$ BEGIN EXECUTE 'DEALLOCATE ALL'; END $$;"

describe("Migrations that take prepared statements away", () => {
  test("are applied, whether they say so or do it in a function", () =>
    Effect.gen(function* () {
      const path = yield* directory({
        "1_a.up.sql": "CREATE TABLE a ();",
        "2_b.up.sql": "CREATE TABLE b (); DEALLOCATE ALL;",
        "3_c.up.sql": hidden,
        "4_d.up.sql": "CREATE TABLE d ();",
        "5_e.up.sql": "CREATE TABLE e ();"
      })
      assert.strictEqual((yield* up(path)).applied.length, 5)
    }))

  test("are run once where they say so: what is outside of their transaction is done once", () =>
    Effect.gen(function* () {
      const path = yield* directory({
        "1_a.up.sql": "CREATE SEQUENCE s;",
        "2_b.up.sql": "SELECT nextval('s'); deallocate all;"
      })
      assert.strictEqual((yield* up(path)).applied.length, 2)
      assert.strictEqual(yield* scalar("SELECT last_value::int FROM s"), 1)
    }))

  test("are told of, and recorded, with the statements that they have, where they are run again", () =>
    Effect.gen(function* () {
      const path = yield* directory({
        "1_a.up.sql": "CREATE TABLE a ();",
        "2_b.up.sql": `${hidden} SELECT 1; SELECT 2;`
      })
      const { events, progress } = recording()
      yield* up(path, { progress })
      assert.deepStrictEqual(events.slice(-2), ["2 StatementFinished 3", "2 Finished"])
      assert.deepStrictEqual(yield* states, [
        ["1", "applied", 1],
        ["2", "applied", 3]
      ])
    }))

  test("are not taken for those whose own error has the code of a plan that is not valid any more", () =>
    Effect.gen(function* () {
      const path = yield* directory({
        "1_a.up.sql": `CREATE SEQUENCE s; CREATE TABLE a (id int);
          CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN RAISE EXCEPTION 'not here' USING ERRCODE = '0A000'; END $$;
          CREATE CONSTRAINT TRIGGER later AFTER INSERT ON a DEFERRABLE INITIALLY DEFERRED
            FOR EACH ROW EXECUTE FUNCTION refuse();`,
        "2_b.up.sql": "SELECT nextval('s'); INSERT INTO a VALUES (1); SELECT 1;"
      })
      yield* upReason(path)
      assert.strictEqual(yield* scalar("SELECT last_value::int FROM s"), 1)
      assert.deepStrictEqual((yield* states)[1], ["2", "failed", 3])
    }))

  test("are recorded as failed where they fail behind that", () =>
    Effect.gen(function* () {
      const path = yield* directory({ "1_a.up.sql": "CREATE TABLE a (); DEALLOCATE ALL; SELECT nowhere;" })
      const reason = yield* upReason(path)
      assert.strictEqual(reason._tag, "StatementFailed")
      assert.deepStrictEqual(yield* states, [["1", "failed", 2]])
    }))

  test("may stand between such as have no transaction, or have none", () =>
    Effect.gen(function* () {
      const alone = (text: string) => `-- pgkeel:no-transaction\n${text}`
      const path = yield* directory({
        "1_a.up.sql": alone("CREATE TABLE a ();"),
        "2_b.up.sql": "CREATE TABLE b (); DEALLOCATE ALL;",
        "3_c.up.sql": alone("CREATE TABLE c (); DEALLOCATE ALL; CREATE TABLE d ();"),
        "4_e.up.sql": alone("CREATE TABLE e ();")
      })
      assert.strictEqual((yield* up(path)).applied.length, 4)
    }))

  test("leave nothing behind: after one run on the connection the next has the names again", () =>
    Effect.gen(function* () {
      const { url } = yield* TestDatabase
      yield* Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const names = Effect.map(
          sql<{ name: string }>`SELECT name FROM pg_prepared_statements WHERE name LIKE 'pgkeel%' ORDER BY name`,
          (rows) => rows.map(({ name }) => name)
        )
        const run = (id: number) =>
          Effect.gen(function* () {
            const path = yield* directory(
              Object.fromEntries(Array.from({ length: id }, (_, at) => [`${at + 1}_t.up.sql`, `SELECT ${at + 1};`]))
            )
            return (yield* (yield* migratorOf(path)).up()).applied.length
          })
        assert.strictEqual(yield* run(1), 1)
        const before = yield* names
        assert.isAbove(before.length, 2)
        for (const [at, name] of before.entries()) {
          yield* sql.unsafe(`DEALLOCATE ${name}`)
          assert.strictEqual(yield* run(2 * at + 2), 1)
          assert.strictEqual(yield* run(2 * at + 3), 1)
          assert.deepStrictEqual(yield* names, before)
        }
      }).pipe(Effect.provide(ownClient(url), { local: true }))
    }))
})
