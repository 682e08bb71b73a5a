/**
 * A column gets another name while the application is at work: expand, backfill, contract. The old and the new version
 * of the application run side by side meanwhile, and no request fails.
 *
 *     npx tsx examples/zero-downtime.ts                    on an embedded server, gone afterwards
 *     DATABASE_URL=... npx tsx examples/zero-downtime.ts   on your own; everything is reverted at the end
 */
import { Context, Effect, Fiber, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { Backfill, ConnectionManager, MigrationSource, Migrator } from "pgkeel"
import { runExample } from "./support/example.ts"
import { step } from "./support/printer.ts"

const namespace = "zero_downtime"
const customers = 5_000

const statements = (...texts: ReadonlyArray<string>) =>
  Effect.flatMap(SqlClient.SqlClient, (sql) => Effect.forEach(texts, (text) => sql.unsafe(text), { discard: true }))

const start = {
  id: "1",
  name: "start",
  up: statements(
    "CREATE SCHEMA pgkeel_shop",
    "CREATE TABLE pgkeel_shop.customer (id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY, name text NOT NULL)",
    `INSERT INTO pgkeel_shop.customer (name) SELECT 'customer ' || n FROM generate_series(1, ${customers}) AS n`
  ),
  down: statements("DROP SCHEMA pgkeel_shop CASCADE")
}

const bothNames = [
  `CREATE FUNCTION pgkeel_shop.both_names() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
     IF TG_OP = 'INSERT' THEN
       NEW.name := coalesce(NEW.name, NEW.full_name);
       NEW.full_name := coalesce(NEW.full_name, NEW.name);
     ELSIF NEW.full_name IS DISTINCT FROM OLD.full_name THEN
       NEW.name := NEW.full_name;
     ELSE
       NEW.full_name := NEW.name;
     END IF;
     RETURN NEW;
   END $$`,
  `CREATE TRIGGER both_names BEFORE INSERT OR UPDATE ON pgkeel_shop.customer
     FOR EACH ROW EXECUTE FUNCTION pgkeel_shop.both_names()`
]

/** From here on each version writes its own column, and the trigger the other one. No row is touched, so no lock is long. */
const expand = {
  id: "2",
  name: "expand",
  up: statements(
    "ALTER TABLE pgkeel_shop.customer ADD COLUMN full_name text, ALTER COLUMN name DROP NOT NULL",
    ...bothNames
  ),
  down: statements(
    "DROP TRIGGER both_names ON pgkeel_shop.customer",
    "DROP FUNCTION pgkeel_shop.both_names()",
    "ALTER TABLE pgkeel_shop.customer ALTER COLUMN name SET NOT NULL, DROP COLUMN full_name"
  )
}

/** The rows from before, a few at a time. It may be killed, and goes on with the next run. */
const backfill = {
  id: "3",
  name: "backfill",
  transaction: false,
  up: Backfill.run({
    name: "customer_full_name",
    table: "pgkeel_shop.customer",
    batchSize: 500,
    update: ({ where }) =>
      Effect.flatMap(
        SqlClient.SqlClient,
        (sql) => sql`UPDATE pgkeel_shop.customer SET full_name = name WHERE ${where()} AND full_name IS NULL`
      )
  }),
  down: statements("DELETE FROM pgkeel.backfills WHERE name = 'customer_full_name'"),
  verify: Effect.flatMap(
    SqlClient.SqlClient,
    (sql) => sql<{ left: number }>`SELECT count(*)::int AS left FROM pgkeel_shop.customer WHERE full_name IS NULL`
  ).pipe(Effect.map(([row]) => row?.left === 0))
}

/** NOT NULL reads the whole table under its lock, unless a constraint that was validated without one has said it before. */
const validate = {
  id: "4",
  name: "validate",
  transaction: false,
  up: statements(
    "ALTER TABLE pgkeel_shop.customer DROP CONSTRAINT IF EXISTS full_name_there",
    "ALTER TABLE pgkeel_shop.customer ADD CONSTRAINT full_name_there CHECK (full_name IS NOT NULL) NOT VALID",
    "ALTER TABLE pgkeel_shop.customer VALIDATE CONSTRAINT full_name_there",
    "ALTER TABLE pgkeel_shop.customer ALTER COLUMN full_name SET NOT NULL, DROP CONSTRAINT full_name_there"
  ),
  down: statements("ALTER TABLE pgkeel_shop.customer ALTER COLUMN full_name DROP NOT NULL")
}

/** Once no instance of the old version is left. */
const contract = {
  id: "5",
  name: "contract",
  up: statements(
    "DROP TRIGGER both_names ON pgkeel_shop.customer",
    "DROP FUNCTION pgkeel_shop.both_names()",
    "ALTER TABLE pgkeel_shop.customer DROP COLUMN name"
  ),
  down: statements(
    "ALTER TABLE pgkeel_shop.customer ADD COLUMN name text",
    "UPDATE pgkeel_shop.customer SET name = full_name",
    ...bothNames
  )
}

const migrations = [start, expand, backfill, validate, contract]

type Version = "name" | "full_name"

/** One instance of a version: it adds customers, renames them and reads them, until it is stopped. */
const instance = (version: Version, seen: { requests: number; failed: number }) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const column = sql(version)
    const request = Effect.gen(function* () {
      const [added] = yield* sql<{ id: string }>`
        INSERT INTO pgkeel_shop.customer (${column}) VALUES ('new') RETURNING id::text AS id`
      yield* sql`UPDATE pgkeel_shop.customer SET ${column} = 'renamed' WHERE id = ${added?.id ?? ""}::text::bigint`
      const [row] = yield* sql<{ read: string }>`
        SELECT ${column} AS read FROM pgkeel_shop.customer WHERE id = ${added?.id ?? ""}::text::bigint`
      if (row?.read !== "renamed") yield* Effect.fail(new Error(`read ${row?.read}`))
    })
    while (true) {
      yield* request.pipe(
        Effect.tapError((error) => Effect.logError(error)),
        Effect.catch(() => Effect.sync(() => seen.failed++))
      )
      seen.requests++
      // A version is stopped between requests, as a server is that drains.
      yield* Effect.interruptible(Effect.sleep("1 millis"))
    }
  }).pipe(Effect.uninterruptible)

const walk = Effect.gen(function* () {
  const migrator = Context.get(
    yield* Layer.build(Migrator.layer({ sources: [MigrationSource.own, { namespace, migrations }] })),
    Migrator
  )
  const upTo = ({ id }: { readonly id: string }) => migrator.up({ to: id, namespace })
  const seen = { requests: 0, failed: 0 }
  /** So that each step meets both versions at work. */
  const underLoad = Effect.suspend(() => {
    const before = seen.requests
    return Effect.repeat(Effect.sleep("5 millis"), { until: () => seen.requests > before + 20 })
  })
  const deploy = (version: Version) => Effect.forkChild(instance(version, seen))

  yield* step("started", () => `with ${customers} customers, who have a name`, upTo(start))
  const old = yield* deploy("name")
  yield* underLoad
  yield* step("expanded", () => "customers may have a full_name", upTo(expand))
  const next = yield* deploy("full_name")
  yield* underLoad
  yield* step("backfilled", () => "every customer has a full_name", upTo(backfill))
  yield* step("validated", () => "every customer will have one", upTo(validate))
  yield* underLoad
  yield* step("retired", () => "the version that knows name only", Fiber.interrupt(old))
  yield* step("contracted", () => "the name is gone", upTo(contract))
  yield* underLoad
  yield* Fiber.interrupt(next)
  yield* step("requests", () => `${seen.failed} of them failed`, Effect.void)
  yield* step("reverted", ({ reverted }) => `${reverted.length} migrations`, migrator.down({ all: true, namespace }))
}).pipe(Effect.scoped)

runExample("pgkeel: another name for a column, under load", Effect.provide(walk, ConnectionManager.layer()))
