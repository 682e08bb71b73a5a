import { PgClient } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import { hashQuery, snapshotQuery } from "../../src/catalog/internal/sql/query.ts"
import { hashOf, read, toText } from "../../src/catalog/Snapshot.ts"
import { freshClient, TestDatabase } from "../support/Database.ts"
import { traps } from "../support/Operators.ts"
import { uniqueName } from "../support/Roles.ts"

const run = (...statements: ReadonlyArray<string>) =>
  Effect.flatMap(SqlClient.SqlClient, (sql) =>
    Effect.forEach(statements, (text) => sql.unsafe(text), { discard: true })
  )

const hash = Effect.flatMap(SqlClient.SqlClient, (sql) =>
  Effect.map(sql.unsafe<{ readonly hash: string }>(`SELECT (${hashQuery}) AS hash`), ([row]) => row?.hash)
)

/** A schema with a bit of everything whose text depends on a setting. */
const shop = [
  "CREATE SCHEMA shop",
  "CREATE TYPE shop.mood AS ENUM ('sad', 'happy')",
  "CREATE TABLE shop.customer (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, mood shop.mood DEFAULT 'sad')",
  `CREATE TABLE shop."order" (id int PRIMARY KEY, customer bigint CONSTRAINT "of" REFERENCES shop.customer ON DELETE CASCADE,
    at timestamptz DEFAULT '2026-01-02 03:04:05+00', wait interval DEFAULT '1 day 02:00', weight float8 DEFAULT 0.1,
    raw bytea DEFAULT '\\x01', path text DEFAULT 'a\\b', CHECK (at > '2020-01-01 00:00:00+00'))`,
  `CREATE INDEX ON shop."order" (customer) WHERE weight > 0`,
  `CREATE VIEW shop.open AS SELECT o.id, c.mood FROM shop."order" o JOIN shop.customer c ON c.id = o.customer`,
  "CREATE FUNCTION shop.feel(m shop.mood) RETURNS shop.mood LANGUAGE sql AS 'SELECT m'"
]

/** What a session may have set that PostgreSQL's definitions depend on; and a schema that has other things under PostgreSQL's names. */
const settings: Readonly<Record<string, string>> = {
  search_path: "evil, shop, public, pg_catalog",
  datestyle: "German, DMY",
  intervalstyle: "iso_8601",
  timezone: "Asia/Tokyo",
  extra_float_digits: "-5",
  bytea_output: "escape",
  quote_all_identifiers: "on",
  standard_conforming_strings: "off"
}

const evil = [
  "CREATE SCHEMA evil",
  "CREATE DOMAIN evil.text AS integer",
  "CREATE TABLE evil.pg_class (oid int)",
  "CREATE FUNCTION evil.format_type(oid, integer) RETURNS varchar LANGUAGE sql AS $$ SELECT 'evil' $$",
  "CREATE FUNCTION evil.to_json(pg_catalog.text) RETURNS json LANGUAGE sql AS $$ SELECT '1'::json $$"
]

/** What a view takes from a schema. */
const takenFrom = (schema: string, view: string) => `
  SELECT pg_catalog.pg_describe_object(d.refclassid, d.refobjid, 0) AS taken
  FROM pg_depend d JOIN pg_rewrite w ON w.oid = d.objid JOIN pg_operator o ON o.oid = d.refobjid
  WHERE d.classid = 'pg_rewrite'::regclass AND d.refclassid = 'pg_operator'::regclass
    AND w.ev_class = '${view}'::regclass AND o.oprnamespace = '${schema}'::regnamespace`

const set = Effect.forEach(
  Object.entries(settings),
  ([name, value]) =>
    Effect.flatMap(SqlClient.SqlClient, (sql) => sql`SELECT pg_catalog.set_config(${name}, ${value}, false)`),
  { discard: true }
)

/** The values of the settings as the session has them. */
const current = Effect.flatMap(SqlClient.SqlClient, (sql) =>
  sql.unsafe(
    `SELECT name, setting FROM pg_catalog.pg_settings
    WHERE lower(name) IN ('work_mem', 'lc_monetary', ${Object.keys(settings)
      .map((name) => `'${name}'`)
      .join(", ")}) ORDER BY name`
  )
)

/** A client of one connection, so that a session's settings stay. */
const alone = (url: Redacted.Redacted) => PgClient.layer({ url, maxConnections: 1 })

layer(freshClient(), { excludeTestServices: true })("A snapshot", (it) => {
  it.effect("has the hash that the server computes alone, and that this side computes of its objects", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* run(
        `CREATE TABLE "Odd ""name\\" (id int PRIMARY KEY, "ü\n\t" text DEFAULT E'\\x01\\u2028<&>')`,
        `COMMENT ON TABLE "Odd ""name\\" IS E'two\\r\\nlines / \\b'`
      )
      const snapshot = yield* read(sql)
      const table = snapshot.objects.find(({ kind }) => kind === "table")
      assert.deepInclude(table, { schema: "public", name: `Odd "name\\`, comment: "two\r\nlines / \b" })
      assert.strictEqual(hashOf(snapshot.objects), snapshot.hash)
      assert.strictEqual(yield* hash, snapshot.hash)
      assert.deepStrictEqual(JSON.parse(toText(snapshot)), snapshot)
      yield* run(`DROP TABLE "Odd ""name\\"`)
    })
  )
})

layer(freshClient(), { excludeTestServices: true })("A snapshot of a shop", (it) => {
  it.effect("says what a foreign key points to in fields, and every name with its schema", () =>
    Effect.gen(function* () {
      yield* run(...shop)
      const { objects } = yield* read(yield* SqlClient.SqlClient)
      const order = objects.find(({ name }) => name === "order")
      assert.deepInclude(order?.kind === "table" ? order.constraints?.find(({ name }) => name === "of") : undefined, {
        kind: "foreign key",
        columns: ["customer"],
        references: {
          schema: "shop",
          table: "customer",
          columns: ["id"],
          onUpdate: "no action",
          onDelete: "cascade"
        },
        definition: "FOREIGN KEY (customer) REFERENCES shop.customer(id) ON DELETE CASCADE"
      })
      // Before PostgreSQL 15 the schema public is not as it usually is.
      const names = objects.map(({ kind, name }) => `${kind} ${name}`).filter((name) => name !== "schema public")
      assert.deepStrictEqual(names, [
        "enum mood",
        "function feel(shop.mood)",
        "schema shop",
        "sequence customer_id_seq",
        "table customer",
        "table order",
        "view open"
      ])
    })
  )

  it.effect("is the same whatever the session has set, and leaves the session as it was", () =>
    Effect.gen(function* () {
      const { url } = yield* TestDatabase
      const expected = yield* hash
      yield* run(...evil)
      yield* Effect.gen(function* () {
        yield* set
        const before = yield* current
        const sql = yield* SqlClient.SqlClient
        const { objects } = yield* read(sql)
        assert.strictEqual(
          hashOf(objects.filter((one) => !("schema" in one && one.schema === "evil") && one.name !== "evil")),
          expected
        )
        assert.deepStrictEqual(yield* current, before)
        // Inside a transaction too, where a setting could stay until its end.
        yield* sql.withTransaction(
          Effect.gen(function* () {
            yield* sql`SET LOCAL search_path = evil`
            const within = yield* current
            assert.deepStrictEqual((yield* read(sql)).objects, objects)
            assert.deepStrictEqual(yield* current, within)
          })
        )
        assert.deepStrictEqual(yield* current, before)
      }).pipe(Effect.provide(alone(url)))
      yield* run("DROP SCHEMA evil CASCADE")
    })
  )

  it.effect("is read by PostgreSQL's own operators, whichever others are on the path", () =>
    Effect.gen(function* () {
      const { url } = yield* TestDatabase
      yield* run("CREATE SCHEMA trap", traps("trap"))
      yield* Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        yield* run("SET search_path = trap", `CREATE VIEW trap.snapshot AS ${snapshotQuery}`)
        yield* run("CREATE VIEW trap.caught AS SELECT c.oid = c.relname::text AS found FROM pg_class c")
        yield* run("RESET search_path")
        assert.deepStrictEqual(yield* sql.unsafe(takenFrom("trap", "trap.snapshot")), [])
        assert.strictEqual((yield* sql.unsafe(takenFrom("trap", "trap.caught"))).length, 1)
      }).pipe(Effect.provide(alone(url)))
    }).pipe(Effect.provide(freshClient(), { local: true }))
  )

  it.effect("is the same for a login that may do nothing", () =>
    Effect.gen(function* () {
      const { url } = yield* TestDatabase
      const [login, database] = [uniqueName(), new URL(Redacted.value(url)).pathname.slice(1)]
      yield* run(`CREATE ROLE ${login} LOGIN PASSWORD 'reads'`, `REVOKE ALL ON DATABASE "${database}" FROM PUBLIC`)
      yield* run(`GRANT CONNECT ON DATABASE "${database}" TO ${login}`)
      const as = new URL(Redacted.value(url))
      as.username = login
      as.password = "reads"
      const seen = yield* Effect.provide(hash, alone(Redacted.make(as.href)))
      assert.strictEqual(seen, yield* hash)
      yield* run(`DROP OWNED BY ${login}`, `DROP ROLE ${login}`)
    })
  )

  it.effect("has nothing of an extension, of the package's own schema or of a session", () =>
    Effect.gen(function* () {
      const expected = yield* hash
      yield* run(
        "CREATE TEMPORARY TABLE mine (id int)",
        "CREATE SCHEMA IF NOT EXISTS pgkeel",
        "CREATE TABLE pgkeel.own (id int)"
      )
      assert.strictEqual(yield* hash, expected)
      yield* run("CREATE EXTENSION citext")
      const { objects } = yield* read(yield* SqlClient.SqlClient)
      assert.deepStrictEqual(
        objects.filter(({ name }) => name.includes("citext")).map(({ kind, name }) => ({ kind, name })),
        [{ kind: "extension", name: "citext" }]
      )
      assert.strictEqual(hashOf(objects.filter(({ kind }) => kind !== "extension")), expected)
    })
  )
})
