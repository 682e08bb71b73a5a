/**
 * The rules of the three linters of migrations that people know: squawk 2,
 * strong_migrations 2 and eugene 0.8, each with something that it is against, and
 * the rule here that is against it too. What they have for other databases or for
 * Ruby's own ways is left out.
 */
import { facts } from "./facts.ts"
import type { Surroundings } from "../../../src/migration/internal/lint/engine.ts"

export interface Theirs {
  readonly of: "squawk" | "strong_migrations" | "eugene"
  readonly name: string
  /** What it is against. */
  readonly bad: string
  readonly around?: Surroundings
  /** The rule here, or why there is none. */
  readonly ours: string | { readonly none: string }
}

/** What their own lists of rules have: squawk 2.63, strong_migrations 2.8 (without MySQL's) and eugene 0.8. */
export const published: Readonly<Record<Theirs["of"], string>> = {
  squawk: `adding-field-with-default adding-foreign-key-constraint adding-not-nullable-field adding-required-field
    adding-serial-primary-key-field ban-alter-domain-with-add-constraint ban-char-field
    ban-concurrent-index-creation-in-transaction ban-create-domain-with-constraint ban-drop-column ban-drop-database
    ban-drop-not-null ban-drop-table ban-duplicate-column-assignments ban-truncate-cascade ban-uncommitted-transaction
    changing-column-type constraint-missing-not-valid disallowed-unique-constraint identifier-too-long
    prefer-bigint-over-int prefer-bigint-over-smallint prefer-identity prefer-repack prefer-robust-stmts
    prefer-text-field prefer-timestamp-tz renaming-column renaming-table require-concurrent-index-creation
    require-concurrent-index-deletion require-concurrent-partition-detach require-concurrent-reindex
    require-enum-value-ordering require-lock-timeout require-statement-timeout require-table-schema
    require-timeout-settings transaction-nesting unused-ignore`,
  strong_migrations: `add_check_constraint add_column_auto_incrementing add_column_default add_column_default_callable
    add_column_generated_stored add_column_json add_exclusion_constraint add_foreign_key add_index add_index_columns
    add_index_corruption add_reference add_unique_constraint backfilling-data change_column change_column_constraint
    change_column_default change_column_null change_column_null_postgresql change_column_with_not_null change_table
    create_table execute remove_column remove_index rename_column rename_enum_value rename_schema rename_table
    validate_check_constraint validate_foreign_key`,
  eugene: "E1 E2 E3 E4 E5 E6 E7 E8 E9 E10 E11 E15 W12 W13 W14"
}

/** A rule of theirs may have several examples, which say what they are of in parentheses. */
export const bareName = (name: string): string => name.replace(/ \(.*\)$/u, "")

const noTransaction = "-- pgkeel:no-transaction\n"

const squawk: ReadonlyArray<Omit<Theirs, "of">> = [
  {
    name: "adding-field-with-default",
    bad: "ALTER TABLE cart ADD COLUMN token uuid DEFAULT gen_random_uuid()",
    ours: "volatile-default"
  },
  {
    name: "adding-foreign-key-constraint",
    bad: "ALTER TABLE cart ADD CONSTRAINT of_user FOREIGN KEY (user_id) REFERENCES users (id)",
    ours: "foreign-key-validation"
  },
  { name: "adding-not-nullable-field", bad: "ALTER TABLE cart ALTER COLUMN total SET NOT NULL", ours: "set-not-null" },
  {
    name: "adding-required-field",
    bad: "ALTER TABLE cart ADD COLUMN total numeric NOT NULL",
    ours: "add-required-column"
  },
  {
    name: "adding-serial-primary-key-field",
    bad: "ALTER TABLE cart ADD COLUMN id serial PRIMARY KEY",
    ours: "serial-column"
  },
  {
    name: "adding-serial-primary-key-field (a key)",
    bad: "ALTER TABLE cart ADD PRIMARY KEY (id)",
    ours: "unique-constraint"
  },
  {
    name: "ban-alter-domain-with-add-constraint",
    bad: "ALTER DOMAIN percent ADD CONSTRAINT small CHECK (VALUE <= 100)",
    ours: "domain-constraint"
  },
  { name: "ban-char-field", bad: "CREATE TABLE cart (currency char(3))", ours: "no-char" },
  {
    name: "ban-concurrent-index-creation-in-transaction",
    bad: "BEGIN; CREATE INDEX CONCURRENTLY by_user ON cart (user_id); COMMIT",
    ours: "syntax"
  },
  {
    name: "ban-create-domain-with-constraint",
    bad: "CREATE DOMAIN percent AS integer CHECK (VALUE BETWEEN 0 AND 100)",
    ours: {
      none: "a new domain locks nothing; what is hard is to change its constraint, which domain-constraint finds"
    }
  },
  { name: "ban-drop-column", bad: "ALTER TABLE cart DROP COLUMN total", ours: "drop-column" },
  { name: "ban-drop-database", bad: "DROP DATABASE shop", ours: "drop-database" },
  { name: "ban-drop-not-null", bad: "ALTER TABLE cart ALTER COLUMN total DROP NOT NULL", ours: "drop-not-null" },
  { name: "ban-drop-table", bad: "DROP TABLE cart", ours: "drop-table" },
  {
    name: "ban-duplicate-column-assignments",
    bad: "UPDATE cart SET total = 1, total = 2 WHERE id = 3",
    ours: "duplicate-column"
  },
  { name: "ban-truncate-cascade", bad: "TRUNCATE cart CASCADE", ours: "truncate" },
  { name: "ban-uncommitted-transaction", bad: "BEGIN; ALTER TABLE cart ADD COLUMN note text", ours: "syntax" },
  {
    name: "changing-column-type",
    bad: "ALTER TABLE cart ALTER COLUMN total TYPE bigint USING total::bigint",
    ours: "column-type"
  },
  {
    name: "constraint-missing-not-valid",
    bad: "ALTER TABLE cart ADD CONSTRAINT positive CHECK (total >= 0)",
    ours: "check-validation"
  },
  {
    name: "constraint-missing-not-valid (validated at once)",
    bad: "ALTER TABLE cart ADD CONSTRAINT positive CHECK (total >= 0) NOT VALID; ALTER TABLE cart VALIDATE CONSTRAINT positive",
    ours: "validate-in-transaction"
  },
  {
    name: "disallowed-unique-constraint",
    bad: "ALTER TABLE cart ADD CONSTRAINT one_token UNIQUE (token)",
    ours: "unique-constraint"
  },
  {
    name: "identifier-too-long",
    bad: `CREATE TABLE ${"cart_of_a_customer_".repeat(4)} (id bigint)`,
    ours: "long-name"
  },
  { name: "prefer-bigint-over-int", bad: "CREATE TABLE cart (id integer PRIMARY KEY)", ours: "small-key" },
  {
    name: "prefer-bigint-over-smallint",
    bad: "CREATE TABLE cart (id smallint GENERATED ALWAYS AS IDENTITY)",
    ours: "small-key"
  },
  { name: "prefer-identity", bad: "CREATE TABLE cart (id bigserial PRIMARY KEY)", ours: "no-serial" },
  { name: "prefer-repack", bad: `${noTransaction}VACUUM FULL cart`, ours: "vacuum-full" },
  { name: "prefer-repack (CLUSTER)", bad: "CLUSTER cart USING by_user", ours: "vacuum-full" },
  {
    name: "prefer-robust-stmts",
    bad: "CREATE TABLE cart (id bigint)",
    ours: {
      none: "a migration that stops half-way goes on where it stopped, so that no statement has to bear being run twice"
    }
  },
  { name: "prefer-text-field", bad: "CREATE TABLE cart (note varchar(200))", ours: "no-varchar" },
  { name: "prefer-timestamp-tz", bad: "CREATE TABLE cart (made timestamp)", ours: "no-timestamp" },
  { name: "renaming-column", bad: "ALTER TABLE cart RENAME COLUMN total TO amount", ours: "rename-column" },
  { name: "renaming-table", bad: "ALTER TABLE cart RENAME TO basket", ours: "rename-table" },
  {
    name: "require-concurrent-index-creation",
    bad: "CREATE INDEX by_user ON cart (user_id)",
    ours: "concurrent-index"
  },
  { name: "require-concurrent-index-deletion", bad: "DROP INDEX by_user", ours: "concurrent-index-drop" },
  {
    name: "require-concurrent-partition-detach",
    bad: "ALTER TABLE cart DETACH PARTITION cart_2024",
    ours: "concurrent-detach"
  },
  { name: "require-concurrent-reindex", bad: "REINDEX INDEX by_user", ours: "concurrent-reindex" },
  { name: "require-enum-value-ordering", bad: "ALTER TYPE status ADD VALUE 'held'", ours: "enum-order" },
  {
    name: "require-lock-timeout",
    bad: "SET lock_timeout = 0; ALTER TABLE cart ADD COLUMN note text",
    ours: "lock-timeout"
  },
  {
    name: "require-statement-timeout",
    bad: "ALTER TABLE cart ADD COLUMN note text",
    ours: {
      none: "what waits makes others wait, and has a lock timeout; what builds an index may take hours, and blocks nobody"
    }
  },
  {
    name: "require-table-schema",
    bad: "CREATE TABLE cart (id bigint)",
    ours: {
      none: "opt-in there; the migrator gives each migration the same search_path, so that a name means one table"
    }
  },
  {
    name: "require-timeout-settings",
    bad: "SET LOCAL lock_timeout = 0; ALTER TABLE cart ADD COLUMN note text",
    ours: "lock-timeout"
  },
  { name: "transaction-nesting", bad: "ALTER TABLE cart ADD COLUMN note text; COMMIT", ours: "syntax" },
  {
    name: "unused-ignore",
    bad: "-- pgkeel:allow drop-column: nothing reads it\nALTER TABLE cart ADD COLUMN note text",
    ours: "allow-unused"
  }
]

const strongMigrations: ReadonlyArray<Omit<Theirs, "of">> = [
  {
    name: "add_check_constraint",
    bad: "ALTER TABLE users ADD CONSTRAINT positive CHECK (price > 0)",
    ours: "check-validation"
  },
  {
    name: "add_column_default",
    bad: "ALTER TABLE users ADD COLUMN token uuid DEFAULT gen_random_uuid()",
    ours: "volatile-default"
  },
  {
    name: "add_column_default_callable",
    bad: "ALTER TABLE users ADD COLUMN since timestamptz DEFAULT clock_timestamp()",
    ours: "volatile-default"
  },
  { name: "add_column_json", bad: "ALTER TABLE users ADD COLUMN properties json", ours: "no-json" },
  {
    name: "add_column_generated_stored",
    bad: "ALTER TABLE users ADD COLUMN whole text GENERATED ALWAYS AS (first || last) STORED",
    ours: "stored-generated-column"
  },
  { name: "add_column_auto_incrementing", bad: "ALTER TABLE users ADD COLUMN id bigserial", ours: "serial-column" },
  {
    name: "add_exclusion_constraint",
    bad: "ALTER TABLE users ADD CONSTRAINT apart EXCLUDE USING gist (period WITH &&)",
    ours: "exclusion-constraint"
  },
  {
    name: "add_foreign_key",
    bad: "ALTER TABLE users ADD FOREIGN KEY (city_id) REFERENCES cities (id)",
    ours: "foreign-key-validation"
  },
  { name: "add_index", bad: "CREATE INDEX ON users (email)", ours: "concurrent-index" },
  {
    name: "add_index_columns",
    bad: `${noTransaction}CREATE INDEX CONCURRENTLY wide ON users (a, b, c, d)`,
    ours: "wide-index"
  },
  {
    name: "add_index_corruption",
    bad: "CREATE INDEX CONCURRENTLY i ON users (email)",
    around: { facts: { ...facts, serverVersion: 140_001 } },
    ours: "index-corruption"
  },
  {
    name: "add_reference",
    bad: "ALTER TABLE users ADD COLUMN city_id bigint; CREATE INDEX ON users (city_id)",
    ours: "concurrent-index"
  },
  {
    name: "add_reference (with a foreign key)",
    bad: "ALTER TABLE users ADD COLUMN city_id bigint REFERENCES cities",
    ours: { none: "a new column has no value anywhere, so that PostgreSQL takes the key for valid and reads nothing" }
  },
  { name: "add_unique_constraint", bad: "ALTER TABLE users ADD UNIQUE (email)", ours: "unique-constraint" },
  { name: "change_column", bad: "ALTER TABLE users ALTER COLUMN email TYPE varchar(40)", ours: "column-type" },
  {
    name: "change_column_with_not_null",
    bad: "ALTER TABLE users ALTER COLUMN email TYPE text, ALTER COLUMN email SET NOT NULL",
    ours: "set-not-null"
  },
  { name: "change_column_constraint", bad: "ALTER TABLE users ALTER COLUMN age TYPE bigint", ours: "column-type" },
  {
    name: "change_column_default",
    bad: "ALTER TABLE users ALTER COLUMN name SET DEFAULT 'nobody'",
    ours: { none: "it speaks of how Rails before 7 wrote rows; a default that is taken away is found by drop-default" }
  },
  {
    name: "change_column_null",
    bad: "UPDATE users SET email = '' WHERE email IS NULL; ALTER TABLE users ALTER COLUMN email SET NOT NULL",
    ours: "set-not-null"
  },
  {
    name: "change_column_null_postgresql",
    bad: "ALTER TABLE users ALTER COLUMN email SET NOT NULL",
    ours: "set-not-null"
  },
  {
    name: "change_table",
    bad: "ALTER TABLE users ADD COLUMN a text, ADD COLUMN b bigint",
    ours: { none: "it stands for commands that it cannot see; here each command of an ALTER TABLE is looked at" }
  },
  {
    name: "create_table (force)",
    bad: "DROP TABLE IF EXISTS users CASCADE; CREATE TABLE users (id bigint)",
    ours: "drop-table"
  },
  { name: "execute", bad: "DO $$ BEGIN EXECUTE 'DROP TABLE users'; END $$", ours: "unseen-statement" },
  { name: "remove_column", bad: "ALTER TABLE users DROP COLUMN email", ours: "drop-column" },
  { name: "remove_index", bad: "DROP INDEX users_email", ours: "concurrent-index-drop" },
  { name: "rename_column", bad: "ALTER TABLE users RENAME email TO address", ours: "rename-column" },
  { name: "rename_enum_value", bad: "ALTER TYPE status RENAME VALUE 'done' TO 'completed'", ours: "rename-enum-value" },
  { name: "rename_schema", bad: "ALTER SCHEMA shop RENAME TO store", ours: "rename-schema" },
  { name: "rename_table", bad: "ALTER TABLE users RENAME TO customers", ours: "rename-table" },
  {
    name: "validate_check_constraint",
    bad: "ALTER TABLE users ADD CONSTRAINT positive CHECK (price > 0) NOT VALID; ALTER TABLE users VALIDATE CONSTRAINT positive",
    ours: "validate-in-transaction"
  },
  {
    name: "validate_foreign_key",
    bad: "ALTER TABLE users ADD CONSTRAINT city FOREIGN KEY (city_id) REFERENCES cities NOT VALID; ALTER TABLE users VALIDATE CONSTRAINT city",
    ours: "validate-in-transaction"
  },
  {
    name: "backfilling-data",
    bad: "ALTER TABLE users ADD COLUMN a text; UPDATE users SET a = 'x'",
    ours: "update-all-rows"
  }
]

const byName = { name: "by_name", definition: "CREATE UNIQUE INDEX ...", unique: true, columns: ["b"] }

const eugene: ReadonlyArray<Omit<Theirs, "of">> = [
  { name: "E1", bad: "ALTER TABLE authors ADD CONSTRAINT named CHECK (name IS NOT NULL)", ours: "check-validation" },
  { name: "E2", bad: "ALTER TABLE authors ALTER COLUMN name SET NOT NULL", ours: "set-not-null" },
  { name: "E3", bad: "CREATE TABLE authors (meta json)", ours: "no-json" },
  {
    name: "E4",
    bad: "ALTER TABLE authors ADD COLUMN email text; SELECT count(*) FROM authors",
    ours: "work-behind-lock"
  },
  { name: "E5", bad: "ALTER TABLE prices ALTER price SET DATA TYPE bigint", ours: "column-type" },
  { name: "E6", bad: "CREATE INDEX by_name ON authors (name)", ours: "concurrent-index" },
  { name: "E7", bad: "ALTER TABLE authors ADD CONSTRAINT one_name UNIQUE (name)", ours: "unique-constraint" },
  {
    name: "E8",
    bad: "ALTER TABLE authors ADD CONSTRAINT one_name EXCLUDE (name WITH =)",
    ours: "exclusion-constraint"
  },
  { name: "E9", bad: "SET lock_timeout = 0; ALTER TABLE authors ADD COLUMN email text", ours: "lock-timeout" },
  {
    name: "E10",
    bad: "ALTER TABLE authors ADD COLUMN meta jsonb; ALTER TABLE prices ALTER price TYPE bigint",
    ours: "several-locks"
  },
  { name: "E11", bad: "ALTER TABLE prices ADD COLUMN id serial", ours: "serial-column" },
  {
    name: "E15",
    bad: "CREATE TABLE purchases (item bigint REFERENCES items (id)); CREATE INDEX ON purchases (item) WHERE item = 1",
    ours: "foreign-key-index"
  },
  {
    name: "W12",
    bad: "ALTER TABLE authors ALTER name SET NOT NULL; ALTER TABLE authors ALTER email SET NOT NULL",
    ours: "work-behind-lock"
  },
  {
    name: "W13",
    bad: "CREATE TYPE kind AS ENUM ('invoice', 'receipt')",
    ours: {
      none: "a new enum is as good as a table of names; what is hard about one, its values' order, names and first use, has rules"
    }
  },
  {
    name: "W14",
    bad: "ALTER TABLE t ADD CONSTRAINT key PRIMARY KEY USING INDEX by_name",
    around: { facts: { ...facts, tables: facts.tables.map((table) => ({ ...table, indexes: [byName] })) } },
    ours: "nullable-primary-key"
  }
]

export const theirs: ReadonlyArray<Theirs> = [
  ...squawk.map((rule) => ({ of: "squawk" as const, ...rule })),
  ...strongMigrations.map((rule) => ({ of: "strong_migrations" as const, ...rule })),
  ...eugene.map((rule) => ({ of: "eugene" as const, ...rule }))
]
