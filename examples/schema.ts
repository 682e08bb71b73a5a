/**
 * The schema as a value: committed as a file, held against the database, drawn; and what a migration will do to it.
 *
 *     npx tsx examples/schema.ts                    on an embedded server, gone afterwards
 *     DATABASE_URL=... npx tsx examples/schema.ts   on your own, in a schema that is dropped at the end
 *
 * The same by the command line: pgkeel schema snapshot, verify, diff and diagram, and pgkeel migrate lint.
 */
import { Effect, FileSystem, Layer, Path } from "effect"
import { SqlClient } from "effect/sql"
import { ConnectionManager, Diagram, Difference, Migrator, SchemaVerifier, SnapshotFile } from "pgkeel"
import { toText } from "pgkeel/catalog/Snapshot"
import { runExample } from "./support/example.ts"
import { step } from "./support/printer.ts"

const run = Effect.fnUntraced(function* (...statements: ReadonlyArray<string>) {
  const sql = yield* SqlClient.SqlClient
  for (const statement of statements) yield* sql.unsafe(statement)
})

/** In the order of their birth; a run that was stopped may have left them. */
const tables = Effect.acquireRelease(
  run(
    "DROP SCHEMA IF EXISTS pgkeel_shop CASCADE",
    "CREATE SCHEMA pgkeel_shop",
    "CREATE TABLE pgkeel_shop.customer (id bigint PRIMARY KEY, email text NOT NULL)",
    "CREATE TABLE pgkeel_shop.purchase (id bigint PRIMARY KEY, customer bigint REFERENCES pgkeel_shop.customer)",
    "CREATE INDEX purchase_customer ON pgkeel_shop.purchase (customer)",
    "INSERT INTO pgkeel_shop.customer VALUES (1, 'ada@example.com')"
  ),
  () => Effect.ignore(run("DROP SCHEMA pgkeel_shop CASCADE"))
)

/** What somebody does by hand on a bad day. */
const tamper = run(
  "ALTER TABLE pgkeel_shop.customer ALTER email DROP NOT NULL",
  "DROP INDEX pgkeel_shop.purchase_customer",
  "COMMENT ON TABLE pgkeel_shop.customer IS 'do not touch'"
)

/** A migration as it comes to one's mind, and as lint would have it. */
const linted = Effect.fnUntraced(function* (directory: string, text: string) {
  const files = yield* FileSystem.FileSystem
  const { join } = yield* Path.Path
  yield* files.writeFileString(join(directory, "1_email.up.sql"), text)
  const migrations = Migrator.layer({ sources: [{ namespace: "shop", directory }] })
  return yield* Effect.provide(
    Effect.flatMap(Migrator, ({ lint }) => lint()),
    migrations
  )
})

const walk = Effect.gen(function* () {
  const files = yield* FileSystem.FileSystem
  const { join } = yield* Path.Path
  const { diff, snapshot, verify } = yield* SchemaVerifier
  const directory = yield* files.makeTempDirectoryScoped({ prefix: "pgkeel-schema-" })
  yield* tables

  const file = join(directory, "schema.json")
  const commit = Effect.tap(snapshot, (taken) => files.writeFileString(file, toText(taken)))
  const own = yield* step(
    "committed",
    ({ objects }) =>
      objects.flatMap((one) => (one.kind === "table" && one.schema === "pgkeel_shop" ? [one.name] : [])).join(", "),
    commit
  )
  const committed = yield* SnapshotFile.read(file)
  yield* step("verified", ({ drift }) => `${drift.length} differences`, verify({ snapshot: committed }))

  yield* tamper
  const differences = diff(own, yield* snapshot)
  for (const difference of differences) yield* step("drift", Difference.describe, Effect.succeed(difference))
  const refused = Effect.flip(verify({ snapshot: committed }))
  yield* step("refused", ({ reason }) => reason._tag, refused)
  const lenient = verify({ snapshot: committed, ignore: ["comments", "column pgkeel_shop.customer.*"], drift: "warn" })
  yield* step("ignored", ({ drift, tolerated }) => `${tolerated} of them, ${drift.length} let pass`, lenient)

  const hasty = yield* step(
    "dangerous",
    ({ findings }) => findings.map(({ line, message, rule }) => `${rule}, line ${line}: ${message}`).join("; "),
    linted(directory, "CREATE INDEX customer_email ON pgkeel_shop.customer (email);\n")
  )
  const better = hasty.findings.map(({ fix }) => fix).join("\n")
  yield* step("rewritten", ({ findings }) => `${findings.length} findings`, linted(directory, better))

  const picture = Diagram.svg(committed, { schemas: ["pgkeel_shop"], title: "Shop" })
  yield* files.writeFileString(join(directory, "schema.svg"), picture)
  const names = ["customer", "purchase"].filter((name) => picture.includes(`>${name}<`))
  yield* step("drawn", String, Effect.succeed(`${names.join(" and ")} in schema.svg`))
}).pipe(Effect.scoped)

const Live = SchemaVerifier.layer.pipe(Layer.provideMerge(ConnectionManager.layer()))

runExample("pgkeel: the schema, what differs from it, and what a migration does to it", Effect.provide(walk, Live))
