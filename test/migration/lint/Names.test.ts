/** Which table a statement is about, however it is named, and what is known of it at that point of the migration. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import type { Surroundings } from "../../../src/migration/internal/lint/engine.ts"
import { facts } from "./facts.ts"
import { directive, findings } from "./support.ts"

const around = { facts }

const inTwo = { facts: { ...facts, searchPath: ["app", "public"] } }

/** Nobody else's table, or no danger to it. */
const quiet: ReadonlyArray<string | { readonly sql: string; readonly around: Surroundings }> = [
  "CREATE TABLE public.t (a bigint); ALTER TABLE t ADD b bigint NOT NULL",
  "CREATE TABLE t (a bigint); ALTER TABLE public.t ADD b bigint NOT NULL",
  "SET search_path = app, public; CREATE TABLE public.t (a bigint); CREATE INDEX i ON t (a)",
  'SET search_path = "$user", public; CREATE TABLE t (a bigint); CREATE INDEX i ON public.t (a)',
  "SET search_path = app; CREATE TABLE t (a bigint); RESET search_path; CREATE INDEX i ON app.t (a)",
  "SELECT pg_catalog.set_config('search_path', 'app, public', false); CREATE TABLE t (a bigint); CREATE INDEX i ON app.t (a)",
  "SELECT set_config('search_path', '', false); CREATE TABLE app.t (a bigint); CREATE INDEX i ON app.t (a)",
  "SELECT 1 AS a INTO t UNION ALL SELECT 2; CREATE INDEX i ON t (a)",
  "CREATE TABLE a.t (x bigint); CREATE TABLE b.t (x bigint); CREATE INDEX i ON a.t (x); CREATE INDEX j ON b.t (x)",
  "CREATE TABLE t (a bigint); CREATE INDEX i ON t (a); ALTER INDEX i RENAME TO j; DROP INDEX j",
  "CREATE TABLE t (a bigint, b bigint); CREATE INDEX ON t (a, b); DROP INDEX t_a_b_idx",
  "CREATE TABLE o (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY); ALTER SEQUENCE o_id_seq RESTART WITH 1000",
  "CREATE TABLE app.o (a bigint); ALTER TABLE app.o ADD id bigint GENERATED ALWAYS AS IDENTITY; ALTER SEQUENCE app.o_id_seq RESTART WITH 1000",
  "CREATE TABLE t (a bigint); ALTER TABLE t RENAME a TO b; CREATE INDEX i ON t (b)",
  "CREATE SCHEMA s; CREATE TABLE s.t (a bigint); ALTER SCHEMA s RENAME TO r; CREATE INDEX i ON r.t (a)",
  "CREATE FOREIGN TABLE f (a bigint) SERVER s; ALTER FOREIGN TABLE f RENAME TO g; DROP FOREIGN TABLE g",
  "DROP TABLE IF EXISTS pg_temp.x",
  "CREATE TABLE pg_temp.t (a bigint); CREATE INDEX i ON t (a)",
  'CREATE TABLE "T" (a bigint); CREATE INDEX i ON "T" (a)',
  "SET search_path = app; CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'; DROP FUNCTION app.f()",
  "SET search_path = app; ALTER TABLE app.users RENAME TO customers; CREATE VIEW users AS SELECT * FROM customers",
  "SET search_path = app; DROP TRIGGER g ON app.t; CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()",
  "DROP POLICY p ON t; CREATE POLICY p ON public.t USING (true)",
  // One table by two names is locked once.
  "ALTER TABLE t ADD a bigint; ALTER TABLE public.t ADD b bigint",
  `${directive}ALTER TABLE public.t ADD CONSTRAINT c CHECK (a IS NOT NULL) NOT VALID; ALTER TABLE t VALIDATE CONSTRAINT c; ALTER TABLE t ALTER a SET NOT NULL`,
  "CREATE TABLE i (a bigint REFERENCES o); CREATE INDEX ON public.i (a)",
  "ALTER TABLE public.t DISABLE TRIGGER g; ALTER TABLE t ENABLE TRIGGER g",
  "CREATE POLICY own ON public.t USING (true); ALTER TABLE t ENABLE ROW LEVEL SECURITY",
  // As the database has it, or an earlier statement has made it.
  { sql: `${directive}ALTER TABLE t VALIDATE CONSTRAINT d; ALTER TABLE t ALTER b SET NOT NULL`, around },
  { sql: "SET search_path = public; ALTER TABLE t ALTER a SET NOT NULL", around },
  { sql: "ALTER TABLE t ALTER a SET NOT NULL", around: inTwo },
  {
    sql: `${directive}-- pgkeel:allow rename-table: nobody reads it\nALTER TABLE t RENAME TO u; ALTER TABLE u ALTER a SET NOT NULL`,
    around
  }
]

/** Somebody's table after all. */
const loud: ReadonlyArray<readonly [sql: string, rules: ReadonlyArray<string>, around?: Surroundings]> = [
  ["CREATE TEMP TABLE t (a bigint); DROP TABLE t; CREATE INDEX i ON t (a)", ["concurrent-index"]],
  [
    "CREATE TABLE t (a bigint); ALTER TABLE t RENAME TO x; ALTER TABLE old RENAME TO t; CREATE INDEX i ON t (a)",
    ["rename-table", "concurrent-index", "work-behind-lock"]
  ],
  ["CREATE TABLE t (a bigint); ALTER TABLE t RENAME TO x; CREATE INDEX i ON t (a)", ["concurrent-index"]],
  ["CREATE VIEW v AS SELECT 1 AS a; DROP VIEW v; ALTER VIEW v RENAME TO w", ["rename-table"]],
  [
    "SET search_path = app; CREATE TABLE t (a bigint); SET search_path = shop; CREATE INDEX i ON t (a)",
    ["concurrent-index"]
  ],
  [
    "SET search_path = app; CREATE TABLE t (a bigint); SET search_path TO DEFAULT; CREATE INDEX i ON t (a)",
    ["concurrent-index"]
  ],
  [
    "SET search_path = app; CREATE TABLE t (a bigint); RESET ALL; CREATE INDEX i ON t (a)",
    ["lock-timeout", "concurrent-index"]
  ],
  ["CREATE TABLE a.t (x bigint); CREATE INDEX i ON b.t (x)", ["concurrent-index"]],
  ['CREATE TABLE "a.b"."c" (x bigint); CREATE INDEX i ON a."b.c" (x)', ["concurrent-index"]],
  ['CREATE TABLE "T" (a bigint); CREATE INDEX i ON t (a)', ["concurrent-index"]],
  ["CREATE TABLE o (id bigint); ALTER SEQUENCE o_id_seq RESTART WITH 1000", ["restart-sequence"]],
  [
    "SET search_path = app; CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'; DROP FUNCTION public.f()",
    ["drop-object"]
  ],
  ["DROP TRIGGER g ON t; CREATE TRIGGER h BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()", ["drop-object"]],
  // A renamed table is the same one: it is not waited for again.
  ["ALTER TABLE t RENAME TO u; ALTER TABLE u ADD b bigint", ["rename-table"]],
  ["ALTER TABLE t RENAME TO u; ALTER TABLE v ADD b bigint", ["rename-table", "several-locks"]],
  // What the database knows is of the schema that is meant, and holds until a statement has changed it.
  ["SET search_path = shop; ALTER TABLE t ALTER a SET NOT NULL", ["set-not-null"], around],
  [`${directive}ALTER TABLE t DROP CONSTRAINT c; ALTER TABLE t ALTER checked SET NOT NULL`, ["set-not-null"], around],
  [
    `${directive}ALTER TABLE t ALTER a DROP NOT NULL; ALTER TABLE t ALTER a SET NOT NULL`,
    ["drop-not-null", "set-not-null"],
    around
  ],
  [
    `${directive}ALTER TABLE t ALTER short TYPE varchar(20); ALTER TABLE t ALTER short TYPE varchar(15)`,
    ["column-type"],
    around
  ],
  ["ALTER TABLE t ALTER b SET NOT NULL", ["set-not-null"], around]
]

describe("lint knows which table is meant", () => {
  it.effect.each(quiet.map((one) => (typeof one === "string" ? { sql: one, around: {} } : one)))(
    "and has nothing against $sql",
    ({ around, sql }) => Effect.map(findings(sql, around), (found) => assert.deepStrictEqual(found, []))
  )

  it.effect.each(loud)("and is against %s", ([sql, rules, around]) =>
    Effect.map(findings(sql, around), (found) =>
      assert.deepStrictEqual(
        found.map(({ rule }) => rule),
        [...rules]
      )
    )
  )
})
