import type { RelationFacts, TableFacts } from "../../../src/catalog/RelationFacts.ts"
import { compatibilityRules } from "../../../src/migration/internal/lint/compatibilityRules.ts"
import { allHaveExamples, directive, examples } from "./support.ts"

const orders: TableFacts = {
  schema: "public",
  name: "orders",
  kind: "table",
  rowSecurity: false,
  policies: [],
  columns: [
    { name: "id", type: "bigint", nullable: false },
    { name: "note", type: "character varying(80)", nullable: true }
  ],
  constraints: [
    { name: "orders_pkey", definition: "PRIMARY KEY (id)", validated: true, references: null },
    { name: "one_number", definition: "UNIQUE (number)", validated: true, references: null },
    { name: "strange_key", definition: "CHECK ((id > 0))", validated: true, references: null }
  ],
  indexes: [
    { name: "by_number", definition: "CREATE UNIQUE INDEX ...", unique: true, columns: ["number"] },
    { name: "by_id", definition: "CREATE UNIQUE INDEX ...", unique: true, columns: ["id"] },
    { name: "by_note", definition: "CREATE INDEX ...", unique: false, columns: ["note"] }
  ]
}

const facts: RelationFacts = {
  serverVersion: 180000,
  searchPath: ["public"],
  tables: [orders],
  steadyFunctions: [],
  constrainedDomains: []
}

const around = { facts }

const guarded = { facts: { ...facts, tables: [{ ...orders, rowSecurity: true, policies: ["own"] }] } }

examples(
  "rename-column",
  [
    {
      sql: "ALTER TABLE shop.orders RENAME COLUMN note TO remark",
      fix: "-- ALTER TABLE shop.orders ADD COLUMN remark <type of note>;\n-- release an application that writes both"
    },
    { sql: "ALTER TABLE orders RENAME note TO remark", around, fix: "ADD COLUMN remark character varying(80);" },
    { sql: 'ALTER TABLE "Orders" RENAME "Note" TO note', fix: 'ALTER TABLE "Orders" DROP COLUMN "Note";' },
    { sql: "ALTER VIEW recent RENAME COLUMN note TO remark", fix: "ADD COLUMN remark" },
    { sql: "ALTER TYPE address RENAME ATTRIBUTE zip TO code", fix: "make a new type with code" }
  ],
  [
    "CREATE TABLE t (a bigint); ALTER TABLE t RENAME a TO b",
    "CREATE TYPE address AS (zip text); ALTER TYPE address RENAME ATTRIBUTE zip TO code",
    "ALTER INDEX by_note RENAME TO by_remark"
  ]
)

examples(
  "rename-table",
  [
    {
      sql: `${directive}ALTER TABLE users RENAME TO customers; CREATE VIEW users AS SELECT * FROM customers`,
      at: "2:1",
      fix: "CREATE VIEW users"
    },
    {
      sql: "ALTER TABLE shop.users RENAME TO customers",
      fix: "ALTER TABLE shop.users RENAME TO customers;\nCREATE VIEW shop.users WITH (security_invoker = true) AS SELECT * FROM shop.customers;"
    },
    { sql: "ALTER VIEW recent RENAME TO latest", fix: "CREATE VIEW recent" },
    { sql: "ALTER MATERIALIZED VIEW totals RENAME TO sums", fix: "AS SELECT * FROM sums;" },
    { sql: "ALTER FOREIGN TABLE far RENAME TO near", fix: "AS SELECT * FROM near;" }
  ],
  [
    "ALTER TABLE users RENAME TO customers; CREATE VIEW users AS SELECT * FROM customers",
    "CREATE TABLE a (b bigint); ALTER TABLE a RENAME TO c"
  ]
)

examples(
  "rename-schema",
  [{ sql: "ALTER SCHEMA shop RENAME TO store", fix: "ALTER TABLE shop.<table> SET SCHEMA store;" }],
  ["CREATE SCHEMA shop; ALTER SCHEMA shop RENAME TO store"]
)

examples(
  "rename-object",
  [
    { sql: "ALTER FUNCTION app.total(int) RENAME TO sum_of", fix: "CREATE FUNCTION app.sum_of beside app.total" },
    { sql: "ALTER PROCEDURE tidy() RENAME TO clean", fix: "CREATE PROCEDURE clean beside tidy" },
    { sql: "ALTER TYPE app.status RENAME TO state", fix: "keep the name app.status" },
    { sql: "ALTER DOMAIN email RENAME TO address", fix: "keep the name email" },
    { sql: "ALTER SEQUENCE numbers RENAME TO digits", fix: "keep the name numbers, or make digits" },
    { sql: "ALTER ROLE app RENAME TO web", fix: "CREATE ROLE web IN ROLE app" },
    { sql: "ALTER DATABASE shop RENAME TO store", fix: "keep the name shop" }
  ],
  [
    "CREATE TYPE status AS (a text); ALTER TYPE status RENAME TO state",
    "CREATE SEQUENCE s; ALTER SEQUENCE s RENAME TO q",
    "ALTER TRIGGER a ON orders RENAME TO b",
    "ALTER POLICY a ON orders RENAME TO b"
  ]
)

examples(
  "rename-constraint",
  [
    {
      sql: "ALTER TABLE orders RENAME CONSTRAINT positive TO is_positive",
      fix: "-- when every running application knows both positive and is_positive"
    }
  ],
  ["CREATE TABLE t (a bigint CONSTRAINT c CHECK (a > 0)); ALTER TABLE t RENAME CONSTRAINT c TO d"]
)

examples(
  "rename-enum-value",
  [
    {
      sql: "ALTER TYPE status RENAME VALUE 'done' TO 'over'; INSERT INTO kinds (status) VALUES ('over')",
      fix: "ADD VALUE 'over'"
    },
    {
      sql: "ALTER TYPE app.status RENAME VALUE 'done' TO 'completed'",
      fix: "ALTER TYPE app.status ADD VALUE 'completed' AFTER 'done';"
    }
  ],
  ["CREATE TYPE status AS ENUM ('done'); ALTER TYPE status RENAME VALUE 'done' TO 'completed'"]
)

examples(
  "move-schema",
  [
    {
      sql: "ALTER TABLE orders SET SCHEMA shop",
      fix: "CREATE VIEW orders WITH (security_invoker = true) AS SELECT * FROM shop.orders;"
    },
    { sql: "ALTER FUNCTION total(int) SET SCHEMA shop", fix: "make shop.total beside total" },
    { sql: "ALTER TYPE status SET SCHEMA shop", fix: "make shop.status beside status" }
  ],
  [
    "CREATE TYPE status AS (a text); ALTER TYPE status SET SCHEMA shop",
    "CREATE TABLE a (b bigint); ALTER TABLE a RENAME TO c; ALTER TABLE c SET SCHEMA shop",
    "ALTER TABLE orders SET SCHEMA shop; CREATE VIEW orders AS SELECT * FROM shop.orders",
    "CREATE TABLE t (a bigint); ALTER TABLE t SET SCHEMA shop"
  ]
)

examples(
  "drop-column",
  [
    {
      sql: "ALTER TABLE shop.orders DROP COLUMN note",
      fix: "-- when no running application names shop.orders.note, in a migration of its own:\n-- pgkeel:allow drop-column: <since when>\nALTER TABLE shop.orders DROP COLUMN note;"
    },
    { sql: "ALTER TABLE orders ADD a int, DROP IF EXISTS note", at: "1:31", fix: "DROP COLUMN note;" },
    { sql: "ALTER TABLE orders DROP COLUMN note CASCADE", also: ["cascade"], fix: "DROP COLUMN note;" },
    { sql: "ALTER TYPE address DROP ATTRIBUTE zip", fix: "address.zip" }
  ],
  [
    "CREATE TYPE a AS (b text); ALTER TYPE a DROP ATTRIBUTE b",
    "CREATE TABLE t (a bigint, b bigint); ALTER TABLE t DROP COLUMN b",
    "-- pgkeel:allow drop-column: nothing reads it since release 12\nALTER TABLE orders DROP COLUMN note"
  ]
)

examples(
  "drop-table",
  [
    { sql: "DROP TABLE shop.orders", fix: "no running application names shop.orders" },
    { sql: "DROP TABLE IF EXISTS orders", fix: "DROP TABLE orders;" },
    { sql: "DROP TABLE orders CASCADE", also: ["cascade"], fix: "DROP TABLE orders;" },
    { sql: "DROP FOREIGN TABLE far", fix: "DROP FOREIGN TABLE far;" },
    { sql: "DROP TABLE IF EXISTS orders; CREATE TABLE orders (id bigint)", fix: "DROP TABLE orders;" }
  ],
  [
    "CREATE FOREIGN TABLE far (a bigint) SERVER s; DROP FOREIGN TABLE far",
    "CREATE TEMP TABLE staging (a bigint); DROP TABLE staging",
    "CREATE TABLE a.t (b bigint); DROP TABLE a.t CASCADE"
  ]
)

examples(
  "drop-view",
  [
    { sql: "CREATE OR REPLACE VIEW v AS SELECT 1 AS a; DROP VIEW v", fix: "DROP VIEW v;", at: "1:44" },
    { sql: "DROP VIEW shop.recent", fix: "CREATE OR REPLACE VIEW shop.recent" },
    { sql: "DROP MATERIALIZED VIEW totals", fix: /^-- when no running application names totals/u },
    {
      sql: "-- pgkeel:no-transaction\nDROP VIEW recent; CREATE VIEW recent AS SELECT 1 AS a",
      at: "2:1",
      fix: "DROP VIEW recent;"
    }
  ],
  ["DROP VIEW recent; CREATE VIEW recent AS SELECT 1 AS a", "CREATE VIEW recent AS SELECT 1 AS a; DROP VIEW recent"]
)

examples(
  "drop-schema",
  [
    { sql: "DROP SCHEMA shop", fix: "DROP SCHEMA shop RESTRICT;" },
    { sql: "DROP SCHEMA shop CASCADE", also: ["cascade"], fix: "when nothing is left in shop" }
  ],
  ["CREATE SCHEMA shop; DROP SCHEMA shop"]
)

examples(
  "drop-object",
  [
    {
      sql: "CREATE OR REPLACE FUNCTION f() RETURNS bigint LANGUAGE sql AS 'SELECT 1'; DROP FUNCTION f()",
      fix: "DROP FUNCTION f()",
      at: "1:75"
    },
    {
      sql: "CREATE FUNCTION g() RETURNS bigint LANGUAGE sql AS 'SELECT 1'; DROP FUNCTION f()",
      fix: "DROP FUNCTION f()",
      at: "1:64"
    },
    { sql: "CREATE TYPE f AS (a text); DROP FUNCTION f()", fix: "DROP FUNCTION f()", at: "1:28" },
    {
      sql: "DROP TYPE total; CREATE FUNCTION total(int) RETURNS int LANGUAGE sql AS 'SELECT 1'",
      fix: "DROP TYPE total;"
    },
    {
      sql: "DROP FUNCTION total(int); CREATE FUNCTION other(int) RETURNS int LANGUAGE sql AS 'SELECT 1'",
      fix: "DROP FUNCTION total(int);"
    },
    { sql: "DROP FUNCTION total(int); CREATE TABLE total (a bigint)", fix: "DROP FUNCTION total(int);" },
    { sql: "DROP TYPE status; CREATE TYPE status AS (a text)", fix: "DROP TYPE status;" },
    { sql: "DROP TRIGGER stamp ON orders", fix: "stamp ON orders", says: "drops the trigger stamp ON orders" },
    { sql: "DROP FUNCTION app.total(int)", fix: "when nothing relies on app.total" },
    { sql: "DROP TYPE app.status", fix: "DROP TYPE app.status;" },
    { sql: "DROP DOMAIN email", fix: "DROP DOMAIN email;" },
    { sql: "DROP SEQUENCE numbers", fix: "DROP SEQUENCE numbers;" },
    { sql: "DROP EXTENSION hstore", fix: "DROP EXTENSION hstore;" },
    { sql: "DROP TRIGGER stamp ON app.orders", fix: "stamp ON app.orders" },
    { sql: "DROP RULE redirect ON orders", fix: "redirect ON orders" },
    { sql: "DROP AGGREGATE median(numeric)", fix: "DROP AGGREGATE median(numeric);" },
    { sql: "DROP OPERATOR === (text, text)", fix: "DROP OPERATOR" },
    { sql: "DROP CAST (text AS xml)", fix: "DROP CAST" }
  ],
  [
    "CREATE PROCEDURE p() LANGUAGE sql AS 'SELECT 1'; DROP PROCEDURE p()",
    "CREATE TYPE r AS RANGE (subtype = date); DROP TYPE r",
    "CREATE DOMAIN d AS text; DROP DOMAIN d",
    "CREATE EXTENSION hstore; DROP EXTENSION hstore",
    "CREATE AGGREGATE a (bigint) (sfunc = int8pl, stype = bigint); DROP AGGREGATE a(bigint)",
    "CREATE COLLATION c (locale = 'C'); DROP COLLATION c",
    "CREATE TABLE t (a bigint); DROP TRIGGER IF EXISTS g ON t",
    "DROP TRIGGER stamp ON orders; CREATE TRIGGER stamp BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION f()",
    "CREATE TYPE status AS (a text); DROP TYPE status",
    "CREATE FUNCTION f() RETURNS bigint LANGUAGE sql AS 'SELECT 1'; DROP FUNCTION f()",
    "DROP STATISTICS IF EXISTS by_two"
  ]
)

examples(
  "drop-database",
  [
    { sql: "DROP DATABASE shop", fix: "drop the database shop by hand" },
    { sql: "DROP DATABASE IF EXISTS shop", fix: "by hand" },
    { sql: "DROP TABLESPACE fast", fix: "drop the tablespace fast by hand" }
  ],
  ["ALTER TABLESPACE fast SET (random_page_cost = 1.1)", "COMMENT ON DATABASE shop IS 'all that is sold'"]
)

examples(
  "drop-role",
  [
    { sql: "DROP ROLE app", fix: "REASSIGN OWNED BY app TO <owner>;" },
    { sql: "DROP OWNED BY app", fix: "REASSIGN OWNED BY app" },
    { sql: "ALTER ROLE app NOLOGIN", fix: "when no application logs in as app" }
  ],
  ["CREATE ROLE probe; DROP ROLE probe", "ALTER ROLE app CONNECTION LIMIT 20", "DROP USER MAPPING FOR app SERVER far"]
)

examples(
  "cascade",
  [
    {
      sql: "ALTER TABLE orders DROP CONSTRAINT positive CASCADE",
      at: "1:45",
      fix: "each in a statement of its own before this one\nALTER TABLE orders DROP CONSTRAINT positive;"
    },
    {
      sql: "ALTER TABLE orders DROP CONSTRAINT positive CASCADE /* CASCADE */, DROP CONSTRAINT other CASCADE -- all",
      at: "1:45",
      fix: "ALTER TABLE orders DROP CONSTRAINT positive /* CASCADE */, DROP CONSTRAINT other;"
    },
    { sql: "DROP FUNCTION f() CASCADE", at: "1:19", also: ["drop-object"], fix: "DROP FUNCTION f();" },
    { sql: "DROP OWNED BY app CASCADE", at: "1:19", also: ["drop-role"], fix: "DROP OWNED BY app;" }
  ],
  [
    "CREATE SCHEMA s; DROP SCHEMA s CASCADE",
    "CREATE TABLE a (b bigint); ALTER TABLE a RENAME TO c; DROP TABLE c CASCADE",
    "CREATE TABLE t (a bigint CONSTRAINT c CHECK (a > 0)); ALTER TABLE t DROP CONSTRAINT c CASCADE",
    "CREATE TABLE t (a bigint); CREATE VIEW v AS SELECT * FROM t; DROP TABLE t CASCADE"
  ]
)

examples(
  "add-required-column",
  [
    {
      sql: "ALTER TABLE orders ADD total numeric /* NOT NULL */ NOT NULL -- all of it",
      at: "1:24",
      fix: "ALTER TABLE orders ADD COLUMN total numeric;\n"
    },
    {
      sql: "ALTER TABLE orders ADD total numeric CHECK (total IS NOT NULL) NOT NULL",
      at: "1:24",
      also: ["check-validation"],
      fix: "ADD COLUMN total numeric CHECK (total IS NOT NULL);"
    },
    {
      sql: "ALTER TABLE orders ADD total numeric NOT NULL DEFAULT NULL",
      at: "1:24",
      fix: "ALTER TABLE orders ADD COLUMN total numeric DEFAULT NULL;"
    },
    {
      sql: "ALTER TABLE shop.orders ADD COLUMN total numeric NOT NULL",
      at: "1:36",
      fix: "ALTER TABLE shop.orders ADD COLUMN total numeric;\n-- release an application that writes total"
    }
  ],
  [
    "ALTER TABLE orders ADD COLUMN total numeric",
    "ALTER TABLE orders ADD COLUMN total numeric NOT NULL DEFAULT 0",
    "CREATE TABLE t (a bigint); ALTER TABLE t ADD COLUMN b text NOT NULL"
  ]
)

examples(
  "drop-default",
  [
    { sql: "ALTER TABLE orders ALTER note DROP EXPRESSION", fix: "DROP EXPRESSION;", around: around },
    {
      sql: "ALTER TABLE orders ALTER COLUMN total DROP DEFAULT",
      fix: "when every INSERT into orders gives total, in a migration of its own"
    },
    { sql: "ALTER TABLE orders ALTER id DROP DEFAULT", around, fix: "ALTER COLUMN id DROP DEFAULT;" },
    { sql: "ALTER TABLE orders ALTER id DROP IDENTITY", fix: "ALTER COLUMN id DROP IDENTITY;" },
    { sql: "ALTER TABLE orders ALTER total DROP EXPRESSION", fix: "ALTER COLUMN total DROP EXPRESSION;" },
    {
      sql: "ALTER TABLE orders ADD a bigint NOT NULL DEFAULT 0, ALTER a DROP DEFAULT",
      at: "1:53",
      fix: "ALTER COLUMN a DROP DEFAULT;"
    }
  ],
  [
    "ALTER TABLE orders ALTER total SET DEFAULT 0",
    { sql: "ALTER TABLE orders ALTER note DROP DEFAULT", around },
    "CREATE TABLE t (a bigint DEFAULT 1); ALTER TABLE t ALTER a DROP DEFAULT"
  ]
)

examples(
  "drop-not-null",
  [
    {
      sql: "ALTER TABLE orders ALTER COLUMN total DROP NOT NULL",
      fix: "when every running application reads NULL from orders.total"
    }
  ],
  ["CREATE TABLE t (a bigint NOT NULL); ALTER TABLE t ALTER a DROP NOT NULL"]
)

examples(
  "identity-always",
  [
    {
      sql: "ALTER TABLE orders ALTER id SET GENERATED ALWAYS",
      fix: "ALTER TABLE orders ALTER COLUMN id SET GENERATED BY DEFAULT;"
    },
    {
      sql: "ALTER TABLE orders ALTER id ADD GENERATED ALWAYS AS IDENTITY",
      fix: "ADD GENERATED BY DEFAULT AS IDENTITY;"
    }
  ],
  [
    "ALTER TABLE orders ALTER id SET GENERATED BY DEFAULT",
    "CREATE TABLE t (a bigint NOT NULL); ALTER TABLE t ALTER a ADD GENERATED ALWAYS AS IDENTITY"
  ]
)

examples(
  "nullable-primary-key",
  [
    {
      sql: "ALTER TABLE orders ADD PRIMARY KEY USING INDEX by_note",
      around,
      fix: "ALTER TABLE orders ADD CONSTRAINT note_not_null CHECK (note IS NOT NULL) NOT VALID;\nALTER TABLE orders VALIDATE CONSTRAINT note_not_null;\nALTER TABLE orders ADD PRIMARY KEY USING INDEX by_note;"
    }
  ],
  [
    { sql: "CREATE TABLE orders (note text); ALTER TABLE orders ADD PRIMARY KEY USING INDEX by_note", around: around },
    { sql: "ALTER TABLE orders ADD UNIQUE USING INDEX by_note", around: around },
    { sql: "ALTER TABLE orders ADD PRIMARY KEY USING INDEX by_id", around },
    "ALTER TABLE orders ADD PRIMARY KEY USING INDEX by_note"
  ]
)

examples(
  "drop-unique",
  [
    { sql: "ALTER TABLE orders DROP CONSTRAINT orders_number_key", fix: "DROP CONSTRAINT orders_number_key;" },
    { sql: "ALTER TABLE orders DROP CONSTRAINT orders_pkey", fix: "no running application has ON CONFLICT on it" },
    { sql: "ALTER TABLE orders DROP CONSTRAINT one_number", around, fix: "DROP CONSTRAINT one_number;" },
    { sql: "DROP INDEX CONCURRENTLY by_number", around, fix: "DROP INDEX CONCURRENTLY by_number;" }
  ],
  [
    "CREATE TABLE t (a bigint UNIQUE); ALTER TABLE t DROP CONSTRAINT t_a_key",
    "ALTER TABLE orders ALTER number_key SET STATISTICS 100",
    "ALTER TABLE orders DROP CONSTRAINT orders_number_key, ADD CONSTRAINT k UNIQUE USING INDEX i",
    { sql: "DROP STATISTICS by_number", around: around },
    "ALTER TABLE orders DROP CONSTRAINT total_positive",
    { sql: "ALTER TABLE orders DROP CONSTRAINT strange_key", around },
    { sql: "DROP INDEX CONCURRENTLY by_note", around },
    "ALTER TABLE orders DROP CONSTRAINT orders_pkey, ADD CONSTRAINT orders_pkey PRIMARY KEY USING INDEX orders_pkey_2"
  ]
)

examples(
  "change-function-signature",
  [
    {
      sql: "DROP FUNCTION app.total(int); CREATE FUNCTION app.total(int, OUT a text, b numeric[] DEFAULT NULL) LANGUAGE sql AS 'SELECT 1'",
      fix: "make app.total(integer, numeric[]) beside app.total(integer)"
    },
    {
      sql: "DROP FUNCTION total(int); CREATE FUNCTION total(int) RETURNS text LANGUAGE sql AS 'SELECT 1'",
      fix: "CREATE OR REPLACE FUNCTION total(integer) ..."
    },
    {
      sql: "DROP FUNCTION IF EXISTS total; CREATE FUNCTION total(int) RETURNS text LANGUAGE sql AS 'SELECT 1'",
      fix: "make total(integer) beside total, without"
    }
  ],
  [
    "CREATE OR REPLACE FUNCTION total(int) RETURNS text LANGUAGE sql AS 'SELECT 1'",
    "CREATE FUNCTION f() RETURNS text LANGUAGE sql AS 'SELECT 1'; DROP FUNCTION f(); CREATE FUNCTION f() RETURNS text LANGUAGE sql AS 'SELECT 2'"
  ]
)

examples(
  "disable-trigger",
  [
    { sql: "ALTER TABLE orders DISABLE RULE r; ALTER TABLE orders ENABLE TRIGGER r", fix: "ENABLE RULE r;" },
    { sql: "ALTER TABLE orders DISABLE TRIGGER r; ALTER TABLE orders ENABLE RULE r", fix: "ENABLE TRIGGER r;" },
    { sql: "ALTER TABLE orders DISABLE RULE redirect", fix: "ALTER TABLE orders ENABLE RULE redirect;" },
    {
      sql: `${directive}ALTER TABLE orders DISABLE TRIGGER stamp; ALTER TABLE orders ENABLE TRIGGER stamp`,
      at: "2:1",
      fix: "ENABLE TRIGGER stamp;"
    },
    {
      sql: "ALTER TABLE orders DISABLE TRIGGER stamp; ALTER TABLE other ENABLE TRIGGER stamp",
      fix: "ENABLE TRIGGER stamp;",
      also: ["several-locks"]
    },
    { sql: "ALTER TABLE orders DISABLE TRIGGER stamp; ALTER TABLE orders ADD b bigint", fix: "ENABLE TRIGGER stamp;" },
    {
      sql: "ALTER TABLE orders DISABLE TRIGGER stamp; ALTER TABLE orders ENABLE TRIGGER other",
      fix: "ENABLE TRIGGER stamp;"
    },
    {
      sql: "ALTER TABLE orders DISABLE TRIGGER ALL; ALTER TABLE orders ENABLE TRIGGER USER",
      fix: "ENABLE TRIGGER ALL;"
    },
    {
      sql: "ALTER TABLE orders DISABLE TRIGGER ALL",
      fix: "ALTER TABLE orders DISABLE TRIGGER ALL;\n-- what must not fire it, in the same transaction, or better nothing\nALTER TABLE orders ENABLE TRIGGER ALL;"
    },
    { sql: "ALTER TABLE orders DISABLE TRIGGER USER", fix: "ENABLE TRIGGER USER;" },
    { sql: "ALTER TABLE orders DISABLE TRIGGER stamp", fix: "ENABLE TRIGGER stamp;" },
    { sql: "ALTER TABLE orders ENABLE REPLICA TRIGGER stamp", fix: "ENABLE TRIGGER stamp;" },
    { sql: "ALTER TABLE orders DISABLE RULE redirect", fix: "redirect" },
    { sql: "SET session_replication_role = replica", fix: "DEFERRABLE" },
    { sql: "SET LOCAL session_replication_role = 'local'", fix: "without SET LOCAL session_replication_role" }
  ],
  [
    "SET session_replication_role TO DEFAULT",
    "ALTER TABLE orders DISABLE TRIGGER stamp; ALTER TABLE orders ENABLE TRIGGER ALL",
    "ALTER TABLE orders DISABLE TRIGGER USER; ALTER TABLE orders ENABLE TRIGGER USER",
    "ALTER TABLE orders DISABLE RULE r; ALTER TABLE orders ENABLE RULE r",
    "SET session_replication_role = origin",
    "RESET session_replication_role",
    "ALTER TABLE orders ENABLE ALWAYS TRIGGER stamp",
    "CREATE TABLE t (a bigint); ALTER TABLE t DISABLE TRIGGER ALL",
    "ALTER TABLE orders DISABLE TRIGGER stamp; ALTER TABLE orders ENABLE TRIGGER stamp"
  ]
)

examples(
  "revoke",
  [
    {
      sql: "REVOKE INSERT, UPDATE ON shop.orders FROM app",
      fix: "when no running application needs it as app",
      says: "takes from app INSERT, UPDATE on table shop.orders"
    },
    {
      sql: "REVOKE ALL ON ALL TABLES IN SCHEMA shop FROM app",
      fix: "REVOKE ALL ON ALL TABLES IN SCHEMA shop FROM app;"
    },
    { sql: "REVOKE readers FROM app", fix: "REVOKE readers FROM app;", says: "takes from app what its group may" },
    { sql: "ALTER DEFAULT PRIVILEGES REVOKE SELECT ON TABLES FROM app", fix: "as app" }
  ],
  [
    "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
    "REVOKE EXECUTE ON FUNCTION f(int) FROM PUBLIC",
    "CREATE TABLE t (a bigint); REVOKE UPDATE ON t FROM app",
    "GRANT SELECT ON orders TO app"
  ]
)

examples(
  "restart-sequence",
  [
    { sql: "ALTER SEQUENCE shop.numbers RESTART WITH 1", fix: "SELECT setval('shop.numbers', (SELECT max(<column>)" },
    {
      sql: "ALTER TABLE orders ALTER id RESTART WITH 100",
      fix: "SELECT setval(pg_get_serial_sequence('orders', 'id'), (SELECT max(id) FROM orders));"
    }
  ],
  [
    "CREATE TABLE t (a bigint GENERATED BY DEFAULT AS IDENTITY); ALTER TABLE t ALTER a RESTART WITH 5",
    "ALTER SEQUENCE numbers CACHE 10",
    "CREATE SEQUENCE numbers; ALTER SEQUENCE numbers RESTART WITH 5",
    "SELECT setval('numbers', (SELECT max(id) FROM orders))"
  ]
)

examples(
  "disable-rls",
  [
    {
      sql: "ALTER TABLE orders DISABLE ROW LEVEL SECURITY",
      fix: "CREATE POLICY",
      says: "shows all its rows to everybody"
    },
    { sql: "ALTER TABLE orders NO FORCE ROW LEVEL SECURITY", fix: "CREATE POLICY", says: "the owner of orders sees" },
    { sql: "ALTER TABLE orders DISABLE ROW LEVEL SECURITY", fix: "CREATE POLICY <name> ON orders TO <role>" },
    { sql: "ALTER TABLE orders NO FORCE ROW LEVEL SECURITY", fix: "CREATE POLICY <name> ON orders" }
  ],
  ["CREATE TABLE t (a bigint); ALTER TABLE t DISABLE ROW LEVEL SECURITY", "ALTER TABLE orders FORCE ROW LEVEL SECURITY"]
)

examples(
  "rls-without-policy",
  [
    {
      sql: "ALTER TABLE orders ENABLE ROW LEVEL SECURITY",
      fix: "CREATE POLICY orders_rows ON orders USING (true);\nALTER TABLE orders ENABLE ROW LEVEL SECURITY;"
    },
    { sql: "ALTER TABLE orders ENABLE ROW LEVEL SECURITY", around, fix: "CREATE POLICY orders_rows ON orders" },
    {
      sql: "CREATE POLICY own ON shop.orders USING (true); ALTER TABLE orders ENABLE ROW LEVEL SECURITY",
      at: "1:48",
      also: ["several-locks"],
      fix: "CREATE POLICY orders_rows ON orders"
    }
  ],
  [
    { sql: "ALTER TABLE orders ENABLE ROW LEVEL SECURITY", around: guarded },
    "CREATE POLICY own ON orders USING (owner = current_user); ALTER TABLE orders ENABLE ROW LEVEL SECURITY",
    "CREATE TABLE t (a bigint); ALTER TABLE t ENABLE ROW LEVEL SECURITY"
  ]
)

examples(
  "policy-without-rls",
  [
    {
      sql: "CREATE TABLE t (a bigint); CREATE POLICY own ON t USING (a = 1); ALTER TABLE t ADD b bigint",
      fix: "ENABLE ROW LEVEL SECURITY",
      at: "1:28"
    },
    {
      sql: "CREATE TABLE t (a bigint); CREATE POLICY own ON t USING (a = 1)",
      at: "1:28",
      fix: "CREATE POLICY own ON t USING (a = 1);\nALTER TABLE t ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;"
    },
    {
      sql: "CREATE POLICY mine ON orders USING (id = 1); ALTER TABLE other ENABLE ROW LEVEL SECURITY",
      also: ["rls-without-policy", "several-locks"],
      around,
      fix: "ALTER TABLE orders ENABLE ROW LEVEL SECURITY"
    }
  ],
  [
    { sql: "CREATE POLICY mine ON orders USING (id = 1)", around: guarded },
    "CREATE TABLE t (a bigint); CREATE POLICY own ON t USING (a = 1); ALTER TABLE t ENABLE ROW LEVEL SECURITY",
    "CREATE POLICY own ON orders USING (id = 1)"
  ]
)

examples(
  "drop-policy",
  [
    {
      sql: `${directive}DROP POLICY own ON orders; CREATE POLICY own ON orders USING (true)`,
      at: "2:1",
      fix: "DROP POLICY own ON orders;"
    },
    { sql: "DROP POLICY own ON shop.orders", fix: "ALTER POLICY own ON shop.orders USING (...)" }
  ],
  [
    "CREATE TABLE t (a bigint); DROP POLICY IF EXISTS own ON t",
    "DROP POLICY IF EXISTS own ON orders; CREATE POLICY own ON orders USING (id = 1)"
  ]
)

allHaveExamples(compatibilityRules)
