/** What a snapshot writes by itself, because it is quicker, is what PostgreSQL would write. */
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { read } from "../../src/catalog/Snapshot.ts"
import { freshClient, testServer } from "../support/Database.ts"

const keys = [
  `CREATE TABLE d."Par ent" (id bigint PRIMARY KEY, "a b" int UNIQUE, "c""d" text, UNIQUE (id, "a b"))`,
  `CREATE TABLE d.pairs (a int, b int, PRIMARY KEY (a, b))`,
  `CREATE TABLE d.dropped (gone int, kept int, "two words" int PRIMARY KEY, more text)`,
  `ALTER TABLE d.dropped DROP COLUMN gone`,
  `CREATE TABLE d.included (id int, n int, CONSTRAINT i PRIMARY KEY (id) INCLUDE (n))`,
  `CREATE TABLE d.later (id int, CONSTRAINT l PRIMARY KEY (id) DEFERRABLE INITIALLY DEFERRED)`,
  ...[
    "",
    "ON DELETE CASCADE",
    "ON DELETE RESTRICT",
    "ON DELETE SET NULL",
    "ON DELETE SET DEFAULT",
    "ON UPDATE CASCADE",
    "ON UPDATE CASCADE ON DELETE CASCADE",
    "MATCH FULL",
    "DEFERRABLE",
    "DEFERRABLE INITIALLY DEFERRED",
    "NOT VALID"
  ].flatMap((how, n) => [
    `CREATE TABLE d."from ${n}" ("x y" bigint, b int)`,
    `ALTER TABLE d."from ${n}" ADD CONSTRAINT one FOREIGN KEY ("x y") REFERENCES d."Par ent" ${how},
      ADD CONSTRAINT two FOREIGN KEY ("x y", b) REFERENCES d."Par ent" (id, "a b") ${how}`
  ]),
  `ALTER TABLE d.dropped ADD FOREIGN KEY (kept) REFERENCES d.dropped ("two words")`
]

const checks = [
  `ALTER TABLE d.dropped ADD CONSTRAINT small CHECK (kept < 3), ADD CONSTRAINT whole CHECK (dropped IS NOT NULL),
    ADD CONSTRAINT tables CHECK (tableoid > 0), ADD CONSTRAINT "no" CHECK (false),
    ADD CONSTRAINT alone CHECK (kept > "two words") NO INHERIT, ADD CONSTRAINT new CHECK (more <> 'it''s') NOT VALID`,
  `ALTER TABLE d.dropped ADD EXCLUDE USING btree (kept WITH =)`
]

const indexes = [
  "CREATE DOMAIN d.whole AS int",
  "CREATE TYPE d.mood AS ENUM ('sad')",
  `CREATE TABLE d.t (i int, b bigint, w timestamptz, t text, v varchar(9), c text COLLATE "C", n name, d d.whole, m d.mood, a int[],
    "A b" int, o oid, r regclass)`,
  ...["i", "b", "w", "t", "v", "c", "n", "d", "m", "a", `"A b"`, "o", "r"].map(
    (column) => `CREATE INDEX ON d.t (${column})`
  ),
  ...[
    "(i DESC)",
    "(i NULLS FIRST)",
    "(i, b)",
    "(i) INCLUDE (b)",
    "(i) WHERE b > 0",
    "(i) WITH (fillfactor = 70)",
    "((i + 1))",
    `(t COLLATE "C")`,
    `(c COLLATE "POSIX")`,
    "(t text_pattern_ops)",
    "(i oid_ops)",
    "(v bpchar_ops)"
  ].map((how) => `CREATE INDEX ON d.t ${how}`),
  "CREATE INDEX ON d.t USING hash (i)",
  "CREATE INDEX ON d.t USING brin (i)",
  "CREATE UNIQUE INDEX ON d.t (i)",
  `CREATE INDEX "Odd "" index" ON d."Par ent" ("a b")`,
  "CREATE INDEX ON d.dropped (kept)",
  "CREATE TABLE d.parted (i int) PARTITION BY LIST (i)",
  "CREATE TABLE d.part PARTITION OF d.parted DEFAULT",
  "CREATE INDEX ON d.parted (i)",
  "CREATE MATERIALIZED VIEW d.seen AS SELECT i FROM d.t",
  "CREATE INDEX ON d.seen (i)"
]

const newer = [
  "CREATE UNIQUE INDEX ON d.t (i) NULLS NOT DISTINCT",
  `ALTER TABLE d."from 0" ADD CONSTRAINT alike UNIQUE NULLS NOT DISTINCT (b)`,
  `ALTER TABLE d."from 0" ADD CONSTRAINT partly FOREIGN KEY ("x y", b) REFERENCES d."Par ent" (id, "a b") ON DELETE SET NULL (b)`
]

const newest = [
  `ALTER TABLE d."from 0" ADD CONSTRAINT free FOREIGN KEY ("x y") REFERENCES d."Par ent" NOT ENFORCED,
    ADD CONSTRAINT loose CHECK (b > 0) NOT ENFORCED`
]

/** PostgreSQL's own texts by schema, table and name; with an empty search path, as in a snapshot. */
const written = `
  WITH empty AS MATERIALIZED (SELECT set_config('search_path', '', true))
  SELECT c.relname || ': ' || k.conname AS name, pg_get_constraintdef(k.oid) AS definition
  FROM empty, pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
  WHERE c.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = 'd') AND k.contype <> 'n'
  UNION ALL
  SELECT c.relname || ': ' || i.relname, pg_get_indexdef(i.oid)
  FROM empty, pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class c ON c.oid = x.indrelid
  WHERE c.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = 'd')
    AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.oid AND k.contype IN ('p', 'u', 'x'))`

layer(freshClient(), { excludeTestServices: true })("The definitions in a snapshot", (it) => {
  it.effect("are PostgreSQL's own, of constraints and indexes of every form", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const version = testServer().majorVersion
      const statements = [
        ...keys,
        ...checks,
        ...indexes,
        ...(version >= 15 ? newer : []),
        ...(version >= 18 ? newest : [])
      ]
      yield* sql.unsafe("CREATE SCHEMA d")
      yield* Effect.forEach(statements, (text) => sql.unsafe(text), { discard: true })
      const expected = yield* sql.unsafe<{ readonly name: string; readonly definition: string }>(written)
      const { objects } = yield* read(sql)
      const found = objects.flatMap((object) => [
        ...("constraints" in object && object.kind === "table" ? (object.constraints ?? []) : []).map((one) => [
          `${object.name}: ${one.name}`,
          one.definition
        ]),
        ...("indexes" in object ? (object.indexes ?? []) : [])
          .filter(({ constraint }) => constraint !== true)
          .map((one) => [`${object.name}: ${one.name}`, one.definition])
      ])
      assert.deepStrictEqual(
        Object.fromEntries(found),
        Object.fromEntries(expected.map(({ definition, name }) => [name, definition]))
      )
    })
  )
})
