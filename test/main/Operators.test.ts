/**
 * PostgreSQL takes an operator for just these two types, in whichever schema on the
 * path, rather than convert a side for one of its own. Somebody who may create in
 * such a schema could have it run with the rights of whoever sends a statement; so
 * nothing that the package sends leaves room for one.
 */
import { assert, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import { PgClient } from "@effect/sql-pg"
import * as Backfill from "../../src/migration/Backfill.ts"
import { Migrator } from "../../src/migration/Migrator.ts"
import { Provisioner } from "../../src/provisioning/Provisioner.ts"
import { SchemaVerifier } from "../../src/schema/SchemaVerifier.ts"
import * as Bulk from "../../src/session/Bulk.ts"
import * as Copy from "../../src/session/Copy.ts"
import { directory } from "../migration/support.ts"
import { provisioner, Services } from "../provisioning/support.ts"
import { testServer } from "../support/Database.ts"
import { traps } from "../support/Operators.ts"
import { withoutRoles } from "../support/Roles.ts"
import { run, start } from "./support.ts"

const files = {
  "1_item.up.sql":
    "CREATE TABLE public.item (id int PRIMARY KEY, doc jsonb, docs json[], seen int NOT NULL DEFAULT 0);",
  "1_item.down.sql": "DROP TABLE public.item;",
  "2_index.up.sql":
    "CREATE INDEX CONCURRENTLY item_seen ON public.item (seen);\nREINDEX INDEX CONCURRENTLY public.item_seen;",
  "2_index.down.sql": "DROP INDEX CONCURRENTLY public.item_seen;",
  "R__view.sql": "CREATE OR REPLACE VIEW public.seen AS SELECT id, seen FROM public.item;"
}

const superuser = (database: string) => {
  const url = new URL(Redacted.value(testServer().url))
  url.pathname = database
  return Redacted.make(url.href)
}

const provision = (database: string) =>
  Effect.flatMap(Provisioner, ({ apply }) => apply({ database })).pipe(Effect.provide(provisioner(), { local: true }))

/** What an application and its operators do with all of it. */
const used = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const migrator = yield* Migrator
  const rows = [1, 2, 3].map((id) => ({ id, doc: { id }, docs: [[id]] }))
  assert.strictEqual(yield* Bulk.insertMany("item", rows), 3)
  assert.strictEqual(yield* Copy.rows("public.item", [{ id: 4, doc: [], docs: null }]), 1)
  const update = ({ where }: Backfill.Batch) => sql`UPDATE item SET seen = 1 WHERE ${where()}`
  assert.strictEqual((yield* Backfill.run({ name: "a", table: "item", batchSize: 2, update })).rows, 4)
  assert.strictEqual((yield* Backfill.run({ name: "b", table: "item", key: ["id"], update })).rows, 4)
  assert.deepStrictEqual([...new Set((yield* migrator.status()).map(({ state }) => state))], ["applied"])
  assert.isAbove((yield* migrator.redo()).applied.length, 0)
  assert.isAbove((yield* migrator.down({ to: "1" })).reverted.length, 0)
  assert.isAbove((yield* migrator.plan()).length, 0)
})

it.live("Nothing that the package sends is run with the operators of somebody else", () =>
  withoutRoles((database) =>
    Effect.gen(function* () {
      yield* provision(database)
      const url = superuser(database)
      yield* Effect.flatMap(SqlClient.SqlClient, (sql) => sql.unsafe(traps("public"))).pipe(
        Effect.provide(PgClient.layer({ url }), { local: true })
      )
      yield* provision(database)
      const migrations = [{ namespace: "app", directory: yield* directory(files) }]
      const options = {
        migrator: url,
        migrations,
        critical: [{ table: "item", columns: ["doc"] }],
        tables: [{ table: "other", ddl: "CREATE TABLE public.other (id int)" }]
      }
      yield* start(url, options)
      const snapshot = yield* run(
        url,
        options,
        Effect.flatMap(SchemaVerifier, (verifier) => verifier.snapshot)
      )
      yield* start(url, { ...options, schema: { snapshot } })
      yield* run(url, options, used)
    })
  ).pipe(Effect.scoped, Effect.provide(Services))
)
