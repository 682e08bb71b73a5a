/**
 * Statements that change a schema, each in one respect: in this order each of them
 * has an effect, and in any other order some fail. Roles `alice` and `bob` are there.
 */

/** A statement and its opposite, which is one more change. */
const both = (there: string, back: string) => [there, back]

const commented = (what: string) => [
  `COMMENT ON ${what} IS 'one'`,
  `COMMENT ON ${what} IS 'two'`,
  `COMMENT ON ${what} IS NULL`
]

const owned = (what: string) => both(`ALTER ${what} OWNER TO alice`, `ALTER ${what} OWNER TO CURRENT_USER`)

const granted = (privilege: string, on: string) => [
  `GRANT ${privilege} ON ${on} TO alice`,
  `GRANT ${privilege} ON ${on} TO alice WITH GRANT OPTION`,
  `GRANT ${privilege} ON ${on} TO PUBLIC`,
  `SET ROLE alice; GRANT ${privilege} ON ${on} TO bob; RESET ROLE`,
  `REVOKE ${privilege} ON ${on} FROM alice CASCADE`,
  `REVOKE ${privilege} ON ${on} FROM PUBLIC`
]

const onlyOwner = (on: string) => both(`REVOKE ALL ON ${on} FROM CURRENT_USER`, `GRANT ALL ON ${on} TO CURRENT_USER`)

const schemas = [
  "CREATE SCHEMA shop",
  ...commented("SCHEMA shop"),
  ...owned("SCHEMA shop"),
  "GRANT CREATE ON SCHEMA shop TO alice",
  ...granted("USAGE", "SCHEMA shop"),
  "GRANT USAGE ON SCHEMA shop TO alice, bob",
  `CREATE SCHEMA "Odd "" name"`,
  `DROP SCHEMA "Odd "" name"`,
  "GRANT CREATE ON SCHEMA public TO alice",
  "REVOKE CREATE ON SCHEMA public FROM alice",
  ...both("COMMENT ON SCHEMA public IS 'mine'", "COMMENT ON SCHEMA public IS 'standard public schema'")
]

const types = [
  "CREATE TYPE shop.mood AS ENUM ('sad', 'happy')",
  "ALTER TYPE shop.mood ADD VALUE 'fine' BEFORE 'happy'",
  "ALTER TYPE shop.mood RENAME VALUE 'fine' TO 'good'",
  ...commented("TYPE shop.mood"),
  ...owned("TYPE shop.mood"),
  "REVOKE USAGE ON TYPE shop.mood FROM PUBLIC",
  ...granted("USAGE", "TYPE shop.mood"),
  "CREATE TYPE shop.empty AS ENUM ()",
  "DROP TYPE shop.empty",
  "CREATE DOMAIN shop.price AS numeric(10,2)",
  ...both("ALTER DOMAIN shop.price SET NOT NULL", "ALTER DOMAIN shop.price DROP NOT NULL"),
  ...both("ALTER DOMAIN shop.price SET DEFAULT 1", "ALTER DOMAIN shop.price DROP DEFAULT"),
  "ALTER DOMAIN shop.price ADD CONSTRAINT positive CHECK (VALUE > 0) NOT VALID",
  ...commented("CONSTRAINT positive ON DOMAIN shop.price"),
  "ALTER DOMAIN shop.price VALIDATE CONSTRAINT positive",
  "ALTER DOMAIN shop.price RENAME CONSTRAINT positive TO above",
  "ALTER DOMAIN shop.price DROP CONSTRAINT above",
  ...commented("DOMAIN shop.price"),
  ...owned("DOMAIN shop.price"),
  "REVOKE USAGE ON DOMAIN shop.price FROM PUBLIC",
  ...granted("USAGE", "DOMAIN shop.price"),
  `CREATE DOMAIN shop.word AS text COLLATE "C"`,
  "CREATE TYPE shop.pair AS (a int, b text)",
  "ALTER TYPE shop.pair ADD ATTRIBUTE c varchar(3)",
  "ALTER TYPE shop.pair ALTER ATTRIBUTE c TYPE varchar(4)",
  `ALTER TYPE shop.pair ALTER ATTRIBUTE c TYPE varchar(4) COLLATE "C"`,
  "ALTER TYPE shop.pair RENAME ATTRIBUTE c TO d",
  ...commented("COLUMN shop.pair.d"),
  "ALTER TYPE shop.pair DROP ATTRIBUTE d",
  ...commented("TYPE shop.pair"),
  ...owned("TYPE shop.pair"),
  "CREATE TYPE shop.span AS RANGE (subtype = float8, subtype_diff = float8mi)",
  ...commented("TYPE shop.span"),
  "DROP TYPE shop.span",
  "CREATE TYPE shop.span AS RANGE (subtype = float8)",
  `CREATE TYPE shop.words AS RANGE (subtype = text, collation = "C", subtype_opclass = text_pattern_ops)`,
  "CREATE TYPE shop.shell"
]

const columns = [
  "CREATE TABLE shop.item (id bigint, name text, price numeric(10,2), kind shop.mood, made timestamptz)",
  "ALTER TABLE shop.item ADD COLUMN note varchar(20)",
  "ALTER TABLE shop.item ALTER COLUMN note TYPE varchar(30)",
  ...both(
    "ALTER TABLE shop.item ALTER COLUMN note SET NOT NULL",
    "ALTER TABLE shop.item ALTER COLUMN note DROP NOT NULL"
  ),
  "ALTER TABLE shop.item ALTER COLUMN note SET DEFAULT 'a''b\\c'",
  "ALTER TABLE shop.item ALTER COLUMN note SET DEFAULT 'x'::text",
  "ALTER TABLE shop.item ALTER COLUMN note DROP DEFAULT",
  `ALTER TABLE shop.item ALTER COLUMN note TYPE varchar(30) COLLATE "C"`,
  ...both(
    "ALTER TABLE shop.item ALTER COLUMN note SET STORAGE EXTERNAL",
    "ALTER TABLE shop.item ALTER COLUMN note SET STORAGE EXTENDED"
  ),
  ...both(
    "ALTER TABLE shop.item ALTER COLUMN note SET COMPRESSION pglz",
    "ALTER TABLE shop.item ALTER COLUMN note SET COMPRESSION default"
  ),
  ...both(
    "ALTER TABLE shop.item ALTER COLUMN note SET STATISTICS 300",
    "ALTER TABLE shop.item ALTER COLUMN note SET STATISTICS -1"
  ),
  ...both(
    "ALTER TABLE shop.item ALTER COLUMN note SET (n_distinct = 5)",
    "ALTER TABLE shop.item ALTER COLUMN note RESET (n_distinct)"
  ),
  ...commented("COLUMN shop.item.note"),
  "ALTER TABLE shop.item RENAME COLUMN note TO remark",
  ...granted("SELECT (remark)", "shop.item"),
  "GRANT UPDATE (remark, name) ON shop.item TO bob",
  "ALTER TABLE shop.item DROP COLUMN remark",
  "ALTER TABLE shop.item ADD COLUMN made_at timestamptz DEFAULT '2026-01-02 03:04:05+00'",
  "ALTER TABLE shop.item ADD COLUMN span interval DEFAULT '1 day 02:00'",
  "ALTER TABLE shop.item ADD COLUMN weight float8 DEFAULT 0.1",
  "ALTER TABLE shop.item ADD COLUMN raw bytea DEFAULT '\\x0102'",
  "ALTER TABLE shop.item ADD COLUMN tags text[] DEFAULT '{}'",
  "ALTER TABLE shop.item ADD COLUMN total numeric GENERATED ALWAYS AS (price * 2) STORED",
  "ALTER TABLE shop.item ALTER COLUMN total DROP EXPRESSION",
  "ALTER TABLE shop.item ALTER COLUMN id SET NOT NULL",
  "ALTER TABLE shop.item ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY",
  "ALTER TABLE shop.item ALTER COLUMN id SET GENERATED ALWAYS",
  "ALTER TABLE shop.item ALTER COLUMN id SET INCREMENT BY 5",
  "ALTER SEQUENCE shop.item_id_seq RENAME TO item_ids",
  "ALTER TABLE shop.item ALTER COLUMN id DROP IDENTITY",
  `ALTER TABLE shop.item ADD COLUMN "Odd "" col" shop.price`
]

const tables = [
  ...commented("TABLE shop.item"),
  ...owned("TABLE shop.item"),
  ...["SELECT", "INSERT", "TRUNCATE", "REFERENCES", "TRIGGER"].flatMap((privilege) => granted(privilege, "shop.item")),
  ...onlyOwner("shop.item"),
  ...both("ALTER TABLE shop.item SET (fillfactor = 70)", "ALTER TABLE shop.item RESET (fillfactor)"),
  "ALTER TABLE shop.item SET (autovacuum_enabled = false, fillfactor = 80)",
  ...both(
    "ALTER TABLE shop.item SET (toast.autovacuum_enabled = false)",
    "ALTER TABLE shop.item RESET (toast.autovacuum_enabled)"
  ),
  ...both("ALTER TABLE shop.item ENABLE ROW LEVEL SECURITY", "ALTER TABLE shop.item DISABLE ROW LEVEL SECURITY"),
  ...both("ALTER TABLE shop.item FORCE ROW LEVEL SECURITY", "ALTER TABLE shop.item NO FORCE ROW LEVEL SECURITY"),
  ...both("ALTER TABLE shop.item REPLICA IDENTITY FULL", "ALTER TABLE shop.item REPLICA IDENTITY NOTHING"),
  "ALTER TABLE shop.item REPLICA IDENTITY DEFAULT",
  ...both("ALTER TABLE shop.item SET UNLOGGED", "ALTER TABLE shop.item SET LOGGED"),
  "CREATE TABLE shop.pairs OF shop.pair",
  "ALTER TABLE shop.pairs NOT OF",
  "ALTER TABLE shop.pairs RENAME TO couples",
  "ALTER TABLE shop.couples SET SCHEMA public",
  "DROP TABLE public.couples"
]

const constraints = [
  "ALTER TABLE shop.item ADD CONSTRAINT item_pkey PRIMARY KEY (id)",
  "CREATE TABLE shop.line (item bigint, n int, code text, during tstzrange)",
  "ALTER TABLE shop.line ADD CONSTRAINT line_item FOREIGN KEY (item) REFERENCES shop.item (id) NOT VALID",
  "ALTER TABLE shop.line VALIDATE CONSTRAINT line_item",
  "ALTER TABLE shop.line DROP CONSTRAINT line_item",
  ...[
    "ON DELETE CASCADE",
    "ON DELETE SET NULL",
    "ON UPDATE CASCADE",
    "MATCH FULL",
    "DEFERRABLE",
    "DEFERRABLE INITIALLY DEFERRED"
  ].flatMap((how) => [
    `ALTER TABLE shop.line ADD CONSTRAINT line_item FOREIGN KEY (item) REFERENCES shop.item (id) ${how}`,
    "ALTER TABLE shop.line DROP CONSTRAINT line_item"
  ]),
  "ALTER TABLE shop.line ADD CONSTRAINT line_item FOREIGN KEY (item) REFERENCES shop.item (id)",
  ...both(
    "ALTER TABLE shop.line ALTER CONSTRAINT line_item DEFERRABLE",
    "ALTER TABLE shop.line ALTER CONSTRAINT line_item NOT DEFERRABLE"
  ),
  ...commented("CONSTRAINT line_item ON shop.line"),
  "ALTER TABLE shop.line ADD CONSTRAINT small CHECK (n < 10) NOT VALID",
  "ALTER TABLE shop.line VALIDATE CONSTRAINT small",
  "ALTER TABLE shop.line ADD CONSTRAINT alone CHECK (n > 0) NO INHERIT",
  ...commented("CONSTRAINT small ON shop.line"),
  "ALTER TABLE shop.line RENAME CONSTRAINT small TO little",
  "ALTER TABLE shop.line DROP CONSTRAINT alone",
  "ALTER TABLE shop.line ADD CONSTRAINT code_key UNIQUE (code) INCLUDE (n)",
  ...both("ALTER INDEX shop.code_key SET (fillfactor = 60)", "ALTER INDEX shop.code_key RESET (fillfactor)"),
  ...commented("INDEX shop.code_key"),
  "ALTER TABLE shop.line ADD CONSTRAINT n_key UNIQUE (n, code) DEFERRABLE INITIALLY DEFERRED",
  "ALTER TABLE shop.line ADD CONSTRAINT apart EXCLUDE USING gist (during WITH &&) WHERE (n > 0)"
]

const indexes = [
  "CREATE INDEX line_code ON shop.line (code)",
  "ALTER INDEX shop.line_code RENAME TO line_codes",
  "CREATE INDEX line_lower ON shop.line (lower(code), n DESC NULLS LAST) INCLUDE (item) WHERE n > 0",
  "ALTER INDEX shop.line_lower ALTER COLUMN 1 SET STATISTICS 50",
  "ALTER INDEX shop.line_lower ALTER COLUMN 1 SET STATISTICS -1",
  "CREATE INDEX line_pattern ON shop.line (code text_pattern_ops)",
  `CREATE INDEX line_collate ON shop.line (code COLLATE "POSIX")`,
  "CREATE INDEX line_hash ON shop.line USING hash (code)",
  "CREATE UNIQUE INDEX line_unique ON shop.line (item, n)",
  ...both("ALTER INDEX shop.line_unique SET (fillfactor = 50)", "ALTER INDEX shop.line_unique RESET (fillfactor)"),
  ...commented("INDEX shop.line_unique"),
  "ALTER TABLE shop.line CLUSTER ON line_unique",
  "ALTER TABLE shop.line SET WITHOUT CLUSTER",
  "ALTER TABLE shop.line ALTER COLUMN item SET NOT NULL, ALTER COLUMN n SET NOT NULL",
  "ALTER TABLE shop.line REPLICA IDENTITY USING INDEX line_unique",
  "ALTER TABLE shop.line REPLICA IDENTITY DEFAULT",
  "DROP INDEX shop.line_hash"
]

const sequences = [
  "CREATE SEQUENCE shop.ids",
  "ALTER SEQUENCE shop.ids INCREMENT BY 3",
  "ALTER SEQUENCE shop.ids MINVALUE -5",
  "ALTER SEQUENCE shop.ids MAXVALUE 9000000000000000000",
  "ALTER SEQUENCE shop.ids START 7",
  "ALTER SEQUENCE shop.ids CACHE 9",
  "ALTER SEQUENCE shop.ids CYCLE",
  "ALTER SEQUENCE shop.ids NO MAXVALUE",
  "ALTER SEQUENCE shop.ids AS integer",
  ...both("ALTER SEQUENCE shop.ids OWNED BY shop.line.n", "ALTER SEQUENCE shop.ids OWNED BY NONE"),
  ...commented("SEQUENCE shop.ids"),
  ...owned("SEQUENCE shop.ids"),
  ...granted("USAGE", "SEQUENCE shop.ids"),
  "ALTER TABLE shop.line ALTER COLUMN n SET DEFAULT nextval('shop.ids')"
]

const views = [
  "CREATE VIEW shop.cheap AS SELECT id, name FROM shop.item WHERE price < 1",
  "CREATE OR REPLACE VIEW shop.cheap AS SELECT id, name FROM shop.item WHERE price < 2",
  "CREATE OR REPLACE VIEW shop.cheap AS SELECT id, name, kind FROM shop.item WHERE price < 2",
  ...both("ALTER VIEW shop.cheap SET (security_barrier = true)", "ALTER VIEW shop.cheap RESET (security_barrier)"),
  ...both("ALTER VIEW shop.cheap SET (check_option = local)", "ALTER VIEW shop.cheap RESET (check_option)"),
  ...both(
    "ALTER VIEW shop.cheap ALTER COLUMN name SET DEFAULT 'n'",
    "ALTER VIEW shop.cheap ALTER COLUMN name DROP DEFAULT"
  ),
  "ALTER VIEW shop.cheap RENAME COLUMN name TO title",
  ...commented("VIEW shop.cheap"),
  ...commented("COLUMN shop.cheap.title"),
  ...owned("VIEW shop.cheap"),
  ...granted("SELECT", "shop.cheap"),
  "CREATE MATERIALIZED VIEW shop.summary AS SELECT kind, count(*) AS n FROM shop.item GROUP BY kind",
  "CREATE UNIQUE INDEX summary_kind ON shop.summary (kind)",
  ...both(
    "ALTER MATERIALIZED VIEW shop.summary SET (fillfactor = 50)",
    "ALTER MATERIALIZED VIEW shop.summary RESET (fillfactor)"
  ),
  ...both(
    "ALTER MATERIALIZED VIEW shop.summary ALTER COLUMN n SET STATISTICS 7",
    "ALTER MATERIALIZED VIEW shop.summary ALTER COLUMN n SET STATISTICS -1"
  ),
  ...commented("MATERIALIZED VIEW shop.summary"),
  ...commented("INDEX shop.summary_kind"),
  ...owned("MATERIALIZED VIEW shop.summary"),
  ...granted("SELECT", "shop.summary"),
  "DROP MATERIALIZED VIEW shop.summary"
]

const add = (body: string, options = "IMMUTABLE") =>
  `CREATE OR REPLACE FUNCTION shop.add(a int, b int DEFAULT 1) RETURNS int LANGUAGE sql ${options} AS $$ ${body} $$`

const routines = [
  add("SELECT a + b"),
  add("SELECT b + a"),
  ...[
    "STABLE",
    "VOLATILE",
    "STRICT",
    "SECURITY DEFINER",
    "PARALLEL SAFE",
    "COST 7",
    "LEAKPROOF",
    "SET work_mem = '1MB'",
    "SET search_path = shop, pg_temp"
  ].map((option) => add("SELECT a + b", option)),
  "CREATE FUNCTION shop.add(a text) RETURNS SETOF text LANGUAGE sql ROWS 7 BEGIN ATOMIC SELECT a; END",
  "ALTER FUNCTION shop.add(text) ROWS 8",
  ...commented("FUNCTION shop.add(text)"),
  ...owned("FUNCTION shop.add(text)"),
  "REVOKE EXECUTE ON FUNCTION shop.add(text) FROM PUBLIC",
  ...granted("EXECUTE", "FUNCTION shop.add(text)"),
  "CREATE PROCEDURE shop.work(INOUT n int, VARIADIC more text[]) LANGUAGE plpgsql AS $$ BEGIN n := 1; END $$",
  ...commented("PROCEDURE shop.work"),
  ...owned("PROCEDURE shop.work"),
  "CREATE AGGREGATE shop.total(int) (SFUNC = int4pl, STYPE = int, INITCOND = '0')",
  "CREATE OR REPLACE AGGREGATE shop.total(int) (SFUNC = int4pl, STYPE = int, INITCOND = '1')",
  "CREATE OR REPLACE AGGREGATE shop.total(int) (SFUNC = int4pl, STYPE = int, INITCOND = '1', PARALLEL = SAFE)",
  "CREATE OR REPLACE AGGREGATE shop.total(int) (SFUNC = int4pl, STYPE = int, COMBINEFUNC = int4pl, SSPACE = 99)",
  ...commented("AGGREGATE shop.total(int)"),
  ...owned("AGGREGATE shop.total(int)"),
  "REVOKE EXECUTE ON FUNCTION shop.total(int) FROM PUBLIC",
  ...granted("EXECUTE", "FUNCTION shop.total(int)")
]

const acting = [
  "CREATE FUNCTION shop.touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$",
  "CREATE TRIGGER touched BEFORE UPDATE ON shop.item FOR EACH ROW EXECUTE FUNCTION shop.touch()",
  "ALTER TABLE shop.item DISABLE TRIGGER touched",
  "ALTER TABLE shop.item ENABLE REPLICA TRIGGER touched",
  "ALTER TABLE shop.item ENABLE ALWAYS TRIGGER touched",
  "ALTER TABLE shop.item ENABLE TRIGGER touched",
  ...commented("TRIGGER touched ON shop.item"),
  "ALTER TRIGGER touched ON shop.item RENAME TO stirred",
  "CREATE OR REPLACE TRIGGER stirred BEFORE UPDATE OF name ON shop.item FOR EACH ROW WHEN (OLD.name <> NEW.name) EXECUTE FUNCTION shop.touch()",
  "CREATE CONSTRAINT TRIGGER checked AFTER INSERT ON shop.item DEFERRABLE FOR EACH ROW EXECUTE FUNCTION shop.touch()",
  "CREATE RULE quiet AS ON DELETE TO shop.line DO INSTEAD NOTHING",
  "ALTER TABLE shop.line DISABLE RULE quiet",
  ...commented("RULE quiet ON shop.line"),
  "CREATE POLICY own ON shop.item USING (name = CURRENT_USER)",
  "ALTER POLICY own ON shop.item TO alice, bob",
  "ALTER POLICY own ON shop.item USING (name = 'x') WITH CHECK (name = 'y')",
  ...commented("POLICY own ON shop.item"),
  "CREATE POLICY strict ON shop.item AS RESTRICTIVE FOR SELECT TO alice USING (true)",
  "DROP POLICY own ON shop.item",
  "CREATE FUNCTION shop.noticed() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN END $$",
  "CREATE EVENT TRIGGER watch ON ddl_command_end WHEN TAG IN ('CREATE TABLE', 'DROP TABLE') EXECUTE FUNCTION shop.noticed()",
  ...both("ALTER EVENT TRIGGER watch DISABLE", "ALTER EVENT TRIGGER watch ENABLE"),
  "ALTER EVENT TRIGGER watch ENABLE ALWAYS",
  ...commented("EVENT TRIGGER watch"),
  "DROP EVENT TRIGGER watch"
]

const partitions = [
  "CREATE TABLE shop.event (at date NOT NULL, kind text, n int) PARTITION BY RANGE (at)",
  "CREATE TABLE shop.event_26 PARTITION OF shop.event FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')",
  "CREATE TABLE shop.event_old PARTITION OF shop.event DEFAULT",
  "ALTER TABLE shop.event DETACH PARTITION shop.event_old",
  "ALTER TABLE shop.event ATTACH PARTITION shop.event_old FOR VALUES FROM ('2000-01-01') TO ('2026-01-01')",
  "ALTER TABLE shop.event ADD COLUMN more text",
  "ALTER TABLE shop.event_26 ALTER COLUMN more SET DEFAULT 'm'",
  "ALTER TABLE shop.event ADD CONSTRAINT event_pkey PRIMARY KEY (at, n)",
  "CREATE INDEX event_kind ON shop.event (kind)",
  "ALTER TABLE shop.event ADD CONSTRAINT event_item FOREIGN KEY (n) REFERENCES shop.reference (id)",
  "ALTER TABLE shop.event ADD CHECK (n > 0)",
  "CREATE TRIGGER stamped BEFORE INSERT ON shop.event FOR EACH ROW EXECUTE FUNCTION shop.touch()",
  "ALTER TABLE shop.event_26 DISABLE TRIGGER stamped",
  "CREATE TABLE shop.region (name text, part int) PARTITION BY LIST (lower(name))",
  "CREATE TABLE shop.north PARTITION OF shop.region FOR VALUES IN ('north', NULL) PARTITION BY HASH (part)",
  "CREATE TABLE shop.north_0 PARTITION OF shop.north FOR VALUES WITH (MODULUS 2, REMAINDER 0)",
  "CREATE TABLE shop.parent (id int NOT NULL, name text, CHECK (id > 0))",
  "CREATE TABLE shop.other (extra int)",
  "CREATE TABLE shop.child (id int, own text) INHERITS (shop.parent, shop.other)",
  "ALTER TABLE shop.child NO INHERIT shop.other",
  "ALTER TABLE shop.child ALTER COLUMN name SET DEFAULT 'c'",
  "DROP TABLE shop.event_old"
]

const access = [
  "ALTER DEFAULT PRIVILEGES IN SCHEMA shop GRANT SELECT ON TABLES TO alice",
  "ALTER DEFAULT PRIVILEGES FOR ROLE alice GRANT ALL ON SEQUENCES TO bob WITH GRANT OPTION",
  "ALTER DEFAULT PRIVILEGES FOR ROLE alice REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC",
  "ALTER DEFAULT PRIVILEGES FOR ROLE alice REVOKE USAGE ON TYPES FROM PUBLIC",
  "ALTER DEFAULT PRIVILEGES GRANT USAGE ON SCHEMAS TO alice",
  "ALTER DEFAULT PRIVILEGES IN SCHEMA shop REVOKE SELECT ON TABLES FROM alice",
  "REVOKE EXECUTE ON FUNCTION pg_catalog.pg_sleep(double precision) FROM PUBLIC",
  "GRANT SELECT ON pg_catalog.pg_authid TO alice",
  "GRANT SELECT (rolpassword) ON pg_catalog.pg_authid TO bob"
]

const others = [
  "CREATE STATISTICS shop.together (dependencies) ON item, n FROM shop.line",
  "ALTER STATISTICS shop.together SET STATISTICS 100",
  ...commented("STATISTICS shop.together"),
  ...owned("STATISTICS shop.together"),
  `CREATE COLLATION shop.german (provider = icu, locale = 'de-DE')`,
  `CREATE COLLATION shop.loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false)`,
  ...commented("COLLATION shop.german"),
  "ALTER TABLE shop.line ALTER COLUMN code TYPE text COLLATE shop.german",
  "CREATE FUNCTION shop.price_of(text) RETURNS shop.pair LANGUAGE sql AS $$ SELECT NULL::shop.pair $$",
  "CREATE CAST (text AS shop.pair) WITH FUNCTION shop.price_of(text) AS ASSIGNMENT",
  ...commented("CAST (text AS shop.pair)"),
  "CREATE OPERATOR shop.#+# (FUNCTION = int4pl, LEFTARG = int, RIGHTARG = int, COMMUTATOR = OPERATOR(shop.#+#))",
  ...commented("OPERATOR shop.#+# (int, int)"),
  "CREATE OPERATOR FAMILY shop.fam USING btree",
  "CREATE OPERATOR CLASS shop.ops FOR TYPE int USING btree FAMILY shop.fam AS OPERATOR 1 <, FUNCTION 1 btint4cmp(int, int)",
  "ALTER OPERATOR FAMILY shop.fam USING btree ADD OPERATOR 1 < (int, bigint)",
  ...commented("OPERATOR CLASS shop.ops USING btree"),
  "CREATE CONVERSION shop.conv FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8",
  "CREATE TEXT SEARCH DICTIONARY shop.dict (TEMPLATE = simple, accept = false)",
  "ALTER TEXT SEARCH DICTIONARY shop.dict (accept = true)",
  "CREATE TEXT SEARCH CONFIGURATION shop.conf (PARSER = default)",
  "ALTER TEXT SEARCH CONFIGURATION shop.conf ADD MAPPING FOR word WITH shop.dict, simple",
  ...commented("TEXT SEARCH CONFIGURATION shop.conf"),
  "CREATE FOREIGN DATA WRAPPER dummy OPTIONS (debug 'true')",
  ...commented("FOREIGN DATA WRAPPER dummy"),
  ...granted("USAGE", "FOREIGN DATA WRAPPER dummy"),
  "CREATE SERVER far VERSION '1' FOREIGN DATA WRAPPER dummy OPTIONS (host 'h')",
  "ALTER SERVER far OPTIONS (SET host 'g', ADD port '1')",
  ...owned("SERVER far"),
  ...granted("USAGE", "FOREIGN SERVER far"),
  "CREATE USER MAPPING FOR alice SERVER far",
  "CREATE FOREIGN TABLE shop.away (id int OPTIONS (column_name 'i') NOT NULL, t text) SERVER far OPTIONS (table_name 'x')",
  "ALTER FOREIGN TABLE shop.away OPTIONS (SET table_name 'y')",
  "ALTER FOREIGN TABLE shop.away ADD CONSTRAINT c CHECK (id > 0)",
  ...commented("FOREIGN TABLE shop.away"),
  ...granted("SELECT", "shop.away"),
  "CREATE PUBLICATION news FOR TABLE shop.item",
  "ALTER PUBLICATION news ADD TABLE shop.line",
  "ALTER PUBLICATION news SET (publish = 'insert')",
  "ALTER PUBLICATION news SET (publish_via_partition_root = true)",
  ...commented("PUBLICATION news"),
  "CREATE PUBLICATION everything FOR ALL TABLES",
  "DROP PUBLICATION everything",
  "CREATE EXTENSION citext SCHEMA shop",
  "COMMENT ON EXTENSION citext IS 'one'",
  "COMMENT ON EXTENSION citext IS 'two'",
  "GRANT EXECUTE ON FUNCTION shop.citext_eq(shop.citext, shop.citext) TO alice",
  "REVOKE EXECUTE ON FUNCTION shop.citext_ne(shop.citext, shop.citext) FROM PUBLIC",
  "ALTER TABLE shop.line ADD COLUMN mail shop.citext"
]

/** What this version has and earlier ones have not. */
const since =
  (version: number, ...statements: ReadonlyArray<string>) =>
  (server: number) =>
    server >= version ? statements : []

const later = [
  since(
    15,
    "CREATE UNIQUE INDEX line_nulls ON shop.line (code) NULLS NOT DISTINCT",
    "ALTER VIEW shop.cheap SET (security_invoker = true)",
    "CREATE PUBLICATION few FOR TABLE shop.item (id, name) WHERE (id > 1)",
    "CREATE PUBLICATION schema FOR TABLES IN SCHEMA shop",
    "ALTER TABLE shop.line DROP CONSTRAINT line_item, ADD CONSTRAINT line_item FOREIGN KEY (item) REFERENCES shop.item (id) ON DELETE SET NULL (item)",
    "CREATE UNLOGGED SEQUENCE shop.unsafe"
  ),
  since(18, "ALTER TABLE shop.parent ADD COLUMN twice int GENERATED ALWAYS AS (id * 2) VIRTUAL")
]

export const changes = (server: number): ReadonlyArray<string> => [
  ...schemas,
  ...types,
  ...columns,
  ...tables,
  ...constraints,
  ...indexes,
  ...sequences,
  ...views,
  ...routines,
  ...acting,
  "CREATE TABLE shop.reference (id int PRIMARY KEY)",
  ...partitions,
  ...access,
  ...others,
  ...later.flatMap((some) => some(server))
]
