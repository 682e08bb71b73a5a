import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import { PgClient } from "@effect/sql-pg"
import * as Catalog from "../../src/catalog/Catalog.ts"
import { describe } from "../../src/schema/Difference.ts"
import { validate } from "../../src/schema/internal/constraints.ts"
import { SchemaVerifier } from "../../src/schema/SchemaVerifier.ts"
import { freshClient, TestDatabase, testServer } from "../support/Database.ts"
import { uniqueName } from "../support/Roles.ts"

const run = (...statements: ReadonlyArray<string>) =>
  Effect.flatMap(SqlClient.SqlClient, (sql) =>
    Effect.forEach(statements, (text) => sql.unsafe(text), { discard: true })
  )

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
        assert.sameMembers(differences.map(describe), [
          "column shop.customer.email differs (expected text NOT NULL, found text)",
          "column shop.customer.name differs (expected character varying(20), found character varying(30))",
          "column shop.customer.age is unexpected (integer)",
          "constraint shop.customer.adult is unexpected (CHECK ((age > 17)) NOT VALID)",
          "index shop.customer.customer_name is missing (CREATE INDEX customer_name ON shop.customer USING btree (name))",
          `column shop.Odd "name.n is missing (integer)`,
          `constraint shop.Odd "name.Odd "name_n_check is missing (CHECK ((n > 0)))`,
          "table shop.gone is missing",
          "table shop.extra is unexpected"
        ])
        const back = diff(after, before).map(({ kind }) => kind)
        const count = (kinds: ReadonlyArray<string>, kind: string) => kinds.filter((one) => one === kind).length
        assert.strictEqual(
          count(back, "missing"),
          count(
            differences.map(({ kind }) => kind),
            "unexpected"
          )
        )
        yield* run("DROP SCHEMA shop CASCADE")
      })
    )

    it.effect("accepts what is there, and names every table and column that is not", () =>
      Effect.gen(function* () {
        const { verify } = yield* SchemaVerifier
        yield* run("CREATE TABLE customer (id int, email text)")
        const found = yield* verify([{ table: "customer", columns: ["id", "email"] }, { table: "public.customer" }])
        assert.deepStrictEqual(Catalog.find(found, "customer")?.columns, [
          { name: "id", type: "integer", nullable: true },
          { name: "email", type: "text", nullable: true }
        ])
        const error = yield* Effect.flip(
          verify([{ table: "customer", columns: ["id", "fax", "telex"] }, { table: "other.customer" }])
        )
        assert.strictEqual(error._tag, "SchemaError")
        if (error._tag !== "SchemaError" || error.reason._tag !== "SchemaDrift") return assert.fail(error.message)
        assert.deepStrictEqual(
          error.reason.differences.map(({ object }) => object),
          ["customer.fax", "customer.telex", "other.customer"]
        )
        yield* run("DROP TABLE customer")
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
          "CREATE TABLE b.only (b int)"
        )
        const catalog = yield* sql.withTransaction(
          Effect.andThen(sql`SET LOCAL search_path = b, a, public`, Catalog.read(sql))
        )
        assert.deepStrictEqual(catalog.searchPath, ["b", "a", "public"])
        assert.strictEqual(Catalog.find(catalog, "thing")?.schema, "b")
        assert.strictEqual(Catalog.find(catalog, "a.thing")?.schema, "a")
        assert.strictEqual(Catalog.find(catalog, "a.only"), undefined)
        assert.strictEqual(Catalog.find(yield* Catalog.read(sql), "only"), undefined)
        yield* run("DROP SCHEMA a, b CASCADE")
      })
    )

    it.effect("reads partitioned tables, invalid indexes and constraints that are not validated as what they are", () =>
      Effect.gen(function* () {
        const { snapshot } = yield* SchemaVerifier
        yield* run(
          "CREATE TABLE part (id int, at date) PARTITION BY RANGE (at)",
          "CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')",
          "CREATE TABLE twice (n int)",
          "INSERT INTO twice VALUES (1), (1)",
          "ALTER TABLE twice ADD CONSTRAINT small CHECK (n < 9) NOT VALID"
        )
        yield* Effect.flip(run("CREATE UNIQUE INDEX CONCURRENTLY twice_n ON twice (n)"))
        const catalog = yield* snapshot
        assert.deepStrictEqual(
          catalog.tables.map(({ name }) => name),
          ["part", "part_1", "twice"]
        )
        const twice = Catalog.find(catalog, "twice")
        assert.deepStrictEqual(
          twice?.indexes.map(({ name, valid }) => [name, valid]),
          [["twice_n", false]]
        )
        assert.deepStrictEqual(
          twice?.constraints.map(({ name, validated }) => [name, validated]),
          [["small", false]]
        )
        yield* run("DROP TABLE part, twice")
      })
    )

    it.effect("lets a login without any privilege see what is there", () =>
      Effect.gen(function* () {
        const { host, name, port } = yield* TestDatabase
        const role = uniqueName()
        yield* run(
          "CREATE SCHEMA closed",
          "CREATE TABLE closed.secret (id int)",
          `CREATE ROLE "${role}" LOGIN PASSWORD 'pw'`
        )
        const url = `postgres://${role}:pw@${host}:${port}/${name}`
        const found = yield* Effect.flatMap(SqlClient.SqlClient, Catalog.read).pipe(
          Effect.provide(
            Layer.suspend(() => PgClient.layer({ url: Redacted.make(url) })),
            { local: true }
          ),
          Effect.ensuring(Effect.orDie(run("DROP SCHEMA closed CASCADE", `DROP ROLE "${role}"`)))
        )
        assert.strictEqual(Catalog.find(found, "closed.secret")?.columns.length, 1)
      })
    )

    // NOT ENFORCED came with PostgreSQL 18.
    it.effect.skipIf(testServer().majorVersion < 18)(
      "leaves alone the constraints that PostgreSQL 18 does not enforce",
      () =>
        Effect.gen(function* () {
          const { snapshot } = yield* SchemaVerifier
          const sql = yield* SqlClient.SqlClient
          yield* run("CREATE TABLE loose (n int, CONSTRAINT hint CHECK (n > 0) NOT ENFORCED)")
          assert.deepStrictEqual(yield* validate(yield* snapshot, sql), { validated: [], unvalidated: [] })
          yield* run("DROP TABLE loose")
        })
    )
  }
)
