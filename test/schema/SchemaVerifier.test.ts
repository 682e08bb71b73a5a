import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Redacted, Schema } from "effect"
import { Model } from "effect/schema"
import { SqlClient } from "effect/sql"
import { PgClient } from "@effect/sql-pg"
import * as Outline from "../../src/catalog/Outline.ts"
import { describe } from "../../src/schema/Difference.ts"
import { readsAs } from "../../src/schema/internal/modelColumns.ts"
import type { Reads } from "../../src/schema/internal/modelColumns.ts"
import { putRight } from "../../src/schema/internal/validity.ts"
import { SchemaVerifier } from "../../src/schema/SchemaVerifier.ts"
import type { VerifyOptions } from "../../src/schema/SchemaVerifier.ts"
import { freshClient, TestDatabase, testServer } from "../support/Database.ts"
import { uniqueName } from "../support/Roles.ts"

const run = (...statements: ReadonlyArray<string>) =>
  Effect.flatMap(SqlClient.SqlClient, (sql) =>
    Effect.forEach(statements, (text) => sql.unsafe(text), { discard: true })
  )

const outline = (...tables: ReadonlyArray<string>) =>
  Effect.flatMap(SqlClient.SqlClient, (sql) => Outline.read(sql, { tables, hash: false }))

/** How the drift is told that a verification refuses. */
const drift = (options: VerifyOptions) =>
  Effect.gen(function* () {
    const { verify } = yield* SchemaVerifier
    const error = yield* Effect.flip(verify(options))
    if (error._tag !== "SchemaError" || error.reason._tag !== "SchemaDrift") return assert.fail(error.message)
    return error.reason.differences.map(describe)
  })

/** Two schemas of the same tables: what they should be, and what somebody made of them. */
const expected = [
  "CREATE SCHEMA shop",
  "CREATE TABLE shop.customer (id int PRIMARY KEY, email text NOT NULL, name varchar(20))",
  "CREATE INDEX customer_name ON shop.customer (name)",
  `CREATE TABLE shop."Odd ""name" (n int CHECK (n > 0))`,
  "CREATE TABLE shop.gone (id int)"
]
const changes = [
  "ALTER TABLE shop.customer ALTER COLUMN email DROP NOT NULL",
  "ALTER TABLE shop.customer ALTER COLUMN name TYPE varchar(30)",
  "ALTER TABLE shop.customer ADD COLUMN age int",
  "DROP INDEX shop.customer_name",
  "ALTER TABLE shop.customer ADD CONSTRAINT adult CHECK (age > 17) NOT VALID",
  `ALTER TABLE shop."Odd ""name" DROP COLUMN n`,
  "DROP TABLE shop.gone",
  "CREATE TABLE shop.extra (id int)"
]

class Customer extends Model.Class<Customer>("Customer")({
  id: Model.GeneratedByDb(Schema.Int),
  email: Schema.String,
  name: Schema.NullOr(Schema.String),
  since: Model.DateTimeInsertFromDate,
  settings: Schema.Struct({ dark: Schema.Boolean })
}) {}

const kinds: ReadonlyArray<Reads> = ["a string", "a number", "a boolean", "a bigint", "a Date", "bytes"]

const kindOf = (value: unknown): string => {
  if (value instanceof Date) return "a Date"
  return value instanceof Uint8Array ? "bytes" : `a ${typeof value}`
}

const literals = [
  ["boolean", "true"],
  ["smallint", "1"],
  ["integer", "1"],
  ["real", "1"],
  ["double precision", "1"],
  ["oid", "1"],
  ["bigint", "1"],
  ["numeric", "1"],
  ["text", "x"],
  ["character varying", "x"],
  ["character(2)", "x"],
  ["name", "x"],
  ["uuid", "00000000-0000-0000-0000-000000000000"],
  ["date", "2026-01-01"],
  ["timestamp without time zone", "2026-01-01"],
  ["timestamp with time zone", "2026-01-01"],
  ["bytea", "x"]
] as const

layer(SchemaVerifier.layer.pipe(Layer.provideMerge(freshClient())), { excludeTestServices: true })(
  "SchemaVerifier",
  (it) => {
    it.effect("says everything by which a schema differs from an earlier snapshot, and nothing when it does not", () =>
      Effect.gen(function* () {
        const { diff, snapshot } = yield* SchemaVerifier
        yield* run(...expected)
        const before = yield* snapshot
        assert.deepStrictEqual(diff(before, yield* snapshot), [])
        yield* run(...changes)
        const after = yield* snapshot
        const differences = diff(before, after)
        const ofOthers = differences.filter(
          ({ kind, object }) => kind !== "constraint" || !object.endsWith("_not_null")
        )
        assert.sameMembers(ofOthers.map(describe), [
          "column shop.customer.email differs (notNull: true -> none)",
          "column shop.customer.name differs (type: character varying(20) -> character varying(30))",
          "column shop.customer.age is unexpected (integer)",
          "constraint shop.customer.adult is unexpected (CHECK ((age > 17)) NOT VALID)",
          "index shop.customer.customer_name is missing (CREATE INDEX customer_name ON shop.customer USING btree (name))",
          `column shop.Odd "name.n is missing (integer)`,
          `constraint shop.Odd "name.Odd "name_n_check is missing (CHECK ((n > 0)))`,
          "table shop.gone is missing",
          "table shop.extra is unexpected"
        ])
        const back = diff(after, before)
        assert.strictEqual(
          back.filter(({ change }) => change === "removed").length,
          differences.filter(({ change }) => change === "added").length
        )
        yield* run("DROP SCHEMA shop CASCADE")
      })
    )

    it.effect("accepts what is there, and names every table and column that is not", () =>
      Effect.gen(function* () {
        const { verify } = yield* SchemaVerifier
        yield* run("CREATE TABLE customer (id int NOT NULL, email varchar(20))")
        const id = { name: "id", type: "int4", nullable: false }
        yield* verify({
          critical: [
            { table: "customer", columns: [id, { name: "email", type: "varchar" }] },
            { table: "public.customer" }
          ]
        })
        assert.deepStrictEqual(
          yield* drift({
            critical: [
              { table: "customer", columns: ["id", "fax", { name: "telex", type: "text" }] },
              { table: "other.customer", columns: ["id"] }
            ]
          }),
          [
            "column customer.fax is missing",
            "column customer.telex is missing (text)",
            "table other.customer is missing"
          ]
        )
        const email = { name: "email", type: "varchar(30)", nullable: false }
        assert.deepStrictEqual(yield* drift({ critical: [{ table: "customer", columns: [email] }] }), [
          "column customer.email differs (type: varchar(30) -> character varying(20))",
          "column customer.email differs (nullable: NOT NULL -> NULL)"
        ])
        yield* run("DROP TABLE customer")
      })
    )

    it.effect("holds a table to the model that its rows are decoded with", () =>
      Effect.gen(function* () {
        const { verify } = yield* SchemaVerifier
        yield* run(`CREATE TABLE customer (id int PRIMARY KEY, email text NOT NULL, name text,
          since timestamptz NOT NULL, settings jsonb NOT NULL, more int)`)
        const critical = [{ table: "customer", model: Customer }]
        yield* verify({ critical })
        yield* run(
          "ALTER TABLE customer ALTER email DROP NOT NULL, ALTER since TYPE text, DROP settings",
          "ALTER TABLE customer DROP CONSTRAINT customer_pkey, ALTER id TYPE bigint"
        )
        assert.deepStrictEqual(yield* drift({ critical }), [
          "column customer.id differs (type: one that is read as a number -> bigint)",
          "column customer.email differs (nullable: NOT NULL -> NULL)",
          "column customer.since differs (type: one that is read as a Date -> text)",
          "column customer.settings is missing"
        ])
        yield* run("DROP TABLE customer")
      })
    )

    it.effect("takes NOT NULL from a domain, and does not ask for it in a view", () =>
      Effect.gen(function* () {
        const { verify } = yield* SchemaVerifier
        yield* run(
          "CREATE DOMAIN address AS text NOT NULL",
          "CREATE TABLE written (email address, body text)",
          "CREATE VIEW seen AS SELECT email, body FROM written"
        )
        const columns = ["email", "body"].map((name) => ({ name, nullable: false }))
        yield* verify({ critical: [{ table: "seen", columns }] })
        assert.deepStrictEqual(yield* drift({ critical: [{ table: "written", columns }] }), [
          "column written.body differs (nullable: NOT NULL -> NULL)"
        ])
        yield* run("DROP VIEW seen", "DROP TABLE written", "DROP DOMAIN address")
      })
    )

    it.effect("knows what the driver reads columns as", () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        for (const [type, literal] of literals) {
          const [row] = yield* sql.unsafe<{ readonly value: unknown }>(`SELECT '${literal}'::${type} AS value`)
          const kind = kindOf(row?.value)
          for (const reads of kinds) assert.strictEqual(readsAs(type, reads), reads === kind, `${type} as ${reads}`)
        }
      })
    )

    it.effect("finds an unqualified name in the first schema of the search path that has it", () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        yield* run(
          "CREATE SCHEMA a",
          "CREATE SCHEMA b",
          "CREATE TABLE b.thing (b int)",
          "CREATE TABLE a.thing (a int)",
          "CREATE VIEW b.only AS SELECT 1 AS b"
        )
        const all = ["thing", "a.thing", "a.only", "only"]
        // The hash is computed on another search path than the one that is told.
        const found = yield* sql.withTransaction(
          Effect.andThen(sql`SET LOCAL search_path = b, a, public`, Outline.read(sql, { tables: all, hash: true }))
        )
        assert.deepStrictEqual(found.searchPath, ["b", "a", "public"])
        assert.strictEqual(Outline.find(found, "thing")?.schema, "b")
        assert.strictEqual(Outline.find(found, "a.thing")?.schema, "a")
        assert.strictEqual(Outline.find(found, "a.only"), undefined)
        assert.strictEqual(Outline.find(found, "only")?.schema, "b")
        assert.strictEqual(Outline.find(yield* outline(...all), "only"), undefined)
        yield* run("DROP SCHEMA a, b CASCADE")
      })
    )

    it.effect("reads indexes and constraints that are not valid as what they are, and the hash of the snapshot", () =>
      Effect.gen(function* () {
        const { snapshot } = yield* SchemaVerifier
        const sql = yield* SqlClient.SqlClient
        yield* run(
          "CREATE TABLE part (id int, at date) PARTITION BY RANGE (at)",
          "CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')",
          "CREATE INDEX part_at ON ONLY part (at)",
          "CREATE TABLE twice (n int)",
          "INSERT INTO twice VALUES (1), (1)",
          "ALTER TABLE twice ADD CONSTRAINT small CHECK (n < 9) NOT VALID"
        )
        yield* Effect.flip(run("CREATE UNIQUE INDEX CONCURRENTLY twice_n ON twice (n)"))
        const found = yield* Outline.read(sql, { tables: ["part", "twice"], hash: true })
        assert.deepStrictEqual(
          found.tables.map(({ name }) => name),
          ["part", "twice"]
        )
        assert.deepStrictEqual(
          found.invalidIndexes.map(({ name, partitioned }) => [name, partitioned]),
          [
            ["part_at", true],
            ["twice_n", false]
          ]
        )
        assert.deepStrictEqual(found.openConstraints, [{ schema: "public", table: "twice", name: "small" }])
        assert.strictEqual(found.hash, (yield* snapshot).hash)
        yield* run("DROP TABLE part, twice")
      })
    )

    it.effect("lets a login without any privilege see what is there", () =>
      Effect.gen(function* () {
        const { snapshot } = yield* SchemaVerifier
        const { host, name, port } = yield* TestDatabase
        const role = uniqueName()
        yield* run(
          "CREATE SCHEMA closed",
          "CREATE TABLE closed.secret (id int)",
          `CREATE ROLE "${role}" LOGIN PASSWORD 'pw'`
        )
        const { hash } = yield* snapshot
        const url = `postgres://${role}:pw@${host}:${port}/${name}`
        const found = yield* Effect.flatMap(SqlClient.SqlClient, (sql) =>
          Outline.read(sql, { tables: ["closed.secret"], hash: true })
        ).pipe(
          Effect.provide(
            Layer.suspend(() => PgClient.layer({ url: Redacted.make(url) })),
            { local: true }
          ),
          Effect.ensuring(Effect.orDie(run("DROP SCHEMA closed CASCADE", `DROP ROLE "${role}"`)))
        )
        assert.strictEqual(Outline.find(found, "closed.secret")?.columns.length, 1)
        assert.strictEqual(found.hash, hash)
      })
    )

    // NOT ENFORCED came with PostgreSQL 18.
    it.effect.skipIf(testServer().majorVersion < 18)(
      "leaves alone the constraints that PostgreSQL 18 does not enforce",
      () =>
        Effect.gen(function* () {
          const sql = yield* SqlClient.SqlClient
          yield* run("CREATE TABLE loose (n int, CONSTRAINT hint CHECK (n > 0) NOT ENFORCED)")
          const { unvalidated, validated } = yield* putRight(yield* outline(), sql)
          assert.deepStrictEqual({ validated, unvalidated }, { validated: [], unvalidated: [] })
          yield* run("DROP TABLE loose")
        })
    )
  }
)
