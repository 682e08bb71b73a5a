/** The histories of other tools, in tables as these tools make them (their DDL, seen in databases that they have migrated). */
import { assert, describe } from "@effect/vitest"
import { PgMigrator } from "@effect/sql-pg"
import { createHash } from "node:crypto"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import * as EffectMigrator from "effect/sql/Migrator"
import type { ForeignTool } from "../../src/migration/Migrator.ts"
import { assertClean, directory, exists, makeMigrator, migratorOf, reasonOf, scalar, test, write } from "./support.ts"

interface Case {
  /** Makes the table, and the rows of a tool that has applied the first two of three migrations. */
  readonly history: ReadonlyArray<string>
  readonly table: string
  readonly files: Record<string, string>
  /** When the two were applied, as the tool tells it. */
  readonly times: readonly [number | undefined, number | undefined]
  /** Makes the history one of a run that broke off, and what is then refused. */
  readonly unfinished?: readonly [statement: string, names: string]
  /** Adds something that has no file, and how it is called. */
  readonly strange: readonly [statement: string, name: string]
}

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex")

const first = "CREATE TABLE a (id int);\n--> statement-breakpoint\nCREATE TABLE aa (id int);\n"
const second = "CREATE TABLE b (id int);\n"
const third = "CREATE TABLE c (id int);\n"

const at = [Date.UTC(2024, 1, 28, 12, 30, 56, 789), Date.UTC(2025, 5, 1, 8, 0, 0, 0)] as const
const instant = at.map((millis) => `to_timestamp(${millis} / 1000.0)`)

const numbered = { "1_a.up.sql": first, "2_b.up.sql": second, "3_c.up.sql": third }

const cases: Record<ForeignTool, Case> = {
  effect: {
    table: "public.effect_sql_migrations",
    history: [
      "CREATE TABLE effect_sql_migrations (migration_id integer primary key, created_at timestamp with time zone not null default now(), name text not null)",
      `INSERT INTO effect_sql_migrations VALUES (1, ${instant[0]}, 'a'), (2, ${instant[1]}, 'b')`
    ],
    files: { "0001_a.up.sql": first, "0002_b.up.sql": second, "0003_c.up.sql": third },
    times: at,
    strange: ["UPDATE effect_sql_migrations SET name = 'bee' WHERE migration_id = 2", "2_bee"]
  },
  drizzle: {
    table: "drizzle.__drizzle_migrations",
    history: [
      "CREATE SCHEMA drizzle",
      "CREATE TABLE drizzle.__drizzle_migrations (id SERIAL PRIMARY KEY, hash text NOT NULL, created_at bigint)",
      `INSERT INTO drizzle.__drizzle_migrations (hash, created_at) VALUES ('${sha256(first)}', ${at[0]}), ('${sha256("edited since")}', ${at[1]})`
    ],
    files: {
      "0000_a.up.sql": first,
      "0001_b.up.sql": second,
      "0002_c.up.sql": third,
      "meta/_journal.json": JSON.stringify({
        version: "7",
        dialect: "postgresql",
        entries: [{ idx: 1, version: "7", when: at[1], tag: "0001_b", breakpoints: true }]
      })
    },
    times: at,
    strange: [
      "INSERT INTO drizzle.__drizzle_migrations (hash, created_at) VALUES ('0123456789abcdef', 7)",
      "the one with hash 0123456789ab"
    ]
  },
  prisma: {
    table: "public._prisma_migrations",
    history: [
      `CREATE TABLE _prisma_migrations (
        id VARCHAR(36) PRIMARY KEY NOT NULL,
        checksum VARCHAR(64) NOT NULL,
        finished_at TIMESTAMPTZ,
        migration_name VARCHAR(255) NOT NULL,
        logs TEXT,
        rolled_back_at TIMESTAMPTZ,
        started_at TIMESTAMPTZ NOT NULL DEFAULT now(),
        applied_steps_count INTEGER NOT NULL DEFAULT 0
      )`,
      `INSERT INTO _prisma_migrations (id, checksum, finished_at, migration_name, rolled_back_at, started_at) VALUES
        ('1', '', ${instant[0]}, '20240228123056_a', NULL, now()),
        ('2', '', NULL, '20250601080000_b', now(), now()),
        ('3', '', ${instant[1]}, '20250601080000_b', NULL, now())`
    ],
    files: {
      "20240228123056_a/up.sql": first,
      "20250601080000_b/up.sql": second,
      "20250701080000_c/up.sql": third,
      "migration_lock.toml": 'provider = "postgresql"'
    },
    times: at,
    unfinished: ["UPDATE _prisma_migrations SET rolled_back_at = NULL WHERE id = '2'", "20250601080000_b"],
    strange: [
      "UPDATE _prisma_migrations SET migration_name = '20250601080000_bee' WHERE id = '3'",
      "20250601080000_bee"
    ]
  },
  "node-pg-migrate": {
    table: "public.pgmigrations",
    history: [
      "CREATE TABLE pgmigrations (id SERIAL PRIMARY KEY, name varchar(255) NOT NULL, run_on timestamp NOT NULL)",
      `INSERT INTO pgmigrations (name, run_on) VALUES
        ('1709123456789_create-a', ${instant[0]}), ('1748764800000_create-b', ${instant[1]})`
    ],
    files: {
      "1709123456789_create-a.up.sql": first,
      "1748764800000_create-b.up.sql": second,
      "1751356800000_create-c.up.sql": third
    },
    times: at,
    strange: [
      "INSERT INTO pgmigrations (name, run_on) VALUES ('1748764800001_create-z', now())",
      "1748764800001_create-z"
    ]
  },
  flyway: {
    table: "public.flyway_schema_history",
    history: [
      `CREATE TABLE flyway_schema_history (
        installed_rank INT NOT NULL,
        version VARCHAR(50),
        description VARCHAR(200) NOT NULL,
        type VARCHAR(20) NOT NULL,
        script VARCHAR(1000) NOT NULL,
        checksum INTEGER,
        installed_by VARCHAR(100) NOT NULL,
        installed_on TIMESTAMP NOT NULL DEFAULT now(),
        execution_time INTEGER NOT NULL,
        success BOOLEAN NOT NULL
      )`,
      "ALTER TABLE flyway_schema_history ADD CONSTRAINT flyway_schema_history_pk PRIMARY KEY (installed_rank)",
      "CREATE INDEX flyway_schema_history_s_idx ON flyway_schema_history (success)",
      `INSERT INTO flyway_schema_history VALUES
        (0, NULL, '<< Flyway Schema Creation >>', 'SCHEMA', '"app"', NULL, 'me', now(), 0, true),
        (1, '1', 'the first', 'SQL', 'V1__the_first.sql', 1, 'me', ${instant[0]}, 3, true),
        (2, '2024.02', 'b', 'SQL', 'V2024.02__b.sql', 2, 'me', now(), 3, true),
        (3, '2024.03', 'c', 'SQL', 'V2024.03__c.sql', 2, 'me', now(), 3, true),
        (4, NULL, 'views', 'SQL', 'R__views.sql', 2, 'me', now(), 3, true),
        (5, '2024.03', 'c', 'UNDO_SQL', 'U2024.03__c.sql', 2, 'me', now(), 3, true),
        (6, '2024.02', 'b', 'UNDO_SQL', 'U2024.02__b.sql', 2, 'me', now(), 3, true),
        (7, '2024.02', 'b', 'SQL', 'V2024.02__b.sql', 2, 'me', ${instant[1]}, 3, true)`
    ],
    files: { "1_the_first.up.sql": first, "2024-02_b.up.sql": second, "2024-03_c.up.sql": third },
    times: at,
    unfinished: ["UPDATE flyway_schema_history SET success = false WHERE installed_rank = 7", 'V2024.02 "b"'],
    strange: ["UPDATE flyway_schema_history SET description = 'bee' WHERE installed_rank = 7", 'V2024.02 "bee"']
  },
  "golang-migrate": {
    table: "public.schema_migrations",
    history: [
      'CREATE TABLE IF NOT EXISTS "public"."schema_migrations" (version bigint not null primary key, dirty boolean not null)',
      "INSERT INTO schema_migrations VALUES (2, false)"
    ],
    files: numbered,
    times: [undefined, undefined],
    unfinished: ["UPDATE schema_migrations SET dirty = true", "2"],
    strange: ["UPDATE schema_migrations SET version = 7", "7"]
  }
}

const run = (statements: ReadonlyArray<string>) =>
  Effect.forEach(statements, (statement) => scalar(statement), { discard: true })

const ids = (results: ReadonlyArray<{ readonly id: string }>) => results.map(({ id }) => id)

const adoptedRows = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const rows = yield* sql<{ readonly state: string; readonly at: number; readonly now: boolean }>`
    SELECT state, (extract(epoch FROM applied_at) * 1000)::float8 AS at, applied_at > now() - interval '1 hour' AS now
    FROM pgkeel.migrations ORDER BY id`
  return rows.map(({ at, now, state }) => `${state} ${now ? undefined : at}`)
})

for (const [tool, { files, history, strange, table, times, unfinished }] of Object.entries(cases)) {
  describe(`Migrator.adopt from ${tool}`, () => {
    test("takes over what was applied and when, leaves the tool's table, and up runs the rest", () =>
      Effect.gen(function* () {
        yield* run(history)
        const rows = yield* scalar(`SELECT json_agg(t)::text FROM ${table} t`)
        const migrator = yield* migratorOf(yield* directory(files))
        const dry = yield* migrator.adopt({ dryRun: true })
        assert.strictEqual(yield* exists("pgkeel.migrations"), false)
        const adoption = yield* migrator.adopt()
        assert.deepStrictEqual(adoption, dry)
        assert.strictEqual(`${adoption.from} in ${adoption.table}`, `${tool} in ${table}`)
        assert.strictEqual(adoption.adopted.length, 2)
        assert.deepStrictEqual(yield* adoptedRows, [`baselined ${times[0]}`, `baselined ${times[1]}`])
        assert.deepStrictEqual((yield* migrator.adopt()).adopted, [])
        assert.strictEqual((yield* migrator.up()).applied.length, 1)
        assert.deepStrictEqual((yield* migrator.adopt({ from: adoption.from })).adopted, [])
        assert.strictEqual(yield* exists("a"), false)
        assert.strictEqual(yield* exists("c"), true)
        assert.strictEqual(yield* scalar(`SELECT json_agg(t)::text FROM ${table} t`), rows)
        yield* assertClean
      }))

    test("refuses what has no counterpart here, and what did not finish there, by name, and changes nothing", () =>
      Effect.gen(function* () {
        const migrator = yield* migratorOf(yield* directory(files))
        const [statement, name] = strange
        yield* run([...history, statement])
        const refused = yield* reasonOf(migrator.adopt())
        assert.strictEqual(
          refused.message,
          `no history was taken over: the history of ${tool} in ${table} has migrations that are not among the files ` +
            `here by id and name: add or rename them (${name}); nothing was changed`
        )
        if (unfinished !== undefined) {
          const [breakOff, names] = unfinished
          yield* run([`DROP TABLE ${table}`, ...history, breakOff])
          const broken = yield* reasonOf(migrator.adopt())
          assert.strictEqual(
            broken.message,
            `no history was taken over: the history of ${tool} in ${table} has migrations that did not finish: put ` +
              `them right with that tool first (${names}); nothing was changed`
          )
        }
        assert.strictEqual(yield* exists("pgkeel.migrations"), false)
      }))
  })
}

describe("Migrator.adopt", () => {
  test("takes over from Effect's own migrator what that has just applied", () =>
    Effect.gen(function* () {
      const statement = (text: string) => Effect.asVoid(Effect.flatMap(SqlClient.SqlClient, (sql) => sql.unsafe(text)))
      const [a, b] = [statement("CREATE TABLE a ()"), statement("CREATE TABLE b ()")]
      yield* PgMigrator.run({ loader: EffectMigrator.fromRecord({ "0001_a": a, "0002_b": b }) })
      const migrator = yield* makeMigrator({
        sources: [
          {
            namespace: "app",
            migrations: [
              { id: "1", name: "a", up: a },
              { id: "2", name: "b", up: b },
              { id: "3", name: "c", up: statement("CREATE TABLE c ()") }
            ]
          }
        ]
      })
      assert.deepStrictEqual(ids((yield* migrator.adopt()).adopted), ["1", "2"])
      assert.deepStrictEqual(ids((yield* migrator.up()).applied), ["3"])
    }))

  test("takes what Flyway has as its baseline for applied, and all in front of it", () =>
    Effect.gen(function* () {
      yield* run([
        ...cases.flyway.history.slice(0, 1),
        "INSERT INTO flyway_schema_history VALUES (1, '2', '<< Flyway Baseline >>', 'BASELINE', '<< Flyway Baseline >>', NULL, 'me', now(), 0, true)",
        // Before version 4 the marker of a schema that Flyway had made was a version.
        "INSERT INTO flyway_schema_history VALUES (0, '0', '<< Flyway Schema Creation >>', 'SCHEMA', '\"app\"', NULL, 'me', now(), 0, true)"
      ])
      const migrator = yield* migratorOf(yield* directory(numbered))
      assert.deepStrictEqual(ids((yield* migrator.adopt()).adopted), ["1", "2"])
    }))

  test("says where it has looked when nothing is there, and which there are when there are several", () =>
    Effect.gen(function* () {
      const migrator = yield* migratorOf(yield* directory(numbered))
      const nothing = yield* reasonOf(migrator.adopt())
      assert.strictEqual(
        nothing.message,
        "no history was taken over: there is no history of a tool that is known in effect_sql_migrations, " +
          "drizzle.__drizzle_migrations, _prisma_migrations, pgmigrations, flyway_schema_history, schema_migrations: " +
          "name the table; nothing was changed"
      )
      // Other tools have a table of this name too, with other columns.
      yield* run(["CREATE TABLE schema_migrations (version varchar(128) PRIMARY KEY)"])
      const other = yield* reasonOf(migrator.adopt({ from: "golang-migrate" }))
      assert.include(other.message, "there is no history of golang-migrate in schema_migrations: name the table")
      yield* run([...cases.effect.history, ...cases["node-pg-migrate"].history])
      const several = yield* reasonOf(migrator.adopt())
      assert.include(
        several.message,
        "there are several histories, effect in public.effect_sql_migrations and node-pg-migrate in public.pgmigrations: say which"
      )
      assert.deepStrictEqual(ids((yield* migrator.adopt({ from: "effect" })).adopted), ["1", "2"])
    }))

  test("finds a table of another name and knows the tool by its columns", () =>
    Effect.gen(function* () {
      yield* run([...cases["golang-migrate"].history, 'ALTER TABLE schema_migrations RENAME TO "my Migrations"'])
      const migrator = yield* migratorOf(yield* directory(numbered))
      const { adopted, from, table } = yield* migrator.adopt({ table: 'public."my Migrations"' })
      assert.deepStrictEqual([from, table, ids(adopted)], ["golang-migrate", 'public."my Migrations"', ["1", "2"]])
    }))

  test("refuses, as a baseline does, what has stopped half-way here: the rest of it would never run", () =>
    Effect.gen(function* () {
      const halfDone = "-- pgkeel:no-transaction\nCREATE TABLE half (); SELECT 1 / 0"
      const path = yield* directory({ "1_a.up.sql": first, "2_b.up.sql": halfDone })
      const migrator = yield* migratorOf(path)
      yield* reasonOf(migrator.up())
      yield* run(cases["golang-migrate"].history)
      for (const call of [
        Effect.asVoid(migrator.adopt()),
        Effect.asVoid(migrator.adopt({ dryRun: true })),
        Effect.asVoid(migrator.baseline({ to: "2" })),
        Effect.asVoid(migrator.baseline({ to: "2", dryRun: true }))
      ]) {
        const reason = yield* reasonOf(call)
        assert(reason._tag === "HalfDone")
        assert.include(reason.message, 'migration 2 "b" (app) was applied in part, and would be marked')
      }
      yield* migrator.repair({ id: "2", halfDone: "startOver" })
      assert.deepStrictEqual(ids((yield* migrator.adopt()).adopted), ["2"])
    }))

  test("adds to a history of its own what it does not have as applied", () =>
    Effect.gen(function* () {
      const path = yield* directory({ "1_a.up.sql": first, "2_b.up.sql": "SELECT 1 / 0" })
      const migrator = yield* migratorOf(path)
      yield* reasonOf(migrator.up())
      yield* write(path, numbered)
      yield* run(cases["golang-migrate"].history)
      assert.deepStrictEqual(ids((yield* migrator.adopt()).adopted), ["2"])
      assert.deepStrictEqual(ids((yield* migrator.up()).applied), ["3"])
    }))
})
