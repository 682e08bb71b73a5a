/** What a migration may well do. A linter that cries at these is switched off, and then sees nothing. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { findings } from "./support.ts"

const alone = "-- pgkeel:no-transaction\n"

const newTables = [
  "CREATE TABLE accounts (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, email text NOT NULL UNIQUE)",
  "CREATE TABLE accounts (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), made timestamptz NOT NULL DEFAULT now())",
  "CREATE TABLE IF NOT EXISTS accounts (id bigint PRIMARY KEY)",
  "CREATE TABLE app.accounts (id bigint PRIMARY KEY, settings jsonb NOT NULL DEFAULT '{}')",
  "CREATE TABLE prices (id bigint PRIMARY KEY, price numeric(12, 2) NOT NULL CHECK (price >= 0))",
  "CREATE TABLE countries (code text PRIMARY KEY CHECK (code ~ '^[A-Z]{2}$'), name text NOT NULL)",
  "CREATE TABLE tags (owner bigint NOT NULL, name text NOT NULL, PRIMARY KEY (owner, name))",
  "CREATE TABLE orders (id bigint PRIMARY KEY, account bigint NOT NULL REFERENCES accounts); CREATE INDEX ON orders (account)",
  "CREATE TABLE pairs (a bigint REFERENCES x, b bigint REFERENCES y, PRIMARY KEY (a, b)); CREATE INDEX ON pairs (b)",
  "CREATE TABLE one (account bigint PRIMARY KEY REFERENCES accounts ON DELETE CASCADE, note text)",
  "CREATE TABLE measures (at timestamptz NOT NULL, value float8) PARTITION BY RANGE (at)",
  "CREATE TABLE measures (at date NOT NULL) PARTITION BY RANGE (at); CREATE TABLE measures_2026 PARTITION OF measures FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')",
  "CREATE TABLE stays (room bigint, during tstzrange, EXCLUDE USING gist (room WITH =, during WITH &&))",
  "CREATE TABLE words (id bigint PRIMARY KEY, body text, found tsvector GENERATED ALWAYS AS (to_tsvector('simple', body)) STORED)",
  "CREATE TABLE copies (LIKE orders INCLUDING ALL)",
  "CREATE TABLE totals AS SELECT account, count(*) AS orders FROM orders GROUP BY account",
  "CREATE TEMP TABLE staging (id bigint, name text); INSERT INTO staging VALUES (1, 'a'); DROP TABLE staging",
  "CREATE TABLE files (id bigint PRIMARY KEY, size int NOT NULL, kind smallint NOT NULL, ratio real)",
  "CREATE TABLE t (a bigint); COMMENT ON TABLE t IS 'what it is'; COMMENT ON COLUMN t.a IS 'more'",
  "CREATE TABLE t (a bigint); CREATE INDEX ON t (a); CREATE UNIQUE INDEX ON t (a) WHERE a > 0",
  "CREATE TABLE t (a bigint); ALTER TABLE t ADD COLUMN b text NOT NULL",
  "CREATE TABLE t (a bigint); ALTER TABLE t ADD COLUMN b uuid DEFAULT gen_random_uuid()",
  "CREATE TABLE t (a bigint); ALTER TABLE t ALTER a SET NOT NULL, ALTER a TYPE numeric",
  "CREATE TABLE t (a bigint); ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0)",
  "CREATE TABLE t (a bigint); ALTER TABLE t ADD PRIMARY KEY (a)",
  "CREATE TABLE t (a bigint); ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES u; CREATE INDEX ON t (a)",
  "CREATE TABLE t (a bigint, b text); ALTER TABLE t DROP COLUMN b; ALTER TABLE t RENAME a TO c",
  "CREATE TABLE t (a bigint); ALTER TABLE t RENAME TO u; DROP TABLE u",
  "CREATE TABLE t (a bigint); INSERT INTO t (a) VALUES (1), (2); UPDATE t SET a = a + 1; DELETE FROM t",
  "CREATE TABLE t (a bigint); CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()",
  "CREATE TABLE t (a bigint); ALTER TABLE t OWNER TO app; GRANT SELECT, INSERT ON t TO app",
  "CREATE TABLE t (a bigint); ALTER TABLE t ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY; CREATE POLICY own ON t USING (a = 1)",
  "CREATE TABLE t (a bigint, b bigint); CREATE STATISTICS s ON a, b FROM t",
  "CREATE FOREIGN TABLE far (a bigint) SERVER other",
  'CREATE TABLE "a.b"."c.d" (id bigint); CREATE INDEX i ON "a.b"."c.d" (id)',
  "CREATE TABLE t (a bigint, b text);\nCOPY t (a, b) FROM stdin;\n1\tx\n\\.\nCREATE INDEX i ON t (a); ANALYZE t",
  "CREATE TABLE t (a bigint); LOCK TABLE t; INSERT INTO t SELECT id FROM users; UPDATE t SET a = 1; TRUNCATE t; DROP TABLE t",
  "CREATE TABLE t (a bigint REFERENCES users, b bigint REFERENCES orders); CREATE INDEX ON t (a); CREATE INDEX ON t (b)",
  "CREATE TABLE t AS TABLE users; SELECT * INTO t2 FROM users; CREATE TABLE t3 AS EXECUTE p; CREATE INDEX i ON t3 (a); ALTER TABLE t2 ADD PRIMARY KEY (id)",
  "CREATE TABLE new_parts (LIKE parts INCLUDING ALL); ALTER TABLE parts ATTACH PARTITION new_parts FOR VALUES FROM (1) TO (2)",
  "CREATE TABLE p3 PARTITION OF parts FOR VALUES FROM (1) TO (2) PARTITION BY LIST (x); CREATE TABLE p3a PARTITION OF p3 FOR VALUES IN (1); CREATE INDEX i ON p3 (a); ALTER TABLE p3 ADD UNIQUE (a, x)",
  "SET search_path TO app; CREATE TABLE t (id bigint PRIMARY KEY); ALTER TABLE t ADD x int NOT NULL; SET search_path TO public; ALTER TABLE app.t ADD y int NOT NULL",
  "CREATE TABLE t (a bigint GENERATED ALWAYS AS (b + 1) VIRTUAL, b bigint); ALTER TABLE t ADD c bigint GENERATED ALWAYS AS (b * 2) STORED",
  "CREATE DOMAIN positive AS bigint CHECK (VALUE > 0); ALTER DOMAIN positive ADD CHECK (VALUE < 9); CREATE TABLE t (a positive); ALTER TABLE t ADD b positive"
]

const oldTables = [
  "ALTER TABLE orders ADD COLUMN note text",
  "ALTER TABLE orders ADD COLUMN IF NOT EXISTS note text",
  "ALTER TABLE ONLY orders ADD COLUMN note text",
  "ALTER TABLE orders ADD COLUMN paid boolean NOT NULL DEFAULT false",
  "ALTER TABLE orders ADD COLUMN made timestamptz NOT NULL DEFAULT now()",
  "ALTER TABLE orders ADD COLUMN data jsonb NOT NULL DEFAULT '{}'::jsonb",
  "ALTER TABLE orders ADD COLUMN tags text[] NOT NULL DEFAULT ARRAY[]::text[]",
  "ALTER TABLE orders ADD COLUMN by_whom text DEFAULT current_user",
  "ALTER TABLE orders ADD COLUMN a text, ADD COLUMN b bigint DEFAULT 0",
  "ALTER TABLE orders ADD COLUMN twice bigint GENERATED ALWAYS AS (total * 2) VIRTUAL",
  "ALTER TABLE orders ADD COLUMN account bigint REFERENCES accounts",
  "ALTER TABLE orders ADD COLUMN a int DEFAULT (1 + 2) * 3, ADD COLUMN b text DEFAULT upper('x'), ADD c date DEFAULT CURRENT_DATE",
  "ALTER TABLE orders ADD COLUMN a int[] DEFAULT ARRAY[1,2,3], ADD c tstzrange DEFAULT tstzrange(now(), 'infinity')",
  "ALTER TABLE orders ADD COLUMN a text DEFAULT coalesce(NULL, 'x'), ADD b int DEFAULT greatest(1, 2)",
  "ALTER TABLE orders ADD COLUMN m mood DEFAULT 'a' NOT NULL",
  "ALTER TABLE orders ALTER a SET STORAGE PLAIN, ALTER b SET COMPRESSION lz4",
  "ALTER TABLE orders ADD CONSTRAINT positive CHECK (total > 0) NOT ENFORCED",
  "ALTER TABLE orders DROP CONSTRAINT c; ALTER TABLE orders ADD CONSTRAINT c CHECK (a > 1) NOT VALID",
  "ALTER TABLE orders ADD a bigint; ALTER TABLE public.orders ADD b bigint",
  "ALTER TABLE parts DETACH PARTITION p1 FINALIZE",
  "ALTER TABLE orders ALTER COLUMN total SET DEFAULT 0",
  "ALTER TABLE orders ALTER COLUMN total SET STATISTICS 1000",
  "ALTER TABLE orders ALTER COLUMN body SET STORAGE EXTERNAL",
  "ALTER TABLE orders SET (fillfactor = 80)",
  "ALTER TABLE orders SET (autovacuum_vacuum_scale_factor = 0.01)",
  "ALTER TABLE orders ADD CONSTRAINT positive CHECK (total >= 0) NOT VALID",
  "ALTER TABLE orders ADD CONSTRAINT of_account FOREIGN KEY (account) REFERENCES accounts NOT VALID",
  "ALTER TABLE orders VALIDATE CONSTRAINT positive",
  "ALTER TABLE orders DROP CONSTRAINT positive",
  "ALTER TABLE orders DROP CONSTRAINT IF EXISTS of_account_fkey",
  "ALTER TABLE orders ADD CONSTRAINT one_number UNIQUE USING INDEX by_number",
  "ALTER TABLE orders ADD CONSTRAINT orders_pkey PRIMARY KEY USING INDEX by_id",
  "ALTER TABLE orders ENABLE TRIGGER stamp",
  "ALTER TABLE orders ENABLE ALWAYS TRIGGER stamp",
  "ALTER TABLE orders REPLICA IDENTITY USING INDEX by_number",
  "ALTER TABLE orders FORCE ROW LEVEL SECURITY",
  "CREATE POLICY own ON orders USING (account = 1); ALTER TABLE orders ENABLE ROW LEVEL SECURITY",
  "ALTER POLICY own ON orders USING (account = 2)",
  "ALTER INDEX by_number RENAME TO orders_by_number",
  "CREATE TABLE measures_2027 PARTITION OF measures FOR VALUES FROM ('2027-01-01') TO ('2028-01-01')",
  `${alone}ALTER TABLE measures DETACH PARTITION measures_2020 CONCURRENTLY`,
  `${alone}ALTER TABLE orders ADD CONSTRAINT positive CHECK (total >= 0) NOT VALID; ALTER TABLE orders VALIDATE CONSTRAINT positive`,
  `${alone}ALTER TABLE orders ADD CONSTRAINT n CHECK (total IS NOT NULL) NOT VALID; ALTER TABLE orders VALIDATE CONSTRAINT n; ALTER TABLE orders ALTER total SET NOT NULL; ALTER TABLE orders DROP CONSTRAINT n`,
  "ALTER TABLE users RENAME TO customers; CREATE VIEW users AS SELECT * FROM customers"
]

const indexes = [
  "CREATE INDEX i ON ONLY parts (a)",
  "ALTER INDEX i ATTACH PARTITION i1",
  "CREATE INDEX CONCURRENTLY by_account ON orders (account)",
  "CREATE INDEX CONCURRENTLY IF NOT EXISTS by_account ON orders (account)",
  "CREATE UNIQUE INDEX CONCURRENTLY by_number ON orders (number)",
  "CREATE INDEX CONCURRENTLY ON orders (account, made DESC) INCLUDE (total) WHERE paid",
  "CREATE INDEX CONCURRENTLY ON orders USING gin (data jsonb_path_ops)",
  "CREATE INDEX CONCURRENTLY ON orders (lower(email) text_pattern_ops)",
  "DROP INDEX CONCURRENTLY IF EXISTS by_account",
  "REINDEX INDEX CONCURRENTLY by_account",
  "REINDEX (CONCURRENTLY) TABLE orders",
  "VACUUM (ANALYZE) orders",
  "ANALYZE orders",
  "REFRESH MATERIALIZED VIEW CONCURRENTLY totals"
]

const types = [
  "CREATE TYPE status AS ENUM ('new', 'done')",
  "ALTER TYPE status ADD VALUE 'held' AFTER 'new'",
  "ALTER TYPE status ADD VALUE IF NOT EXISTS 'held' BEFORE 'done'",
  "CREATE TYPE address AS (street text, zip text)",
  "ALTER TYPE address ADD ATTRIBUTE country text",
  "CREATE TYPE span AS RANGE (subtype = float8)",
  "CREATE DOMAIN email AS text CHECK (VALUE LIKE '%@%')",
  "ALTER DOMAIN email SET DEFAULT ''",
  "ALTER DOMAIN email ADD CONSTRAINT short CHECK (length(VALUE) < 200) NOT VALID",
  "CREATE SEQUENCE numbers",
  "ALTER SEQUENCE numbers CACHE 50",
  "CREATE COLLATION german (provider = icu, locale = 'de')",
  "CREATE EXTENSION IF NOT EXISTS pg_trgm",
  "CREATE SCHEMA app",
  "CREATE SCHEMA IF NOT EXISTS app AUTHORIZATION app"
]

const code = [
  "CREATE VIEW recent AS SELECT id, total FROM orders WHERE made > now() - interval '1 day'",
  "CREATE OR REPLACE VIEW recent WITH (security_invoker = true) AS SELECT id FROM orders",
  "CREATE MATERIALIZED VIEW totals AS SELECT account, sum(total) AS total FROM orders GROUP BY account",
  "DROP VIEW recent; CREATE VIEW recent AS SELECT id FROM orders",
  "CREATE FUNCTION twice(a bigint) RETURNS bigint LANGUAGE sql IMMUTABLE RETURN a * 2",
  "CREATE OR REPLACE FUNCTION twice(a bigint) RETURNS bigint LANGUAGE sql AS 'SELECT a * 2'",
  "CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.changed = now(); RETURN NEW; END $$",
  "CREATE FUNCTION wipe() RETURNS void LANGUAGE plpgsql AS $$ BEGIN DROP TABLE scratch; END $$",
  "CREATE FUNCTION f() RETURNS int LANGUAGE sql SECURITY DEFINER SET search_path = '' AS 'SELECT 1'",
  "CREATE PROCEDURE tidy() LANGUAGE sql BEGIN ATOMIC DELETE FROM app.sessions WHERE ends < now(); END",
  "ALTER FUNCTION twice(bigint) SET search_path = ''",
  "ALTER FUNCTION twice(bigint) PARALLEL SAFE",
  "DROP TRIGGER IF EXISTS stamp ON orders; CREATE TRIGGER stamp BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION stamp()",
  "CREATE OR REPLACE TRIGGER stamp BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION stamp()",
  "COMMENT ON FUNCTION twice(bigint) IS 'DROP TABLE orders; -- no'",
  "CREATE AGGREGATE product(numeric) (sfunc = numeric_mul, stype = numeric, initcond = '1')",
  "CREATE PUBLICATION changes FOR TABLE orders",
  "CREATE EVENT TRIGGER watch ON ddl_command_end EXECUTE FUNCTION noted()"
]

const rows = [
  "INSERT INTO countries (code, name) VALUES ('DE', 'Germany'), ('FR', 'France') ON CONFLICT DO NOTHING",
  "INSERT INTO kinds VALUES (1, 'a')",
  "UPDATE settings SET value = 'on' WHERE name = 'beta'",
  "DELETE FROM sessions WHERE ends < now() - interval '1 year'",
  "COPY countries (code, name) FROM stdin;\nDE\tGermany\n\\.\n",
  "SELECT setval('numbers', 1000)",
  "SELECT 1",
  "WITH old AS (DELETE FROM a WHERE x = 1 RETURNING y) INSERT INTO b (y) SELECT y FROM old",
  "DO $$ BEGIN IF current_setting('server_version_num')::int < 140000 THEN RAISE 'too old'; END IF; END $$",
  "DO $$ BEGIN ASSERT (SELECT count(*) FROM countries) > 0, 'DROP nothing'; END $$",
  "SET LOCAL statement_timeout = '10s'",
  "SET lock_timeout = '2s'",
  "SET search_path = app, public",
  "SELECT pg_catalog.set_config('search_path', '', false)",
  "SET client_encoding = 'UTF8'",
  "NOTIFY reload, 'schema'",
  "-- nothing but a comment",
  ""
]

const rights = [
  "GRANT SELECT ON ALL TABLES IN SCHEMA app TO readers",
  "GRANT USAGE ON SCHEMA app TO app",
  "GRANT readers TO app",
  "GRANT EXECUTE ON FUNCTION twice(bigint) TO app",
  "REVOKE ALL ON SCHEMA public FROM PUBLIC",
  "REVOKE EXECUTE ON FUNCTION twice(bigint) FROM PUBLIC",
  "ALTER DEFAULT PRIVILEGES IN SCHEMA app GRANT SELECT ON TABLES TO readers",
  "ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC",
  "CREATE ROLE readers NOLOGIN",
  "ALTER ROLE app CONNECTION LIMIT 20",
  "ALTER SCHEMA app OWNER TO app",
  "SECURITY LABEL FOR none ON TABLE orders IS NULL"
]

const safe = { newTables, oldTables, indexes, types, code, rows, rights }

describe("lint has nothing against", () => {
  for (const [group, statements] of Object.entries(safe)) {
    it.effect.each(statements)(`${group}: %s`, (sql) =>
      Effect.map(findings(sql), (found) => assert.deepStrictEqual(found, []))
    )
  }
})
