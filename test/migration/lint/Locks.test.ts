/**
 * What lint says of locks is what the server does: each statement is run there,
 * in a transaction that stays open while `pg_locks` is read, or behind a lock that
 * keeps it waiting if it cannot run in one. A rewrite is a new file of the table,
 * and a scan is counted by the server.
 */
import { assert, describe, layer } from "@effect/vitest"
import { Effect, Fiber, Layer } from "effect"
import { SqlClient } from "effect/sql"
import type { Connection } from "effect/sql/SqlConnection"
import { eachStatement, findingsIn } from "../../../src/migration/internal/lint/engine.ts"
import { factsFor } from "../../../src/migration/internal/lint/facts.ts"
import { isAtLeast, type Lock, type LockMode, lockModes } from "../../../src/migration/internal/lint/lockModes.ts"
import { locksOf } from "../../../src/migration/internal/lint/locks.ts"
import { steady } from "../../../src/migration/internal/lint/rewrites.ts"
import { rules } from "../../../src/migration/internal/lint/rules.ts"
import { read } from "../../../src/migration/internal/splitter.ts"
import { freshClient, testServer } from "../../support/Database.ts"
import { test } from "../support.ts"

const unenforced =
  testServer().majorVersion >= 18
    ? "ALTER TABLE doubles ADD CONSTRAINT of_customer FOREIGN KEY (id) REFERENCES customers NOT ENFORCED;"
    : ""

const schema = `
  CREATE TABLE customers (id integer PRIMARY KEY, name varchar(20) NOT NULL, email text, score numeric(8, 2), at timestamp(3), note varchar(10) CHECK (note <> ''));
  INSERT INTO customers SELECT n, 'name ' || n, 'mail ' || n, n, now(), 'x' FROM generate_series(1, 50) n;
  CREATE TABLE orders (id integer NOT NULL, customer integer CONSTRAINT orders_customer_fkey REFERENCES customers, total integer, paid integer, spare integer);
  INSERT INTO orders SELECT n, n, n, n, n FROM generate_series(1, 50) n;
  CREATE INDEX orders_customer ON orders (customer);
  CREATE UNIQUE INDEX orders_id ON orders (id);
  ALTER TABLE orders ADD CONSTRAINT paid_there CHECK (paid IS NOT NULL);
  ALTER TABLE orders ADD CONSTRAINT total_positive CHECK (total > 0) NOT VALID;
  CREATE TABLE parts (id integer NOT NULL, at date) PARTITION BY RANGE (id);
  CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (1) TO (100);
  INSERT INTO parts SELECT n, now() FROM generate_series(1, 50) n;
  CREATE TABLE parts_2 (id integer NOT NULL, at date);
  INSERT INTO parts_2 SELECT n, now() FROM generate_series(100, 150) n;
  CREATE TABLE parts_4 (id integer NOT NULL, at date, CONSTRAINT fits CHECK (id >= 400 AND id < 500));
  INSERT INTO parts_4 SELECT n, now() FROM generate_series(400, 450) n;
  CREATE DOMAIN amount AS integer;
  CREATE TABLE sums (amount amount);
  INSERT INTO sums VALUES (1);
  ALTER DOMAIN amount ADD CONSTRAINT held CHECK (VALUE > 0) NOT VALID;
  CREATE MATERIALIZED VIEW totals AS SELECT customer, sum(total) FROM orders GROUP BY customer;
  CREATE UNIQUE INDEX totals_customer ON totals (customer);
  CREATE TABLE base (id integer);
  CREATE UNLOGGED TABLE drafts (id integer);
  INSERT INTO drafts VALUES (1);
  CREATE VIEW names AS SELECT name FROM customers;
  CREATE FUNCTION noticed() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
  CREATE TRIGGER noticed BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION noticed();
  CREATE POLICY everybody ON orders USING (true);
  CREATE ACCESS METHOD another TYPE TABLE HANDLER pg_catalog.heap_tableam_handler;
  CREATE TABLE doubles (id integer, twice integer GENERATED ALWAYS AS (id * 2) STORED, during int4range, room int4range);
  INSERT INTO doubles SELECT n FROM generate_series(1, 50) n;
  CREATE UNIQUE INDEX doubles_id ON doubles (id);
  CREATE TABLE kinds (bits varbit(4), span interval(2), clock time(2), zoned timetz(2), at timestamptz(2), net cidr,
    words text[], names varchar(5)[], fixed char(5), short varchar(5), long text);
  INSERT INTO kinds (fixed) VALUES ('a');
  CREATE DOMAIN positive AS integer CHECK (VALUE > 0);
  CREATE DOMAIN plain AS integer;
  CREATE TABLE heir (id integer);
  CREATE TABLE heiress () INHERITS (base);
  CREATE SEQUENCE numbers;
  CREATE RULE ignored AS ON DELETE TO base DO INSTEAD NOTHING;
  CREATE SCHEMA aside;
  CREATE TABLE shelves (id integer) PARTITION BY RANGE (id);
  CREATE TABLE shelves_1 PARTITION OF shelves FOR VALUES FROM (1) TO (100);
  CREATE INDEX shelves_id ON ONLY shelves (id);
  CREATE INDEX shelves_1_id ON shelves_1 (id);
  CREATE TABLE shelves_2 (id integer CONSTRAINT fits CHECK (id IS NOT NULL AND id >= 100 AND id < 200));
  INSERT INTO shelves_2 VALUES (100);
  ALTER TABLE orders ALTER spare SET (n_distinct = 5);
  CREATE FUNCTION steady() RETURNS integer LANGUAGE sql STABLE AS 'SELECT 1';
  ${unenforced}
  CREATE FUNCTION wild() RETURNS integer LANGUAGE plpgsql AS 'BEGIN RETURN 1; END';
`

/** As `mode relation`, with `scan` or `rewrite` behind it. */
type Expected = ReadonlyArray<string>

/** What older servers do not have. */
const since = <A>(major: number, cases: ReadonlyArray<A>): ReadonlyArray<A> =>
  testServer().majorVersion >= major ? cases : []

type Case = readonly [sql: string, ...locks: Expected]

/** Changes of a type, and whether they write the table anew. */
const changes: ReadonlyArray<readonly [change: string, rewrites: boolean]> = [
  ["bits TYPE varbit(8)", false],
  ["bits TYPE varbit", false],
  ["bits TYPE varbit(2)", true],
  ["span TYPE interval(4)", false],
  ["span TYPE interval", false],
  ["span TYPE interval(1)", true],
  ["span TYPE interval year to month", true],
  ["clock TYPE time(4)", false],
  ["clock TYPE time(1)", true],
  ["zoned TYPE timetz(4)", false],
  ["zoned TYPE timetz(1)", true],
  ["at TYPE timestamptz(4)", false],
  ["at TYPE timestamptz(1)", true],
  ["net TYPE inet", false],
  ["short TYPE varchar(5)", false],
  ["short TYPE varchar(9)", false],
  ["short TYPE varchar", false],
  ["short TYPE text", false],
  ["long TYPE varchar", false],
  ["long TYPE varchar(5)", true],
  ["long TYPE text[] USING ARRAY[long]", true],
  ["words TYPE varchar[]", true],
  ["names TYPE varchar(9)[]", true],
  ["names TYPE varchar(5)[]", false],
  ["fixed TYPE char(9)", true],
  ["fixed TYPE text", true]
]

const inTransaction: ReadonlyArray<Case> = [
  ...changes.map(([change, rewrites]): Case => [
    `ALTER TABLE kinds ALTER ${change}`,
    `ACCESS EXCLUSIVE kinds${rewrites ? " rewrite" : ""}`
  ]),
  ["CREATE INDEX i ON orders (total)", "SHARE orders scan"],
  ["DROP INDEX orders_customer", "ACCESS EXCLUSIVE orders", "ACCESS EXCLUSIVE orders_customer"],
  ["REINDEX TABLE orders", "SHARE orders scan"],
  ["REINDEX (CONCURRENTLY FALSE) TABLE orders", "SHARE orders scan"],
  ["REINDEX INDEX orders_customer", "ACCESS EXCLUSIVE orders_customer", "SHARE orders scan"],
  ["REFRESH MATERIALIZED VIEW totals", "ACCESS EXCLUSIVE totals rewrite"],
  ["REFRESH MATERIALIZED VIEW CONCURRENTLY totals", "EXCLUSIVE totals scan"],
  ["CLUSTER orders USING orders_customer", "ACCESS EXCLUSIVE orders rewrite"],
  ["TRUNCATE orders", "ACCESS EXCLUSIVE orders"],
  ...lockModes.map((mode) => [`LOCK TABLE orders IN ${mode} MODE`, `${mode} orders`] as const),
  ["LOCK TABLE orders", "ACCESS EXCLUSIVE orders"],
  ["ANALYZE orders", "SHARE UPDATE EXCLUSIVE orders"],

  ["ALTER TABLE orders ADD COLUMN a integer", "ACCESS EXCLUSIVE orders"],
  ["ALTER TABLE orders ADD COLUMN a integer NOT NULL DEFAULT 1", "ACCESS EXCLUSIVE orders"],
  ["ALTER TABLE orders ADD COLUMN a timestamptz DEFAULT now()", "ACCESS EXCLUSIVE orders"],
  ["ALTER TABLE orders ADD COLUMN a integer DEFAULT steady()", "ACCESS EXCLUSIVE orders"],
  ["ALTER TABLE orders ADD COLUMN a integer DEFAULT wild()", "ACCESS EXCLUSIVE orders rewrite"],
  ["ALTER TABLE orders ADD COLUMN a uuid DEFAULT gen_random_uuid()", "ACCESS EXCLUSIVE orders rewrite"],
  ["ALTER TABLE orders ADD COLUMN a timestamptz DEFAULT clock_timestamp()", "ACCESS EXCLUSIVE orders rewrite"],
  ["ALTER TABLE orders ADD COLUMN a bigserial", "ACCESS EXCLUSIVE orders rewrite"],
  ["ALTER TABLE orders ADD COLUMN a integer GENERATED ALWAYS AS IDENTITY", "ACCESS EXCLUSIVE orders rewrite"],
  ["ALTER TABLE orders ADD COLUMN a integer GENERATED ALWAYS AS (total + 1) STORED", "ACCESS EXCLUSIVE orders rewrite"],
  ["ALTER TABLE orders ADD COLUMN a integer CHECK (a > 0)", "ACCESS EXCLUSIVE orders scan"],
  ["ALTER TABLE orders ADD COLUMN a integer UNIQUE", "ACCESS EXCLUSIVE orders scan"],
  [
    "ALTER TABLE orders ADD COLUMN a integer REFERENCES customers",
    "ACCESS EXCLUSIVE orders",
    "SHARE ROW EXCLUSIVE customers"
  ],
  [
    "ALTER TABLE orders ADD COLUMN a integer DEFAULT 1 REFERENCES customers",
    "ACCESS EXCLUSIVE orders scan",
    "SHARE ROW EXCLUSIVE customers scan"
  ],
  ["ALTER TABLE orders DROP COLUMN spare", "ACCESS EXCLUSIVE orders"],

  ["ALTER TABLE customers ALTER score TYPE integer", "ACCESS EXCLUSIVE customers rewrite"],
  ["ALTER TABLE customers ALTER score TYPE numeric(10, 2)", "ACCESS EXCLUSIVE customers"],
  ["ALTER TABLE customers ALTER score TYPE numeric(10, 4)", "ACCESS EXCLUSIVE customers rewrite"],
  ["ALTER TABLE customers ALTER score TYPE numeric", "ACCESS EXCLUSIVE customers"],
  ["ALTER TABLE customers ALTER email TYPE varchar", "ACCESS EXCLUSIVE customers"],
  ["ALTER TABLE customers ALTER email TYPE varchar(100)", "ACCESS EXCLUSIVE customers rewrite"],
  ["ALTER TABLE customers ALTER email TYPE text", "ACCESS EXCLUSIVE customers"],
  ["ALTER TABLE customers ALTER email TYPE text USING email || ''", "ACCESS EXCLUSIVE customers rewrite"],
  ["ALTER TABLE customers ALTER note TYPE text", "ACCESS EXCLUSIVE customers scan"],
  ["ALTER TABLE customers ALTER at TYPE timestamp(6)", "ACCESS EXCLUSIVE customers"],
  ["ALTER TABLE customers ALTER at TYPE timestamp", "ACCESS EXCLUSIVE customers"],
  ["ALTER TABLE customers ALTER at TYPE timestamp(1)", "ACCESS EXCLUSIVE customers rewrite"],
  ["ALTER TABLE customers ALTER note TYPE varchar(5)", "ACCESS EXCLUSIVE customers rewrite"],
  ["ALTER TABLE orders ALTER spare TYPE bigint", "ACCESS EXCLUSIVE orders rewrite"],

  ["ALTER TABLE orders ALTER total SET NOT NULL", "ACCESS EXCLUSIVE orders scan"],
  ["ALTER TABLE orders ALTER paid SET NOT NULL", "ACCESS EXCLUSIVE orders"],
  ["ALTER TABLE orders ALTER id SET NOT NULL", "ACCESS EXCLUSIVE orders"],
  ["ALTER TABLE orders ALTER id DROP NOT NULL", "ACCESS EXCLUSIVE orders"],
  ["ALTER TABLE orders ALTER total SET DEFAULT 1", "ACCESS EXCLUSIVE orders"],
  ["ALTER TABLE orders ALTER total SET STATISTICS 10", "SHARE UPDATE EXCLUSIVE orders"],
  ["ALTER TABLE customers ALTER email SET STORAGE external", "ACCESS EXCLUSIVE customers"],
  ["ALTER TABLE orders ALTER total SET (n_distinct = 5)", "SHARE UPDATE EXCLUSIVE orders"],
  ["ALTER TABLE orders SET (fillfactor = 80)", "SHARE UPDATE EXCLUSIVE orders"],
  ["ALTER TABLE orders SET (user_catalog_table = true)", "ACCESS EXCLUSIVE orders"],
  ["ALTER TABLE orders SET UNLOGGED", "ACCESS EXCLUSIVE orders rewrite"],
  ["ALTER TABLE drafts SET LOGGED", "ACCESS EXCLUSIVE drafts rewrite"],
  ["ALTER TABLE orders SET TABLESPACE elsewhere", "ACCESS EXCLUSIVE orders rewrite"],
  ...since<Case>(15, [["ALTER TABLE orders SET ACCESS METHOD another", "ACCESS EXCLUSIVE orders rewrite"]]),
  ...since<Case>(17, [
    ["ALTER TABLE doubles ALTER twice SET EXPRESSION AS (id * 3)", "ACCESS EXCLUSIVE doubles rewrite"]
  ]),
  ["ALTER INDEX orders_id SET TABLESPACE elsewhere", "ACCESS EXCLUSIVE orders_id rewrite"],
  ["ALTER MATERIALIZED VIEW totals SET TABLESPACE elsewhere", "ACCESS EXCLUSIVE totals rewrite"],
  ["ALTER TABLE orders SET WITHOUT CLUSTER", "SHARE UPDATE EXCLUSIVE orders"],
  ["ALTER TABLE orders ALTER spare RESET (n_distinct)", "SHARE UPDATE EXCLUSIVE orders"],
  ["ALTER TABLE orders RESET (fillfactor)", "SHARE UPDATE EXCLUSIVE orders"],
  ["ALTER INDEX orders_id SET (fillfactor = 80)", "SHARE UPDATE EXCLUSIVE orders_id"],
  ["ALTER TABLE orders CLUSTER ON orders_customer", "SHARE UPDATE EXCLUSIVE orders"],
  ["ALTER TABLE orders REPLICA IDENTITY FULL", "ACCESS EXCLUSIVE orders"],
  ["ALTER TABLE orders ENABLE ROW LEVEL SECURITY", "ACCESS EXCLUSIVE orders"],
  ["ALTER TABLE orders OWNER TO CURRENT_USER", "ACCESS EXCLUSIVE orders"],

  ["ALTER TABLE orders ADD CONSTRAINT c CHECK (total > 0)", "ACCESS EXCLUSIVE orders scan"],
  ["ALTER TABLE orders ADD CONSTRAINT c CHECK (total > 0) NOT VALID", "ACCESS EXCLUSIVE orders"],
  ["ALTER TABLE orders VALIDATE CONSTRAINT total_positive", "SHARE UPDATE EXCLUSIVE orders scan"],
  ["ALTER TABLE orders ADD CONSTRAINT c UNIQUE (total)", "ACCESS EXCLUSIVE orders scan"],
  ["ALTER TABLE orders ADD PRIMARY KEY (id)", "ACCESS EXCLUSIVE orders scan"],
  ["ALTER TABLE orders ADD PRIMARY KEY USING INDEX orders_id", "ACCESS EXCLUSIVE orders"],
  ["ALTER TABLE doubles ADD PRIMARY KEY USING INDEX doubles_id", "ACCESS EXCLUSIVE doubles scan"],
  ["ALTER TABLE orders ADD CONSTRAINT c EXCLUDE (total WITH =)", "ACCESS EXCLUSIVE orders scan"],
  ...since<Case>(18, [
    ["ALTER TABLE doubles ADD UNIQUE (room, during WITHOUT OVERLAPS)", "ACCESS EXCLUSIVE doubles scan"],
    ["ALTER TABLE orders ADD CONSTRAINT c NOT NULL total", "ACCESS EXCLUSIVE orders scan"],
    ["ALTER TABLE orders ADD CONSTRAINT c NOT NULL total NOT VALID", "ACCESS EXCLUSIVE orders"]
  ]),
  [
    "ALTER TABLE orders ADD FOREIGN KEY (total) REFERENCES customers",
    "SHARE ROW EXCLUSIVE orders scan",
    "SHARE ROW EXCLUSIVE customers scan"
  ],
  [
    "ALTER TABLE orders ADD FOREIGN KEY (total) REFERENCES customers NOT VALID",
    "SHARE ROW EXCLUSIVE orders",
    "SHARE ROW EXCLUSIVE customers"
  ],
  ["ALTER TABLE orders DROP CONSTRAINT total_positive", "ACCESS EXCLUSIVE orders"],
  ["ALTER TABLE orders DROP CONSTRAINT orders_customer_fkey", "ACCESS EXCLUSIVE orders", "ACCESS EXCLUSIVE customers"],

  [
    "ALTER TABLE parts ATTACH PARTITION parts_2 FOR VALUES FROM (100) TO (200)",
    "SHARE UPDATE EXCLUSIVE parts",
    "ACCESS EXCLUSIVE parts_2 scan"
  ],
  [
    "ALTER TABLE parts ATTACH PARTITION parts_4 FOR VALUES FROM (400) TO (500)",
    "SHARE UPDATE EXCLUSIVE parts",
    "ACCESS EXCLUSIVE parts_4"
  ],
  ["ALTER TABLE parts DETACH PARTITION parts_1", "ACCESS EXCLUSIVE parts", "ACCESS EXCLUSIVE parts_1"],
  ["CREATE TABLE parts_3 PARTITION OF parts FOR VALUES FROM (200) TO (300)", "ACCESS EXCLUSIVE parts"],
  ["CREATE TABLE child () INHERITS (base)", "SHARE UPDATE EXCLUSIVE base"],
  ["CREATE TABLE copy (LIKE orders INCLUDING ALL)", "ACCESS SHARE orders"],
  ["CREATE TABLE item (id integer, customer integer REFERENCES customers)", "SHARE ROW EXCLUSIVE customers"],

  ["DROP TABLE orders CASCADE", "ACCESS EXCLUSIVE orders", "ACCESS EXCLUSIVE customers"],
  ["DROP VIEW names", "ACCESS EXCLUSIVE names"],
  ["DROP MATERIALIZED VIEW totals", "ACCESS EXCLUSIVE totals"],
  ["DROP TRIGGER noticed ON orders", "ACCESS EXCLUSIVE orders"],
  ["DROP POLICY everybody ON orders", "ACCESS EXCLUSIVE orders"],
  ["ALTER TABLE orders RENAME TO purchases", "ACCESS EXCLUSIVE orders"],
  ["ALTER TABLE orders RENAME total TO sum", "ACCESS EXCLUSIVE orders"],
  ["ALTER INDEX orders_customer RENAME TO i", "SHARE UPDATE EXCLUSIVE orders_customer"],
  ["CREATE TRIGGER t AFTER UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION noticed()", "SHARE ROW EXCLUSIVE orders"],
  ["ALTER TABLE orders DISABLE TRIGGER noticed", "SHARE ROW EXCLUSIVE orders"],
  ...[
    "DISABLE TRIGGER ALL",
    "DISABLE TRIGGER USER",
    "ENABLE TRIGGER noticed",
    "ENABLE TRIGGER ALL",
    "ENABLE TRIGGER USER"
  ].map((command): Case => [`ALTER TABLE orders ${command}`, "SHARE ROW EXCLUSIVE orders"]),
  ...["ENABLE ALWAYS TRIGGER noticed", "ENABLE REPLICA TRIGGER noticed"].map((command): Case => [
    `ALTER TABLE orders ${command}`,
    "SHARE ROW EXCLUSIVE orders"
  ]),
  [
    "CREATE CONSTRAINT TRIGGER t AFTER UPDATE ON orders FROM customers FOR EACH ROW EXECUTE FUNCTION noticed()",
    "SHARE ROW EXCLUSIVE orders",
    "ACCESS SHARE customers"
  ],
  ["ALTER TRIGGER noticed ON orders RENAME TO seen", "ACCESS EXCLUSIVE orders"],
  ["ALTER POLICY everybody ON orders RENAME TO all_of_them", "ACCESS EXCLUSIVE orders"],
  ["ALTER TABLE orders RENAME CONSTRAINT paid_there TO paid_at_all", "ACCESS EXCLUSIVE orders"],
  ["ALTER VIEW names RENAME TO called", "ACCESS EXCLUSIVE names"],
  ["ALTER TABLE drafts SET SCHEMA aside", "ACCESS EXCLUSIVE drafts"],
  ["ALTER TABLE heir INHERIT base", "ACCESS EXCLUSIVE heir", "SHARE UPDATE EXCLUSIVE base"],
  ["ALTER TABLE heiress NO INHERIT base", "ACCESS EXCLUSIVE heiress", "ACCESS SHARE base"],
  ["ALTER SEQUENCE numbers RESTART WITH 100", "SHARE ROW EXCLUSIVE numbers"],
  ["DROP SEQUENCE numbers", "ACCESS EXCLUSIVE numbers"],
  ["DROP RULE ignored ON base", "ACCESS EXCLUSIVE base"],
  ["ALTER TABLE orders ALTER CONSTRAINT orders_customer_fkey DEFERRABLE", "ACCESS EXCLUSIVE orders"],
  ["CREATE INDEX i ON ONLY parts (id)", "SHARE parts"],
  ["ALTER TABLE ONLY parts ADD UNIQUE (id)", "ACCESS EXCLUSIVE parts"],
  ["ALTER TABLE ONLY orders ADD UNIQUE (id)", "ACCESS EXCLUSIVE orders scan"],
  [
    "ALTER INDEX shelves_id ATTACH PARTITION shelves_1_id",
    "SHARE UPDATE EXCLUSIVE shelves_id",
    "ACCESS EXCLUSIVE shelves_1_id"
  ],
  // For want of an index it is read in spite of its CHECK.
  [
    "ALTER TABLE shelves ATTACH PARTITION shelves_2 FOR VALUES FROM (100) TO (200)",
    "SHARE UPDATE EXCLUSIVE shelves",
    "ACCESS EXCLUSIVE shelves_2 scan"
  ],
  ["COMMENT ON VIEW names IS 'x'", "SHARE UPDATE EXCLUSIVE names"],
  ["COMMENT ON MATERIALIZED VIEW totals IS 'x'", "SHARE UPDATE EXCLUSIVE totals"],
  ["COMMENT ON INDEX orders_id IS 'x'", "SHARE UPDATE EXCLUSIVE orders_id"],
  ["ALTER TABLE orders ADD COLUMN a plain", "ACCESS EXCLUSIVE orders"],
  ["ALTER TABLE orders ADD COLUMN a positive", "ACCESS EXCLUSIVE orders rewrite"],
  ...since<Case>(18, [
    [
      "ALTER TABLE orders ALTER CONSTRAINT orders_customer_fkey NOT ENFORCED",
      "ACCESS EXCLUSIVE orders",
      "ACCESS EXCLUSIVE customers"
    ],
    [
      "ALTER TABLE doubles ALTER CONSTRAINT of_customer ENFORCED",
      "ACCESS EXCLUSIVE doubles scan",
      "SHARE ROW EXCLUSIVE customers scan"
    ]
  ]),
  ["CREATE POLICY p ON orders USING (false)", "ACCESS EXCLUSIVE orders"],
  ["ALTER POLICY everybody ON orders USING (false)", "ACCESS EXCLUSIVE orders"],
  ["CREATE RULE r AS ON DELETE TO base DO INSTEAD NOTHING", "ACCESS EXCLUSIVE base"],
  ["CREATE OR REPLACE VIEW names AS SELECT name FROM customers", "ACCESS EXCLUSIVE names", "ACCESS SHARE customers"],
  ["CREATE STATISTICS s ON total, paid FROM orders", "SHARE UPDATE EXCLUSIVE orders"],
  ["COMMENT ON TABLE orders IS 'x'", "SHARE UPDATE EXCLUSIVE orders"],
  ["COMMENT ON COLUMN orders.total IS 'x'", "SHARE UPDATE EXCLUSIVE orders"],

  [
    "INSERT INTO orders (id, paid) SELECT id + 100, id FROM customers",
    "ROW EXCLUSIVE orders",
    "ACCESS SHARE customers"
  ],
  ["UPDATE orders SET total = 1", "ROW EXCLUSIVE orders"],
  ["DELETE FROM orders USING customers c WHERE c.id = customer", "ROW EXCLUSIVE orders", "ACCESS SHARE customers"],
  ["WITH gone AS (DELETE FROM orders RETURNING id) SELECT * FROM gone", "ROW EXCLUSIVE orders"],
  ["SELECT * FROM orders FOR UPDATE", "ROW SHARE orders"],
  ["SELECT * FROM orders", "ACCESS SHARE orders"]
]

/** Each waits for a transaction that has written to the table, or for one that has read it, and is seen waiting. */
const outside: ReadonlyArray<readonly [sql: string, ...locks: Expected]> = [
  ["CREATE INDEX CONCURRENTLY i ON orders (total)", "SHARE UPDATE EXCLUSIVE orders"],
  [
    "DROP INDEX CONCURRENTLY orders_customer",
    "SHARE UPDATE EXCLUSIVE orders_customer",
    "SHARE UPDATE EXCLUSIVE orders"
  ],
  ["REINDEX TABLE CONCURRENTLY orders", "SHARE UPDATE EXCLUSIVE orders"],
  ["VACUUM (FULL) orders", "ACCESS EXCLUSIVE orders"],
  ["VACUUM FULL orders", "ACCESS EXCLUSIVE orders"],
  [
    "ALTER TABLE parts DETACH PARTITION parts_1 CONCURRENTLY",
    "SHARE UPDATE EXCLUSIVE parts",
    "ACCESS EXCLUSIVE parts_1"
  ]
]

/** Statements of one transaction, with what is still locked at its end. */
const together: ReadonlyArray<Case> = [
  [
    "ALTER TABLE orders ADD COLUMN a integer; ALTER TABLE customers ADD COLUMN a integer",
    "ACCESS EXCLUSIVE orders",
    "ACCESS EXCLUSIVE customers"
  ],
  [
    "ALTER TABLE orders ADD COLUMN a integer; SELECT count(*) FROM customers",
    "ACCESS EXCLUSIVE orders",
    "ACCESS SHARE customers"
  ],
  [
    "ALTER TABLE orders ADD CONSTRAINT c CHECK (id > 0) NOT VALID; ALTER TABLE orders VALIDATE CONSTRAINT c",
    "ACCESS EXCLUSIVE orders"
  ]
]

/** Changes that block writes to the tables that have a column of the domain. */
const ofDomain = ["ADD CHECK (VALUE > 0)", "SET NOT NULL", "VALIDATE CONSTRAINT held"].map(
  (change) => `ALTER DOMAIN amount ${change}`
)

const everyRow = "UPDATE orders SET total = 2"

const patient = "SET lock_timeout = 0; ALTER TABLE orders ADD COLUMN a integer"

const reviewOf = (connection: Connection, sql: string) =>
  Effect.gen(function* () {
    const script = yield* read(sql)
    const facts = yield* factsFor(connection, [script], undefined)
    const locks: Array<Lock> = []
    eachStatement(script, { facts }, (statement, context) => void locks.push(...locksOf(statement, context)))
    return { locks, findings: findingsIn({ file: "1_change.up.sql", script }, { facts }) }
  })

const locksIn = (connection: Connection, sql: string) => Effect.map(reviewOf(connection, sql), ({ locks }) => locks)

interface Seen {
  readonly relation: string
  readonly mode: LockMode
}

/** The strongest lock of a server process on each relation of the test's. */
const locksOn = (connection: Connection, pid: number) =>
  Effect.map(
    connection.executeValues(
      `SELECT c.relname, l.mode FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
        WHERE l.pid = $1::text::int AND c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'm', 'v', 'i', 'I', 'S')`,
      [String(pid)]
    ),
    (rows) => {
      const strongest = new Map<string, LockMode>()
      for (const [relation, mode] of rows) {
        const name = String(mode)
          .replace(/Lock$/u, "")
          .replaceAll(/(?<=[a-z])(?=[A-Z])/gu, " ")
          .toUpperCase()
        const found = lockModes.find((known) => known === name)
        const before = strongest.get(String(relation))
        if (found !== undefined && (before === undefined || isAtLeast(found, before)))
          strongest.set(String(relation), found)
      }
      return [...strongest].map(([relation, mode]): Seen => ({ relation, mode }))
    }
  )

const pidOf = (connection: Connection) =>
  Effect.map(connection.executeValues("SELECT pg_backend_pid()", []), (rows) => Number(rows[0]?.[0]))

const workOn = (connection: Connection) =>
  Effect.map(
    connection.executeValues(
      `SELECT c.relname, pg_relation_filenode(c.oid), coalesce(s.seq_scan, 0) FROM pg_class c
        LEFT JOIN pg_stat_xact_all_tables s ON s.relid = c.oid WHERE c.relnamespace = 'public'::regnamespace`,
      []
    ),
    (rows) => new Map(rows.map(([name, file, scans]) => [String(name), { file: Number(file), scans: Number(scans) }]))
  )

const written = ({ mode, relation, rewrites, scans }: Lock) =>
  `${mode} ${relation}${rewrites ? " rewrite" : scans ? " scan" : ""}`

const isDdl = (sql: string) => !/^(?:INSERT|UPDATE|DELETE|WITH|SELECT)/u.test(sql)

const prepare = Effect.fnUntraced(function* (connection: Connection) {
  const { statements } = yield* read(schema)
  for (const { text } of statements) yield* connection.executeUnprepared(text, [], undefined)
})

const reserved = Effect.flatMap(SqlClient.SqlClient, (sql) => sql.reserve)

/** With the schema, which all tests on one database share. */
const prepared = Effect.gen(function* () {
  const connection = yield* reserved
  const [[there] = []] = yield* connection.executeValues("SELECT to_regclass('orders')::text", [])
  if (there === null) yield* prepare(connection)
  return connection
})

/** Where tables can be moved to. A tablespace is the whole server's, and is dropped while its database is there. */
const elsewhere = Layer.effectDiscard(
  Effect.gen(function* () {
    const connection = yield* reserved
    yield* connection.executeUnprepared("SET allow_in_place_tablespaces = on", [], undefined)
    yield* Effect.acquireRelease(
      connection.executeUnprepared("CREATE TABLESPACE elsewhere LOCATION ''", [], undefined),
      () => Effect.ignore(connection.executeUnprepared("DROP TABLESPACE elsewhere", [], undefined))
    )
  })
)

const Live = Layer.provideMerge(elsewhere, freshClient())

layer(Live, { excludeTestServices: true })("The locks that lint tells of", (it) => {
  it.effect.each(inTransaction)("are those that the server takes for %s", ([sql, ...expected]) =>
    Effect.gen(function* () {
      const connection = yield* prepared
      const told = yield* locksIn(connection, sql)
      assert.deepStrictEqual(told.map(written).toSorted(), [...expected].toSorted())
      yield* connection.executeUnprepared("BEGIN", [], undefined)
      const before = yield* workOn(connection)
      const { locks, work } = yield* Effect.gen(function* () {
        yield* connection.executeUnprepared(sql, [], undefined)
        const pid = yield* pidOf(connection)
        return { locks: yield* locksOn(connection, pid), work: yield* workOn(connection) }
      }).pipe(Effect.ensuring(Effect.ignore(connection.executeUnprepared("ROLLBACK", [], undefined))))
      for (const { mode, relation, rewrites, scans } of told) {
        // What is gone cannot be seen any more by its name.
        const [was, after] = [before.get(relation), work.get(relation)]
        if (was === undefined || after === undefined) continue
        assert.strictEqual(locks.find((lock) => lock.relation === relation)?.mode, mode, `the lock on ${relation}`)
        if (!isDdl(sql) || sql.startsWith("TRUNCATE")) continue
        assert.strictEqual(
          after.file !== was.file && !renewed.has(relation),
          rewrites,
          `whether ${relation} is rewritten`
        )
        // Blocks that are copied, or looked at here and there, are not counted.
        if (!sql.startsWith("ANALYZE") && !sql.includes("TABLESPACE"))
          assert.strictEqual(after.scans > was.scans, scans, `whether ${relation} is read`)
      }
      const untold = locks.filter(
        ({ mode, relation }) =>
          isAtLeast(mode, "SHARE") && before.has(relation) && !told.some((lock) => lock.relation === relation)
      )
      assert.deepStrictEqual(
        untold.filter(({ relation }) => tables.has(relation)),
        []
      )
    }).pipe(Effect.scoped)
  )
})

/** A new file of what is not locked for the time of its writing, or is one row. */
const renewed = new Set(["orders_customer", "numbers"])

layer(Live, { excludeTestServices: true })("The functions that lint takes for steady", (it) => {
  it.effect("are none that may give another value for each row", () =>
    Effect.gen(function* () {
      const connection = yield* reserved
      const wild = yield* connection.executeValues(
        // Before PostgreSQL 15 the zone of a time without a day depended on the clock: nobody has that for a default.
        `SELECT proname FROM pg_proc WHERE proname = ANY ($1::text[]) AND pronamespace = 'pg_catalog'::regnamespace
          AND provolatile = 'v' AND NOT ('timetz'::regtype = ANY (proargtypes) AND proname = 'timezone')`,
        [[...steady]]
      )
      assert.deepStrictEqual(wild, [])
    }).pipe(Effect.scoped)
  )
})

const tables = new Set([
  "customers",
  "orders",
  "parts",
  "parts_1",
  "parts_2",
  "base",
  "totals",
  "names",
  "doubles",
  "kinds"
])

/** What a rule's reason and its finding say that a statement keeps others from. */
const claimed = (text: string): ReadonlyArray<LockMode> => [
  ...lockModes.filter((mode) =>
    new RegExp(`(?<!(?:ROW|UPDATE|ACCESS|SHARE) )\\b${mode}\\b(?! ROW| UPDATE| EXCL)`, "u").test(text)
  ),
  ...(/reads and writes|nobody else can|blocks (?:all )?reads/u.test(text) ? (["ACCESS EXCLUSIVE"] as const) : []),
  ...(/blocks (?:all )?writes/u.test(text) ? (["SHARE"] as const) : [])
]

const speaksOfLocks = /\b(?:locks?|locked|blocks|blocked|EXCLUSIVE)\b/u

/** One says what is not seen; the other warns of a later change, whose lock `note TYPE varchar(5)` shows. */
const silent = new Set(["unseen-statement", "no-varchar"])

layer(Live, { excludeTestServices: true })("A rule that speaks of a lock", (it) => {
  it.effect("has a statement here, which takes no weaker one", () =>
    Effect.gen(function* () {
      const connection = yield* prepared
      const seen = new Set<string>()
      for (const [sql] of [...inTransaction, ...outside, ...together]) {
        const { findings, locks } = yield* reviewOf(connection, sql)
        for (const { message, reason, rule } of findings) {
          if (!speaksOfLocks.test(`${reason} ${message}`)) continue
          seen.add(rule)
          for (const mode of claimed(`${reason} ${message}`)) {
            assert.isTrue(
              locks.some((lock) => isAtLeast(lock.mode, mode)),
              `${rule} says ${mode} of ${sql}`
            )
          }
        }
      }
      for (const sql of [...ofDomain, everyRow, patient]) {
        for (const { rule } of (yield* reviewOf(connection, sql)).findings) seen.add(rule)
      }
      const speaking = rules.filter(({ name, reason }) => speaksOfLocks.test(reason) && !silent.has(name))
      assert.deepStrictEqual(
        speaking.map(({ name }) => name).filter((name) => !seen.has(name)),
        []
      )
    }).pipe(Effect.scoped)
  )

  it.effect.each(together)("keeps it until the end of the transaction: %s", ([sql, ...expected]) =>
    Effect.gen(function* () {
      const connection = yield* prepared
      const { statements } = yield* read(sql)
      const locks = yield* Effect.gen(function* () {
        yield* connection.executeUnprepared("BEGIN", [], undefined)
        for (const { text } of statements) yield* connection.executeUnprepared(text, [], undefined)
        return yield* locksOn(connection, yield* pidOf(connection))
      }).pipe(Effect.ensuring(Effect.ignore(connection.executeUnprepared("ROLLBACK", [], undefined))))
      const held = locks.map(({ mode, relation }) => `${mode} ${relation}`)
      assert.deepStrictEqual(
        expected.filter((lock) => !held.includes(lock)),
        [],
        held.join(", ")
      )
    }).pipe(Effect.scoped)
  )
})

describe("What lint says of waiting", () => {
  test("is so: whoever comes behind a statement that waits for its lock waits too", () =>
    Effect.gen(function* () {
      const [holder, waiting, late, observer] = [yield* reserved, yield* reserved, yield* reserved, yield* reserved]
      yield* prepare(holder)
      yield* holder.executeUnprepared("BEGIN", [], undefined)
      yield* holder.executeUnprepared("SELECT FROM orders", [], undefined)
      const isBehind = (pid: number, other: number) =>
        Effect.repeat(
          observer.executeValues("SELECT WHERE $2::text::int = ANY (pg_blocking_pids($1::text::int))", [
            String(pid),
            String(other)
          ]),
          { until: (rows) => rows.length > 0 }
        )
      const pids = [yield* pidOf(holder), yield* pidOf(waiting), yield* pidOf(late)] as const
      const change = yield* Effect.forkChild(
        Effect.gen(function* () {
          for (const { text } of (yield* read(patient)).statements) {
            yield* waiting.executeUnprepared(text, [], undefined)
          }
        })
      )
      yield* isBehind(pids[1], pids[0])
      // It would not wait for the one that only reads.
      const query = yield* Effect.forkChild(late.executeUnprepared("SELECT FROM orders", [], undefined))
      yield* isBehind(pids[2], pids[1])
      yield* holder.executeUnprepared("ROLLBACK", [], undefined)
      yield* Fiber.join(change)
      yield* Fiber.join(query)
    }).pipe(Effect.scoped))

  test("is so: a change of all rows locks each of them until it commits", () =>
    Effect.gen(function* () {
      const [changing, other] = [yield* reserved, yield* reserved]
      yield* prepare(changing)
      const free = Effect.map(
        other.executeValues("SELECT FROM orders FOR UPDATE SKIP LOCKED", []),
        (rows) => rows.length
      )
      assert.isAbove(yield* free, 0)
      yield* changing.executeUnprepared("BEGIN", [], undefined)
      yield* changing.executeUnprepared(everyRow, [], undefined)
      assert.strictEqual(yield* free, 0)
      yield* changing.executeUnprepared("ROLLBACK", [], undefined)
    }).pipe(Effect.scoped))
})

layer(freshClient(), { excludeTestServices: true })("A constraint of a domain", (it) => {
  it.effect.each(ofDomain)("blocks writes to the tables that have it: %s", (sql) =>
    Effect.gen(function* () {
      const connection = yield* prepared
      yield* connection.executeUnprepared("BEGIN", [], undefined)
      yield* connection.executeUnprepared(sql, [], undefined)
      const locks = yield* locksOn(connection, yield* pidOf(connection))
      yield* connection.executeUnprepared("ROLLBACK", [], undefined)
      assert.strictEqual(locks.find(({ relation }) => relation === "sums")?.mode, "SHARE")
    }).pipe(Effect.scoped)
  )
})

describe("The locks that lint tells of, outside of a transaction,", () => {
  for (const [sql, ...expected] of outside) {
    test(`are those that the server takes for ${sql}`, () =>
      Effect.gen(function* () {
        const [holder, connection, observer] = [yield* reserved, yield* reserved, yield* reserved]
        yield* prepare(holder)
        const told = yield* locksIn(holder, sql)
        assert.deepStrictEqual(
          told.map(({ mode, relation }) => `${mode} ${relation}`).toSorted(),
          [...expected].toSorted()
        )
        for (const text of ["BEGIN", "UPDATE orders SET total = 2 WHERE id = 1", "SELECT FROM parts_1"]) {
          yield* holder.executeUnprepared(text, [], undefined)
        }
        const pid = yield* pidOf(connection)
        const fiber = yield* Effect.forkChild(connection.executeUnprepared(sql, [], undefined))
        const isWaiting = observer.executeValues("SELECT FROM pg_locks WHERE pid = $1::text::int AND NOT granted", [
          String(pid)
        ])
        yield* Effect.repeat(isWaiting, { until: (rows) => rows.length > 0 })
        const locks = yield* locksOn(observer, pid)
        yield* holder.executeUnprepared("ROLLBACK", [], undefined)
        yield* Fiber.join(fiber)
        for (const { mode, relation } of told) {
          assert.strictEqual(locks.find((lock) => lock.relation === relation)?.mode, mode, `the lock on ${relation}`)
        }
      }).pipe(Effect.scoped))
  }
})
