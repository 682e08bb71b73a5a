/** Each rule about locks, by statements that it is against and such as it must leave alone. */
import { facts } from "./facts.ts"
import { lockRules } from "../../../src/migration/internal/lint/lockRules.ts"
import { allHaveExamples, directive, examples } from "./support.ts"

examples(
  "concurrent-index",
  [
    {
      sql: "CREATE TABLE IF NOT EXISTS t (a bigint); CREATE INDEX i ON t (a)",
      fix: "CONCURRENTLY",
      at: "1:42",
      around: { facts }
    },
    { sql: "CREATE TEMP TABLE t (a bigint); CREATE INDEX i ON app.t (a)", fix: "CONCURRENTLY", at: "1:33" },
    { sql: "CREATE TEMP TABLE t (a bigint); CREATE INDEX i ON public.t (a)", fix: "CONCURRENTLY", at: "1:33" },
    {
      sql: "ALTER TABLE a RENAME TO b; CREATE INDEX i ON b (c)",
      fix: "CONCURRENTLY",
      at: "1:28",
      also: ["rename-table", "several-locks", "work-behind-lock"]
    },
    { sql: "CREATE TABLE t (a bigint); DROP TABLE t; CREATE INDEX i ON t (a)", fix: "CONCURRENTLY", at: "1:42" },
    { sql: "CREATE SCHEMA s CREATE TABLE t (a bigint); CREATE INDEX i ON t (a)", fix: "CONCURRENTLY", at: "1:44" },
    { sql: "CREATE INDEX j ON t (a)", fix: /^CREATE INDEX CONCURRENTLY j ON t \(a\);$/u },
    { sql: "CREATE UNIQUE INDEX i ON app.t (a)", fix: "CREATE UNIQUE INDEX CONCURRENTLY i ON app.t (a);" },
    { sql: "CREATE INDEX i ON t (a) -- all\n;", fix: "CREATE INDEX CONCURRENTLY i ON t (a);" },
    { sql: "CREATE /* index */ INDEX i ON t (a)", fix: "CREATE /* index */ INDEX CONCURRENTLY i ON t (a);" },
    { sql: 'create index on "T" (lower(a)) where b', fix: 'create index CONCURRENTLY on "T" (lower(a)) where b;' },
    {
      sql: "SELECT 1; CREATE INDEX i ON t (a)",
      at: "1:11",
      fix: "-- in a migration of its own:\nCREATE INDEX CONCURRENTLY i ON t (a);"
    },
    { sql: "CREATE INDEX i ON t (a)", around: { facts }, fix: "CREATE INDEX CONCURRENTLY i ON t (a);" },
    { sql: "CREATE INDEX i ON ONLY t (a)", around: { facts }, fix: "CREATE INDEX CONCURRENTLY i ON ONLY t (a);" },
    { sql: "CREATE INDEX i ON parts (a)", around: { facts }, fix: "CREATE INDEX ... ON ONLY parts" }
  ],
  [
    "SET search_path = app; CREATE TABLE t (a bigint); CREATE INDEX i ON app.t (a)",
    "SELECT 1 AS a INTO t; CREATE INDEX i ON t (a)",
    "CREATE SCHEMA s CREATE TABLE t (a bigint) CREATE TABLE s.u (a bigint); CREATE INDEX i ON s.t (a); CREATE INDEX j ON s.u (a)",
    "CREATE TABLE t (a bigint); ALTER TABLE t SET SCHEMA s; CREATE INDEX i ON s.t (a)",
    { sql: "CREATE TABLE IF NOT EXISTS fresh (a bigint); CREATE INDEX i ON fresh (a)", around: { facts } },
    "CREATE INDEX i ON ONLY parts (a)",
    { sql: "CREATE INDEX i ON ONLY parts (a)", around: { facts } },
    "CREATE INDEX CONCURRENTLY i ON t (a)",
    "CREATE TABLE t (a bigint); CREATE INDEX i ON t (a)",
    "CREATE MATERIALIZED VIEW t AS SELECT 1 AS a; CREATE UNIQUE INDEX i ON t (a)",
    "CREATE TEMP TABLE t (a bigint); CREATE INDEX i ON t (a)"
  ]
)

examples(
  "concurrent-index-drop",
  [
    { sql: "DROP INDEX app.i", fix: "DROP INDEX CONCURRENTLY app.i;" },
    {
      sql: "DROP INDEX IF EXISTS i, j",
      fix: "DROP INDEX CONCURRENTLY IF EXISTS i;\nDROP INDEX CONCURRENTLY IF EXISTS j;"
    }
  ],
  [
    "CREATE TABLE t (a bigint); CREATE INDEX i ON t (a); DROP INDEX i",
    "CREATE TABLE app.t (a bigint); CREATE INDEX i ON app.t (a); DROP INDEX app.i",
    "DROP INDEX CONCURRENTLY i",
    "DROP INDEX CONCURRENTLY IF EXISTS i"
  ]
)

examples(
  "concurrent-reindex",
  [
    { sql: "REINDEX INDEX app.i", fix: "REINDEX INDEX CONCURRENTLY app.i;", says: "REINDEX of app.i blocks" },
    { sql: "REINDEX DATABASE", fix: "REINDEX DATABASE CONCURRENTLY;", says: "REINDEX of the database blocks" },
    { sql: "REINDEX INDEX i", fix: "REINDEX INDEX CONCURRENTLY i;" },
    { sql: "REINDEX (VERBOSE) TABLE app.t", fix: "REINDEX (VERBOSE) TABLE CONCURRENTLY app.t;" },
    { sql: "REINDEX (CONCURRENTLY FALSE, VERBOSE) TABLE t", fix: "REINDEX (CONCURRENTLY, VERBOSE) TABLE t;" },
    { sql: "REINDEX (CONCURRENTLY off) INDEX i", fix: "REINDEX (CONCURRENTLY) INDEX i;" },
    { sql: "REINDEX SCHEMA app", fix: "REINDEX SCHEMA CONCURRENTLY app;" },
    { sql: "REINDEX SYSTEM", fix: "while it is stopped" }
  ],
  ["CREATE TABLE t (a bigint); REINDEX TABLE t", "REINDEX INDEX CONCURRENTLY i", "REINDEX (CONCURRENTLY) TABLE t"]
)

examples(
  "concurrent-refresh",
  [
    {
      sql: "REFRESH MATERIALIZED VIEW sums",
      fix: /^REFRESH MATERIALIZED VIEW CONCURRENTLY sums;$/u,
      around: { facts },
      says: "blocks reads of sums"
    },
    { sql: "REFRESH MATERIALIZED VIEW sums", fix: /^REFRESH MATERIALIZED VIEW CONCURRENTLY sums;$/u },
    { sql: "REFRESH MATERIALIZED VIEW v WITH NO DATA", fix: "REFRESH", says: "makes v unreadable" },
    { sql: "REFRESH MATERIALIZED VIEW app.totals", fix: "REFRESH MATERIALIZED VIEW CONCURRENTLY app.totals;" },
    { sql: "REFRESH MATERIALIZED VIEW totals WITH NO DATA", fix: "REFRESH MATERIALIZED VIEW CONCURRENTLY totals;" },
    {
      sql: "REFRESH MATERIALIZED VIEW totals",
      around: { facts },
      fix: "CREATE UNIQUE INDEX CONCURRENTLY ON totals (<what tells its rows apart>);"
    }
  ],
  [
    "CREATE MATERIALIZED VIEW m AS SELECT 1 AS a; ALTER MATERIALIZED VIEW m RENAME TO n; REFRESH MATERIALIZED VIEW n",
    "REFRESH MATERIALIZED VIEW CONCURRENTLY totals",
    "CREATE MATERIALIZED VIEW totals AS SELECT 1 AS a WITH NO DATA; REFRESH MATERIALIZED VIEW totals"
  ]
)

examples(
  "concurrent-detach",
  [
    {
      sql: "ALTER TABLE parts DETACH PARTITION parts_1",
      fix: "ALTER TABLE parts DETACH PARTITION parts_1 CONCURRENTLY;"
    }
  ],
  [
    "CREATE TABLE p (a bigint) PARTITION BY LIST (a); ALTER TABLE p DETACH PARTITION q",
    "CREATE TABLE q (a bigint); ALTER TABLE parts DETACH PARTITION q",
    "ALTER TABLE parts DETACH PARTITION parts_1 CONCURRENTLY",
    "ALTER TABLE parts DETACH PARTITION parts_1 FINALIZE"
  ]
)

examples(
  "attach-partition",
  [
    {
      sql: "ALTER TABLE indexed ATTACH PARTITION t FOR VALUES FROM (1) TO (100)",
      around: { facts },
      fix: "then give it the indexes of indexed that it lacks"
    },
    { sql: "ALTER TABLE parts ATTACH PARTITION t FOR VALUES FROM (500) TO (600)", fix: "t_bounds", around: { facts } },
    { sql: "ALTER TABLE parts ATTACH PARTITION t DEFAULT", fix: "NOT VALID, VALIDATE it", around: { facts } },
    { sql: "ALTER TABLE parts ATTACH PARTITION t FOR VALUES FROM (700) TO (800)", fix: "t_bounds", around: { facts } },
    { sql: "ALTER TABLE parts ATTACH PARTITION t FOR VALUES IN (900)", fix: "t_bounds", around: { facts } },
    {
      sql: "ALTER TABLE parts ATTACH PARTITION t FOR VALUES FROM (1) TO (100)",
      fix: "ADD CONSTRAINT t_bounds CHECK (<key> IS NOT NULL AND <key> >= 1 AND <key> < 100) NOT VALID;"
    },
    {
      sql: "ALTER TABLE parts ATTACH PARTITION t FOR VALUES IN ('a', 'b')",
      fix: "CHECK (<key> IS NOT NULL AND <key> IN ('a', 'b')) NOT VALID;"
    },
    {
      sql: "ALTER TABLE parts ATTACH PARTITION t FOR VALUES WITH (MODULUS 4, REMAINDER 1)",
      fix: "CHECK (satisfies_hash_partition('parts'::regclass, 4, 1, <key>)) NOT VALID;"
    },
    { sql: "ALTER TABLE parts ATTACH PARTITION t DEFAULT", fix: "NOT VALID, VALIDATE it" },
    {
      sql: "ALTER TABLE parts ATTACH PARTITION t FOR VALUES FROM (1) TO (101)",
      around: { facts },
      fix: "ALTER TABLE t VALIDATE CONSTRAINT t_bounds;"
    },
    {
      sql: "ALTER TABLE parts ATTACH PARTITION t FOR VALUES FROM (1) TO (10)",
      around: { facts },
      fix: "<key> < 10) NOT VALID;"
    },
    {
      sql: "ALTER TABLE parts ATTACH PARTITION t FOR VALUES IN ('it''s', true, null)",
      fix: "IN ('it''s', true, <bound>)"
    },
    {
      sql: "ALTER TABLE parts ATTACH PARTITION t FOR VALUES FROM (1, 2) TO (1, 9)",
      fix: "give t a CHECK of what the others' bounds leave"
    }
  ],
  [
    { sql: "ALTER TABLE parts ATTACH PARTITION t FOR VALUES FROM ('2026-02-01') TO (maxvalue)", around: { facts } },
    { sql: "ALTER TABLE indexed ATTACH PARTITION t_too FOR VALUES FROM (1) TO (100)", around: { facts } },
    "ALTER INDEX parts_i ATTACH PARTITION parts_1_i",
    "CREATE TABLE t (a bigint); ALTER TABLE parts ATTACH PARTITION t FOR VALUES FROM (1) TO (100)",
    { sql: "ALTER TABLE parts ATTACH PARTITION t FOR VALUES FROM (1) TO (100)", around: { facts } }
  ]
)

examples(
  "volatile-default",
  [
    { sql: "ALTER TABLE t ADD a timestamptz DEFAULT app.now()", fix: "SET DEFAULT app.now();", says: "calls app.now" },
    {
      sql: "ALTER TABLE t ADD COLUMN a uuid NOT NULL DEFAULT gen_random_uuid()",
      fix: "ALTER TABLE t ADD COLUMN a uuid;\nALTER TABLE t ALTER COLUMN a SET DEFAULT gen_random_uuid();"
    },
    {
      sql: "ALTER TABLE t ADD a bigint DEFAULT public.next_number() CONSTRAINT c UNIQUE",
      also: ["unique-constraint"],
      fix: "ALTER TABLE t ADD COLUMN a bigint CONSTRAINT c UNIQUE;\nALTER TABLE t ALTER COLUMN a SET DEFAULT public.next_number();"
    },
    {
      sql: "ALTER TABLE t ADD a timestamptz DEFAULT now() + random() * interval '1 day'",
      fix: "SET DEFAULT now() + random()"
    },
    { sql: "ALTER TABLE t ADD a bigint DEFAULT nextval('s')", fix: "SET DEFAULT nextval('s');" }
  ],
  [
    "ALTER FOREIGN TABLE far ADD a timestamptz DEFAULT clock_timestamp()",
    "ALTER TABLE t ADD a timestamptz DEFAULT pg_catalog.now()",
    "ALTER TABLE t ADD a bigint",
    "ALTER TABLE t ADD a bigint NOT NULL DEFAULT 0",
    "ALTER TABLE t ADD a timestamptz DEFAULT now()",
    "ALTER TABLE t ADD a timestamptz DEFAULT current_timestamp",
    "ALTER TABLE t ADD a text[] NOT NULL DEFAULT '{}'",
    "ALTER TABLE t ADD a jsonb DEFAULT jsonb_build_object('a', 1)",
    { sql: "ALTER TABLE t ADD a bigint DEFAULT steady()", around: { facts } }
  ]
)

examples(
  "serial-column",
  [
    { sql: "ALTER TABLE t ADD COLUMN n bigserial NOT NULL", fix: "CREATE SEQUENCE t_n_seq OWNED BY t.n;" },
    { sql: "ALTER TABLE t ADD COLUMN n bigserial", also: ["no-serial"], fix: "CREATE SEQUENCE t_n_seq OWNED BY t.n;" },
    {
      sql: "ALTER TABLE app.t ADD COLUMN n bigint GENERATED ALWAYS AS IDENTITY",
      fix: "ALTER TABLE app.t ALTER COLUMN n SET DEFAULT nextval('app.t_n_seq');"
    }
  ],
  [
    "ALTER FOREIGN TABLE far ADD n bigint GENERATED ALWAYS AS IDENTITY",
    "CREATE TABLE t (a bigint); ALTER TABLE t ADD n bigint GENERATED ALWAYS AS IDENTITY"
  ]
)

examples(
  "stored-generated-column",
  [{ sql: "ALTER TABLE t ADD COLUMN n bigint GENERATED ALWAYS AS (a + 1) STORED", fix: "add n as an ordinary column" }],
  [
    "ALTER FOREIGN TABLE far ADD n bigint GENERATED ALWAYS AS (a + 1) STORED",
    "CREATE TABLE t (a bigint); ALTER TABLE t ADD n bigint GENERATED ALWAYS AS (a + 1) STORED",
    "ALTER TABLE t ADD COLUMN n bigint GENERATED ALWAYS AS (a + 1) VIRTUAL"
  ]
)

examples(
  "column-type",
  [
    { sql: "ALTER TABLE t ALTER a TYPE bigint -- wide", fix: "ALTER TABLE t ADD COLUMN a_new bigint;\n" },
    {
      sql: "ALTER TABLE t ALTER a TYPE bigint",
      fix: "ALTER TABLE t ADD COLUMN a_new bigint;",
      says: "may write anew all of t"
    },
    {
      sql: "ALTER TABLE t ALTER COLUMN a SET DATA TYPE numeric(10, 2) USING a::numeric",
      fix: "ADD COLUMN a_new numeric(10, 2);"
    },
    { sql: "ALTER TABLE t ALTER short TYPE text", fix: "ADD COLUMN short_new text;" },
    {
      sql: "ALTER TABLE t ALTER short TYPE varchar(5)",
      around: { facts },
      also: ["no-varchar"],
      fix: "ADD COLUMN short_new varchar(5);"
    },
    {
      sql: "ALTER TABLE t ALTER price TYPE numeric(8, 3)",
      around: { facts },
      fix: "price_new",
      says: "writes anew all of t"
    },
    {
      sql: "ALTER TABLE t ALTER checked TYPE text",
      around: { facts },
      fix: "checked_new",
      says: "holds the column's CHECK again"
    }
  ],
  [
    { sql: "ALTER TABLE t ALTER short TYPE text", around: { facts } },
    { sql: "ALTER TABLE t ALTER price TYPE numeric(12, 2)", around: { facts } },
    { sql: "ALTER TABLE t ALTER price TYPE numeric", around: { facts } },
    "ALTER FOREIGN TABLE far ALTER a TYPE bigint",
    "CREATE TABLE t (a text); ALTER TABLE t ALTER a TYPE bigint USING a::bigint"
  ]
)

examples(
  "set-not-null",
  [
    {
      sql: `${directive}ALTER TABLE u ADD CONSTRAINT c CHECK (a IS NOT NULL) NOT VALID; ALTER TABLE u VALIDATE CONSTRAINT c; ALTER TABLE t ALTER a SET NOT NULL`,
      at: "2:102",
      fix: "t_a_not_null"
    },
    {
      sql: `${directive}ALTER TABLE t ADD CONSTRAINT c CHECK (a IS NOT NULL) NOT VALID; ALTER TABLE t ALTER a SET NOT NULL`,
      at: "2:65",
      fix: "t_a_not_null"
    },
    {
      sql: `${directive}ALTER TABLE t ADD CONSTRAINT c CHECK (a IS NOT NULL) NOT VALID; ALTER TABLE t VALIDATE CONSTRAINT d; ALTER TABLE t ALTER a SET NOT NULL`,
      at: "2:102",
      fix: "t_a_not_null"
    },
    {
      sql: `${directive}ALTER TABLE t ADD CONSTRAINT c CHECK (a IS NOT NULL) NOT VALID; ALTER TABLE t VALIDATE CONSTRAINT c; ALTER TABLE t DROP CONSTRAINT c; ALTER TABLE t ALTER a SET NOT NULL`,
      at: "2:135",
      fix: "t_a_not_null"
    },
    {
      sql: `${directive}ALTER TABLE t ADD CONSTRAINT c CHECK (a IS NULL) NOT VALID; ALTER TABLE t VALIDATE CONSTRAINT c; ALTER TABLE t ALTER a SET NOT NULL`,
      at: "2:98",
      fix: "t_a_not_null"
    },
    {
      sql: `${directive}ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0) NOT VALID; ALTER TABLE t VALIDATE CONSTRAINT c; ALTER TABLE t ALTER a SET NOT NULL`,
      at: "2:94",
      fix: "t_a_not_null"
    },
    { sql: "ALTER TABLE other.t ALTER a SET NOT NULL", fix: "ALTER TABLE other.t ADD", around: { facts } },
    { sql: "ALTER TABLE u ALTER a SET NOT NULL", fix: "ALTER TABLE u ADD", around: { facts } },
    { sql: 'ALTER TABLE "order" ALTER a SET NOT NULL', fix: 'ALTER TABLE "order" ADD CONSTRAINT order_a_not_null' },
    {
      sql: `ALTER TABLE ${"a".repeat(60)} ALTER b SET NOT NULL`,
      fix: `ADD CONSTRAINT ${"a".repeat(54)}_not_null CHECK`
    },
    {
      sql: "ALTER TABLE t ALTER b SET NOT NULL",
      fix: "ADD CONSTRAINT t_b_not_null CHECK (b IS NOT NULL) NOT VALID;",
      around: { facts: { ...facts, serverVersion: 170_000 } }
    },
    {
      sql: "ALTER TABLE t ADD COLUMN b bigint, ALTER a SET NOT NULL",
      at: "1:36",
      fix: "ALTER TABLE t ADD CONSTRAINT t_a_not_null CHECK (a IS NOT NULL) NOT VALID;\nALTER TABLE t VALIDATE CONSTRAINT t_a_not_null;"
    },
    { sql: "ALTER TABLE t ADD CONSTRAINT n NOT NULL a", fix: "ALTER TABLE t ALTER COLUMN a SET NOT NULL;" },
    {
      sql: "ALTER TABLE t ALTER b SET NOT NULL",
      around: { facts },
      fix: "ALTER TABLE t ADD CONSTRAINT t_b_not_null NOT NULL b NOT VALID;"
    },
    {
      sql: `${directive}ALTER TABLE t ADD CONSTRAINT c CHECK (b IS NOT NULL) NOT VALID; ALTER TABLE t VALIDATE CONSTRAINT c; ALTER TABLE t ALTER a SET NOT NULL`,
      at: "2:102",
      fix: "t_a_not_null"
    }
  ],
  [
    `${directive}-- pgkeel:allow check-validation: small\nALTER TABLE t ADD CONSTRAINT c CHECK (a IS NOT NULL);\nALTER TABLE t ALTER a SET NOT NULL`,
    "ALTER FOREIGN TABLE far ALTER a SET NOT NULL",
    "CREATE TABLE t (a bigint); ALTER TABLE t ALTER a SET NOT NULL",
    "ALTER TABLE t ADD CONSTRAINT n NOT NULL a NOT VALID",
    `${directive}ALTER TABLE t ADD CONSTRAINT c CHECK (a IS NOT NULL) NOT VALID; ALTER TABLE t VALIDATE CONSTRAINT c; ALTER TABLE t ALTER a SET NOT NULL`,
    { sql: "ALTER TABLE t ALTER checked SET NOT NULL", around: { facts } },
    { sql: "ALTER TABLE t ALTER a SET NOT NULL", around: { facts } }
  ]
)

examples(
  "foreign-key-validation",
  [
    {
      sql: "ALTER TABLE app.t ALTER CONSTRAINT k ENFORCED",
      fix: "ALTER TABLE app.t DROP CONSTRAINT k, ADD CONSTRAINT k <its definition> NOT VALID;",
      says: "checks all rows of app.t"
    },
    {
      sql: "ALTER TABLE parts ADD FOREIGN KEY (a) REFERENCES u",
      fix: "-- before PostgreSQL 18 a partitioned table",
      around: { facts: { ...facts, serverVersion: 170_000 } },
      also: ["foreign-key-index"]
    },
    {
      sql: "ALTER TABLE parts ADD FOREIGN KEY (a) REFERENCES u",
      fix: /^-- pgkeel:no-transaction\nALTER TABLE parts/u,
      around: { facts },
      also: ["foreign-key-index"]
    },
    {
      sql: "ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES u",
      fix: /^-- pgkeel:no-transaction\nALTER TABLE t/u,
      around: { facts: { ...facts, serverVersion: 170_000 } },
      also: ["foreign-key-index"]
    },
    {
      sql: "ALTER TABLE t ADD FOREIGN KEY (a, b) REFERENCES app.u (x, y) ON DELETE CASCADE",
      fix: `${directive}ALTER TABLE t ADD CONSTRAINT t_a_b_fkey FOREIGN KEY (a, b) REFERENCES app.u (x, y) ON DELETE CASCADE NOT VALID;\nALTER TABLE t VALIDATE CONSTRAINT t_a_b_fkey;`,
      also: ["foreign-key-index"]
    },
    {
      sql: 'ALTER TABLE t ADD CONSTRAINT "User of" FOREIGN KEY (a) REFERENCES u',
      fix: 'ADD CONSTRAINT "User of" FOREIGN KEY (a) REFERENCES u NOT VALID;',
      also: ["foreign-key-index"]
    },
    {
      sql: "ALTER TABLE t ADD COLUMN u bigint DEFAULT 1 REFERENCES u (id)",
      fix: "ALTER TABLE t ADD COLUMN u bigint DEFAULT 1;\nALTER TABLE t ADD CONSTRAINT t_u_fkey FOREIGN KEY (u) REFERENCES u (id) NOT VALID;",
      also: ["foreign-key-index"]
    }
  ],
  [
    "ALTER TABLE t ALTER CONSTRAINT k DEFERRABLE",
    "ALTER TABLE t ALTER CONSTRAINT k NOT ENFORCED",
    "ALTER TABLE t ADD CONSTRAINT k FOREIGN KEY (a) REFERENCES u NOT ENFORCED",
    "CREATE TABLE t (a bigint); CREATE INDEX i ON t (a); ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES u"
  ]
)

examples(
  "check-validation",
  [
    {
      sql: "ALTER TABLE t ADD CONSTRAINT positive CHECK (a > 0)",
      fix: "ALTER TABLE t ADD CONSTRAINT positive CHECK (a > 0) NOT VALID;\nALTER TABLE t VALIDATE CONSTRAINT positive;"
    },
    {
      sql: "ALTER TABLE t ADD a bigint -- it\n CONSTRAINT c CHECK (a > 0) -- positive\n DEFAULT 1 -- one",
      fix: "ALTER TABLE t ADD COLUMN a bigint DEFAULT 1;\nALTER TABLE t ADD CONSTRAINT c CHECK (a > 0) NOT VALID;"
    },
    { sql: "ALTER TABLE t ADD CHECK (a IN (1, 2))", fix: "ADD CONSTRAINT t_check CHECK (a IN (1, 2)) NOT VALID;" },
    {
      sql: "ALTER TABLE t ADD COLUMN a bigint CHECK (a > 0) DEFAULT 1",
      fix: "ALTER TABLE t ADD COLUMN a bigint DEFAULT 1;\nALTER TABLE t ADD CONSTRAINT t_a_check CHECK (a > 0) NOT VALID;"
    }
  ],
  [
    "ALTER TABLE t ADD CONSTRAINT positive CHECK (a > 0) NOT VALID",
    "ALTER TABLE t ADD CONSTRAINT positive CHECK (a > 0) NOT ENFORCED",
    "ALTER FOREIGN TABLE far ADD CONSTRAINT positive CHECK (a > 0)",
    "CREATE TABLE t (a bigint); ALTER TABLE t ADD CHECK (a > 0)",
    `${directive}ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0) NOT VALID; ALTER TABLE t VALIDATE CONSTRAINT c`
  ]
)

examples(
  "domain-constraint",
  [
    {
      sql: "ALTER DOMAIN app.amount ADD CONSTRAINT positive CHECK (VALUE > 0)",
      fix: "ALTER DOMAIN app.amount ADD CONSTRAINT positive CHECK (VALUE > 0) NOT VALID;"
    },
    { sql: "ALTER DOMAIN amount SET NOT NULL", fix: "each as set-not-null says" },
    { sql: "ALTER DOMAIN app.amount VALIDATE CONSTRAINT c", fix: "new values are held to it", says: "of app.amount" }
  ],
  [
    "CREATE DOMAIN amount AS bigint; ALTER DOMAIN amount ADD CHECK (VALUE > 0)",
    "ALTER DOMAIN amount SET DEFAULT 1",
    "ALTER DOMAIN amount DROP CONSTRAINT c",
    "ALTER DOMAIN amount ADD CHECK (VALUE > 0) NOT VALID",
    "ALTER DOMAIN amount DROP NOT NULL"
  ]
)

examples(
  "domain-column",
  [
    {
      sql: "ALTER TABLE t ADD a bigint, ADD e app.email",
      around: { facts },
      at: "1:29",
      fix: "add e with the type that app.email is made of",
      says: "the constraint of the domain app.email"
    },
    {
      sql: "CREATE DOMAIN positive AS bigint DEFAULT 1 CHECK (VALUE > 0); ALTER TABLE t ADD n positive DEFAULT 1",
      at: "1:63",
      fix: "give t the constraint of positive"
    },
    {
      sql: "CREATE DOMAIN full_one AS int NOT NULL; ALTER TABLE t ADD n full_one DEFAULT 1",
      at: "1:41",
      fix: "give t the constraint of full_one"
    },
    {
      sql: "ALTER DOMAIN app.amount SET NOT NULL; ALTER TABLE t ADD n app.amount DEFAULT 1",
      at: "1:39",
      also: ["domain-constraint"],
      fix: "give t the constraint of app.amount"
    },
    {
      sql: "ALTER DOMAIN amount ADD CONSTRAINT c CHECK (VALUE > 0) NOT VALID; ALTER TABLE t ADD n amount",
      at: "1:67",
      fix: "give t the constraint of amount"
    }
  ],
  [
    "ALTER TABLE t ADD e email",
    { sql: "ALTER TABLE t ADD e email[]", around: { facts } },
    { sql: "ALTER FOREIGN TABLE far ADD e email", around: { facts } },
    { sql: "CREATE TABLE u (a bigint); ALTER TABLE u ADD e email", around: { facts } },
    { sql: "CREATE TABLE u (a bigint, e email)", around: { facts } },
    "CREATE DOMAIN plain AS bigint DEFAULT 1; ALTER TABLE t ADD n plain",
    "ALTER DOMAIN amount SET DEFAULT 1; ALTER TABLE t ADD n amount"
  ]
)

examples(
  "validate-in-transaction",
  [
    {
      sql: "ALTER TABLE app.t ADD CONSTRAINT c CHECK (a > 0) NOT VALID, VALIDATE CONSTRAINT c",
      at: "1:61",
      fix: "-- the other commands, and then, in a transaction of its own:\nALTER TABLE app.t VALIDATE CONSTRAINT c;",
      says: "while this statement has a lock on app.t (ACCESS EXCLUSIVE)"
    },
    {
      sql: "ALTER TABLE t VALIDATE CONSTRAINT c, ADD b bigint",
      fix: "ALTER TABLE t VALIDATE CONSTRAINT c;",
      says: "while this statement has a lock on t"
    },
    {
      sql: "ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0) NOT VALID; ALTER TABLE t ADD b bigint, VALIDATE CONSTRAINT c",
      fix: "ALTER TABLE t VALIDATE CONSTRAINT c;",
      at: "1:85"
    },
    {
      sql: "ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0) NOT VALID; ALTER TABLE t VALIDATE CONSTRAINT c",
      at: "1:57",
      fix: "ALTER TABLE t VALIDATE CONSTRAINT c;"
    },
    {
      sql: "ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0) NOT VALID; ALTER TABLE u VALIDATE CONSTRAINT d",
      at: "1:57",
      fix: "ALTER TABLE u VALIDATE CONSTRAINT d;"
    }
  ],
  [
    "ALTER TABLE t ADD b bigint; CREATE TABLE u (a bigint); ALTER TABLE u ADD CONSTRAINT c CHECK (a > 0) NOT VALID; ALTER TABLE u VALIDATE CONSTRAINT c",
    "ALTER TABLE t VALIDATE CONSTRAINT c",
    "ALTER TABLE t VALIDATE CONSTRAINT c, VALIDATE CONSTRAINT d, ALTER a SET STATISTICS 100",
    "ALTER TABLE t VALIDATE CONSTRAINT c; ALTER TABLE u VALIDATE CONSTRAINT c",
    `${directive}ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0) NOT VALID; ALTER TABLE t VALIDATE CONSTRAINT c`
  ]
)

examples(
  "unique-constraint",
  [
    {
      sql: "ALTER TABLE t ADD PRIMARY KEY (a)",
      fix: "-- first make a NOT NULL, as set-not-null says\nCREATE UNIQUE INDEX CONCURRENTLY t_pkey ON t (a);\nALTER TABLE t ADD CONSTRAINT t_pkey PRIMARY KEY USING INDEX t_pkey;",
      says: "PRIMARY KEY builds"
    },
    {
      sql: "ALTER TABLE t ADD UNIQUE (a) DEFERRABLE INITIALLY DEFERRED",
      fix: "UNIQUE USING INDEX t_a_key DEFERRABLE INITIALLY DEFERRED;"
    },
    { sql: "ALTER TABLE ONLY t ADD UNIQUE (a)", fix: "CREATE UNIQUE INDEX CONCURRENTLY t_a_key ON t (a);" },
    { sql: "ALTER TABLE ONLY t ADD UNIQUE (a)", fix: "t_a_key", around: { facts } },
    { sql: "ALTER TABLE t ADD UNIQUE (a) DEFERRABLE", fix: "UNIQUE USING INDEX t_a_key DEFERRABLE;" },
    {
      sql: "ALTER TABLE t ADD UNIQUE (a, b)",
      fix: `${directive}CREATE UNIQUE INDEX CONCURRENTLY t_a_b_key ON t (a, b);\nALTER TABLE t ADD CONSTRAINT t_a_b_key UNIQUE USING INDEX t_a_b_key;`
    },
    {
      sql: "ALTER TABLE app.t ADD CONSTRAINT k PRIMARY KEY (a) DEFERRABLE",
      fix: "CREATE UNIQUE INDEX CONCURRENTLY k ON app.t (a);\nALTER TABLE app.t ADD CONSTRAINT k PRIMARY KEY USING INDEX k DEFERRABLE;"
    },
    {
      sql: "ALTER TABLE t ADD UNIQUE NULLS NOT DISTINCT (a) INCLUDE (b)",
      fix: "CREATE UNIQUE INDEX CONCURRENTLY t_a_key ON t (a) INCLUDE (b) NULLS NOT DISTINCT;"
    },
    {
      sql: "ALTER TABLE t ADD COLUMN a text UNIQUE",
      fix: "ALTER TABLE t ADD COLUMN a text;\nCREATE UNIQUE INDEX CONCURRENTLY t_a_key ON t (a);"
    }
  ],
  [
    { sql: "ALTER TABLE ONLY parts ADD UNIQUE (a)", around: { facts } },
    "ALTER TABLE t ADD CONSTRAINT k UNIQUE USING INDEX i",
    "ALTER TABLE t ADD PRIMARY KEY USING INDEX i",
    "CREATE TABLE t (a bigint); ALTER TABLE t ADD PRIMARY KEY (a)"
  ]
)

examples(
  "exclusion-constraint",
  [
    { sql: "ALTER TABLE t ADD EXCLUDE USING gist (a WITH &&)", fix: "make a new table like t", says: "EXCLUDE builds" },
    {
      sql: "ALTER TABLE t ADD UNIQUE (a, b WITHOUT OVERLAPS)",
      fix: "make a new table like t",
      says: "WITHOUT OVERLAPS builds"
    }
  ],
  ["CREATE TABLE t (a int8range); ALTER TABLE t ADD EXCLUDE USING gist (a WITH &&)"]
)

examples(
  "table-rewrite",
  [
    { sql: "ALTER TABLE t SET TABLESPACE fast", fix: "pg_repack --table=t --tablespace=fast" },
    { sql: "ALTER TABLE t SET LOGGED", fix: "make a new table like t" },
    { sql: "ALTER TABLE t SET ACCESS METHOD columnar", fix: "make a new table like t" },
    { sql: "ALTER TABLE t ALTER a SET EXPRESSION AS (b + 1)", fix: "drop a" },
    {
      sql: "ALTER INDEX app.i SET TABLESPACE fast",
      fix: "REINDEX (TABLESPACE fast) INDEX CONCURRENTLY app.i;",
      says: "SET TABLESPACE fast writes all of app.i anew"
    },
    { sql: "ALTER MATERIALIZED VIEW m SET TABLESPACE fast", fix: "make a new table like m" },
    {
      sql: "ALTER TABLE ALL IN TABLESPACE slow SET TABLESPACE fast",
      fix: "--tablespace=fast",
      says: "all that is in the tablespace slow"
    }
  ],
  [
    "CREATE TABLE t (a bigint); CREATE INDEX i ON t (a); ALTER INDEX i SET TABLESPACE fast",
    "ALTER INDEX i SET (fillfactor = 80)",
    "CREATE TABLE t (a bigint); ALTER TABLE t SET UNLOGGED",
    "ALTER TABLE t SET (fillfactor = 80)"
  ]
)

examples(
  "vacuum-full",
  [
    { sql: "VACUUM FULL", fix: "VACUUM (ANALYZE) makes", says: "writes all of all tables" },
    { sql: "VACUUM FULL t", fix: "VACUUM (ANALYZE) t" },
    { sql: "VACUUM (FULL, ANALYZE)", fix: "VACUUM (ANALYZE) makes" },
    { sql: "CLUSTER t USING i", fix: "pg_repack" },
    { sql: "CLUSTER", fix: "pg_repack" }
  ],
  [`${directive}CREATE TABLE t (a bigint); VACUUM FULL t`, "VACUUM t", "VACUUM (ANALYZE) t", "VACUUM (FULL off) t"]
)

examples(
  "truncate",
  [
    { sql: "TRUNCATE t, u", fix: "delete the rows of t, u in batches", says: /t, u$/u },
    { sql: "TRUNCATE t CASCADE", also: ["cascade"], fix: "those of other tables by name", says: "and of every table" }
  ],
  ["CREATE TABLE t (a bigint); TRUNCATE t"]
)

examples(
  "lock-table",
  [
    { sql: "LOCK TABLE t", fix: "each statement takes the lock that it needs" },
    { sql: "LOCK t, u IN SHARE MODE", fix: "take SHARE UPDATE EXCLUSIVE on t, u" }
  ],
  ["LOCK TABLE t IN SHARE UPDATE EXCLUSIVE MODE", "CREATE TABLE t (a bigint); LOCK TABLE t"]
)

examples(
  "several-locks",
  [
    {
      sql: "ALTER TABLE t ADD a bigint; ALTER TABLE u ADD a bigint; ALTER TABLE u ADD b bigint",
      at: "1:29",
      fix: "put what changes u into a migration of its own"
    },
    {
      sql: "ALTER TABLE t ADD a bigint; CREATE TRIGGER x AFTER INSERT ON u EXECUTE FUNCTION f()",
      at: "1:29",
      fix: "put what changes u into a migration of its own"
    }
  ],
  [
    "ALTER TABLE t ADD a bigint; ALTER TABLE t ADD b bigint",
    "ALTER TABLE t ADD a bigint; CREATE TABLE u (a bigint); ALTER TABLE u ADD b bigint",
    "CREATE TABLE u (a bigint); ALTER TABLE t ADD a bigint; COMMENT ON TABLE x IS 'y'",
    `${directive}ALTER TABLE t ADD a bigint; ALTER TABLE u ADD a bigint`
  ]
)

examples(
  "work-behind-lock",
  [
    {
      sql: "ALTER TABLE t ADD a bigint; COMMENT ON TABLE t IS 'x'; UPDATE t SET a = 1 WHERE b > 0",
      fix: "before or after",
      at: "1:56",
      says: "while reads and writes of t are blocked"
    },
    {
      sql: "CREATE TRIGGER x AFTER INSERT ON t EXECUTE FUNCTION f(); UPDATE t SET a = 1 WHERE b > 0",
      fix: "before or after",
      at: "1:58",
      says: "while writes of t are blocked"
    },
    { sql: "ALTER TABLE t ADD a bigint; CALL f()", fix: "before or after", at: "1:29", says: "CALL does what" },
    {
      sql: "ALTER TABLE t ADD a bigint; CREATE INDEX i ON t (b)",
      fix: "before or after",
      at: "1:29",
      also: ["concurrent-index"],
      says: "it reads all of t while"
    },
    {
      sql: "ALTER TABLE t ADD a bigint; ALTER TABLE t ALTER b TYPE text",
      fix: "before or after",
      at: "1:29",
      also: ["column-type"],
      says: "it writes all of t anew while"
    },
    {
      sql: "ALTER TABLE t ADD a bigint; SELECT a FROM v FOR UPDATE",
      fix: "before or after",
      at: "1:29",
      says: "it reads v"
    },
    {
      sql: "ALTER TABLE t ADD a bigint; UPDATE t SET a = 1 WHERE b > 0",
      at: "1:29",
      also: ["mixed-changes"],
      fix: "before or after the one that changes t"
    },
    {
      sql: "ALTER TABLE t ADD a bigint; DO 'BEGIN PERFORM 1; END'",
      at: "1:29",
      also: ["unseen-statement"],
      fix: "begin this one with pgkeel:no-transaction",
      says: "DO does what"
    },
    {
      sql: "ALTER TABLE t ADD a bigint; SELECT count(*) FROM t",
      at: "1:29",
      fix: "before or after the one that changes t"
    },
    {
      sql: "ALTER TABLE t ADD a bigint; CREATE TABLE u AS SELECT a FROM app.v",
      at: "1:29",
      fix: "before or after the one that changes t"
    },
    {
      sql: "ALTER TABLE t ADD a bigint; CREATE TABLE u (a bigint); INSERT INTO u SELECT a FROM v",
      at: "1:56",
      fix: "before or after the one that changes t"
    }
  ],
  [
    "ALTER TABLE t ADD a bigint; CREATE PROCEDURE tidy() LANGUAGE sql BEGIN ATOMIC DELETE FROM app.u WHERE a < 1; END",
    "ALTER TABLE t ADD a bigint; SELECT relname FROM pg_catalog.pg_class",
    "ALTER TABLE t ADD a bigint; SELECT table_name FROM information_schema.tables",
    "ALTER TABLE t ADD a bigint; INSERT INTO kinds VALUES (1)",
    "ALTER TABLE t ADD a bigint; SELECT set_config('a.b', 'c', false)",
    "ALTER TABLE t ADD a bigint; CREATE VIEW w AS SELECT a FROM t",
    "ALTER TABLE t ADD a bigint; WITH n AS (SELECT 1 AS x) INSERT INTO kinds SELECT x FROM n",
    "ALTER TABLE t ADD a bigint; CREATE TABLE u (a bigint); INSERT INTO u VALUES (1); UPDATE u SET a = 2 WHERE a = 1"
  ]
)

examples(
  "lock-timeout",
  [
    { sql: "RESET ALL", fix: "leave it out", says: "is switched off" },
    { sql: "-- pgkeel:lock-timeout 1min\nSELECT 1; SELECT 2", fix: "leave it out", at: "2:1" },
    { sql: "SET lock_timeout = '1h'", fix: "leave it out", says: "lock_timeout is 1h" },
    { sql: "SET lock_timeout = 0", fix: "leave it out", says: "is switched off" },
    { sql: "SET lock_timeout = 0", fix: "leave it out" },
    { sql: "SET LOCAL lock_timeout = '5min'", fix: "less than 10 seconds" },
    { sql: "RESET lock_timeout", fix: "leave it out" },
    { sql: "SELECT set_config('lock_timeout', '0', true)", fix: "leave it out" },
    { sql: "-- pgkeel:lock-timeout 1min\nSELECT 1", at: "2:1", fix: "leave it out" }
  ],
  [
    "SELECT current_setting('lock_timeout', true)",
    "SET lock_timeout = '5s'",
    "SET lock_timeout = 2000",
    "SET LOCAL lock_timeout TO '500ms'",
    "SELECT set_config('lock_timeout', '1s', true)",
    "SET statement_timeout = 0",
    "-- pgkeel:lock-timeout 5s\nSELECT 1"
  ]
)

examples(
  "update-all-rows",
  [
    { sql: "UPDATE t SET a = 1", fix: "do it in batches" },
    { sql: "DELETE FROM app.t", fix: "which rows of app.t" },
    { sql: "UPDATE t SET a = 1 WHERE true", fix: "do it in batches" },
    {
      sql: "WITH gone AS (DELETE FROM t RETURNING a) INSERT INTO archive SELECT a FROM gone",
      at: "1:27",
      fix: "which rows of t"
    },
    { sql: "WITH s AS (SELECT 1 AS a) UPDATE t SET a = s.a FROM s", fix: "do it in batches" }
  ],
  [
    "CREATE FUNCTION wipe() RETURNS void LANGUAGE sql BEGIN ATOMIC DELETE FROM t; END",
    "CREATE TEMP TABLE x (a bigint); WITH gone AS (DELETE FROM x RETURNING a) INSERT INTO archive SELECT a FROM gone",

    "UPDATE t SET a = 1 WHERE a IS NULL",
    "DELETE FROM t WHERE false",
    "CREATE TABLE t (a bigint); INSERT INTO t VALUES (1); UPDATE t SET a = 2"
  ]
)

examples(
  "implicit-no-transaction",
  [
    {
      sql: "ALTER TABLE t ADD a bigint; CREATE INDEX CONCURRENTLY i ON t (b)",
      fix: "-- pgkeel:no-transaction",
      at: "1:29"
    },
    {
      sql: "CREATE TABLE u (a bigint); CREATE INDEX CONCURRENTLY i ON t (a); CREATE INDEX CONCURRENTLY j ON t (b)",
      fix: "-- pgkeel:no-transaction",
      at: "1:28"
    },
    {
      sql: "CREATE TABLE u (a bigint); CREATE INDEX CONCURRENTLY i ON t (a)",
      at: "1:28",
      fix: "-- pgkeel:no-transaction"
    }
  ],
  [
    "CREATE INDEX CONCURRENTLY i ON t (a)",
    "SET statement_timeout = 0; CREATE INDEX CONCURRENTLY i ON t (a)",
    "CREATE INDEX CONCURRENTLY i ON t (a); CREATE INDEX CONCURRENTLY j ON t (b)",
    `${directive}CREATE TABLE u (a bigint); CREATE INDEX CONCURRENTLY i ON t (a)`
  ]
)

allHaveExamples(lockRules)
