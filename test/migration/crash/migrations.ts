/** What the crash sweep migrates: every kind of migration, and every statement that is recovered in a way of its own. */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import type { CodeMigration } from "../../../src/migration/MigrationSource.ts"

export const files: Record<string, string> = {
  "1_orders.up.sql": `
    CREATE TYPE state AS ENUM ('new');
    CREATE TABLE orders (id int PRIMARY KEY, state state NOT NULL DEFAULT 'new', note text);
    COPY orders (id, note) FROM stdin;
1\tone
2\t\\N
\\.
`,
  "1_orders.down.sql": "DROP TABLE orders; DROP TYPE state;",
  "2_indexes.up.sql": `
    INSERT INTO orders (id) VALUES (11);
    SET search_path = public;
    CREATE INDEX CONCURRENTLY orders_state ON orders (state);
    CREATE UNIQUE INDEX CONCURRENTLY ON orders (id, note);
    UPDATE orders SET note = coalesce(note, '') || 'x';
    REINDEX TABLE CONCURRENTLY orders;
    VACUUM orders;`,
  "2_indexes.down.sql": `
    DROP INDEX CONCURRENTLY orders_state;
    DROP INDEX CONCURRENTLY orders_id_note_idx;
    DELETE FROM orders WHERE id = 11;`,
  "3_value.up.sql": "ALTER TYPE state ADD VALUE 'sent';",
  "3_value.down.sql": "SELECT 1;",
  "4_use.up.sql": "INSERT INTO orders (id, state) VALUES (12, 'sent');",
  "4_use.down.sql": "DELETE FROM orders WHERE id = 12;",
  "5_parts.up.sql": `
    CREATE TABLE parts (id int) PARTITION BY LIST (id);
    CREATE TABLE parts_1 PARTITION OF parts FOR VALUES IN (1);
    INSERT INTO parts VALUES (1);`,
  "5_parts.down.sql": "DROP TABLE parts;",
  "6_detach.up.sql": `
    ALTER TABLE parts DETACH PARTITION parts_1 CONCURRENTLY;
    INSERT INTO parts_1 VALUES (1);`,
  "6_detach.down.sql": `-- pgkeel:no-transaction
    DELETE FROM parts_1;
    ALTER TABLE parts ATTACH PARTITION parts_1 FOR VALUES IN (1);`,
  "R__open.sql": `
    CREATE OR REPLACE FUNCTION open_orders() RETURNS bigint LANGUAGE sql AS $$ SELECT count(*) FROM orders $$;
    COMMENT ON FUNCTION open_orders() IS 'those that are open';`
}

const statements = (...all: ReadonlyArray<string>) =>
  Effect.flatMap(SqlClient.SqlClient, (sql) =>
    Effect.forEach(all, (statement) => sql.unsafe(statement), { discard: true })
  )

export const code: ReadonlyArray<CodeMigration> = [
  {
    id: "1",
    name: "together",
    up: statements("CREATE TABLE log (id int)", "INSERT INTO log VALUES (1)"),
    down: statements("DROP TABLE log")
  },
  {
    id: "2",
    name: "apart",
    transaction: false,
    up: statements("DELETE FROM log WHERE id = 2", "INSERT INTO log VALUES (2)"),
    down: statements("DELETE FROM log WHERE id = 2")
  }
]
