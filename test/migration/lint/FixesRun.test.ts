/**
 * The fixes are migrations: the migrator runs them on a table that has rows, none
 * of their statements reads or writes all of it while it blocks anybody, and what
 * the statement was meant to bring about is there afterwards.
 */
import { assert, describe } from "@effect/vitest"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { isAtLeast } from "../../../src/migration/internal/lint/lockModes.ts"
import { read } from "../../../src/migration/internal/splitter.ts"
import { directory, migratorOf, scalar, test, write } from "../support.ts"
import { findings } from "./support.ts"

const schema = `
  CREATE TABLE shops (id bigint PRIMARY KEY);
  INSERT INTO shops SELECT generate_series(1, 20);
  CREATE TABLE orders (id bigint NOT NULL, shop bigint, total numeric, "Order" text);
  INSERT INTO orders SELECT n, n, n, n FROM generate_series(1, 20) n;
  CREATE INDEX orders_total ON orders (total);
  CREATE INDEX orders_of_shop ON orders (shop)
`

const isValid = (constraint: string) => `SELECT convalidated FROM pg_constraint WHERE conname = '${constraint}'`

/** A statement, and what is true once its fix has run. */
const fixes: ReadonlyArray<readonly [sql: string, truth: string]> = [
  [
    'ALTER TABLE orders ALTER "Order" SET NOT NULL',
    "SELECT attnotnull FROM pg_attribute WHERE attrelid = 'orders'::regclass AND attname = 'Order'"
  ],
  ["ALTER TABLE orders ADD FOREIGN KEY (shop) REFERENCES shops (id)", isValid("orders_shop_fkey")],
  ["ALTER TABLE orders ADD CONSTRAINT paid CHECK (total >= 0)", isValid("paid")],
  ["ALTER TABLE orders ADD COLUMN kind text CHECK (kind <> '')", isValid("orders_kind_check")],
  ["ALTER TABLE orders ADD UNIQUE (id, shop)", isValid("orders_id_shop_key")],
  ["ALTER TABLE orders ADD PRIMARY KEY (id)", isValid("orders_pkey")],
  ["ALTER TABLE orders ADD COLUMN code text UNIQUE", isValid("orders_code_key")],
  [
    "ALTER TABLE orders ADD COLUMN token uuid DEFAULT gen_random_uuid()",
    "SELECT pg_get_expr(adbin, adrelid) = 'gen_random_uuid()' FROM pg_attrdef WHERE adrelid = 'orders'::regclass"
  ],
  [
    "ALTER TABLE orders ADD COLUMN number bigint GENERATED ALWAYS AS IDENTITY",
    "SELECT pg_get_serial_sequence('orders', 'number') = 'public.orders_number_seq'"
  ],
  [
    "CREATE INDEX orders_shop ON orders (shop)",
    "SELECT indisvalid FROM pg_index WHERE indexrelid = 'orders_shop'::regclass"
  ],
  ["DROP INDEX orders_total", "SELECT to_regclass('orders_total') IS NULL"],
  ["REINDEX TABLE orders", "SELECT indisvalid FROM pg_index WHERE indexrelid = 'orders_total'::regclass"]
]

describe("the fix", () => {
  for (const [sql, truth] of fixes) {
    test(`of ${sql} runs, and blocks nobody for long`, () =>
      Effect.gen(function* () {
        const client = yield* SqlClient.SqlClient
        for (const { text } of (yield* read(schema)).statements) yield* client.unsafe(text)
        const [found] = yield* findings(sql)
        assert(found !== undefined)
        const path = yield* directory({ "1_change.up.sql": sql })
        const migrator = yield* migratorOf(path)
        assert.include(
          (yield* migrator.lint()).findings.map(({ rule }) => rule),
          found.rule
        )
        yield* write(path, { "1_change.up.sql": found.fix })
        const [planned] = yield* migrator.plan()
        assert.deepStrictEqual(planned?.findings, [])
        const locks = planned?.statements.flatMap((statement) => statement.locks) ?? []
        assert.deepStrictEqual(
          locks.filter(({ mode, rewrites, scans }) => isAtLeast(mode, "SHARE") && (rewrites || scans)),
          []
        )
        yield* migrator.up()
        assert.strictEqual(yield* scalar(truth), true)
      }))
  }
})
