/** An application of one release on the schema of the release before it, and of the one after it. */
import { assert, it } from "@effect/vitest"
import { Effect, Logger, References, Schema, String as Text } from "effect"
import { Model } from "effect/schema"
import { SqlClient } from "effect/sql"
import { read } from "../../src/catalog/Snapshot.ts"
import { StartReport } from "../../src/MainLive.ts"
import type { MainOptions } from "../../src/MainLive.ts"
import { describe } from "../../src/schema/Difference.ts"
import { SchemaVerifier } from "../../src/schema/SchemaVerifier.ts"
import { freshDatabase, TestDatabase } from "../support/Database.ts"
import { onStarted } from "./started.ts"
import { app, main, migration, onFreshDatabase, run, start, startHere, tagOf } from "./support.ts"

const fresh = onFreshDatabase(freshDatabase())

const first = migration("1", "note", "CREATE TABLE note (id int PRIMARY KEY, body text NOT NULL)")
const second = migration("2", "author", "ALTER TABLE note ADD author text")
const third = migration(
  "3",
  "more",
  "ALTER TABLE note ADD title text, ADD stars int NOT NULL DEFAULT 0",
  "CREATE INDEX note_title ON note (title)",
  "CREATE TABLE tag (id int PRIMARY KEY, note int REFERENCES note)"
)
const breaking = migration(
  "3",
  "breaking",
  "ALTER TABLE note ADD title text NOT NULL",
  "ALTER TABLE note DROP COLUMN author"
)

/** Release 2 of an application, with what it needs. */
const release = { migrations: app(first, second), critical: [{ table: "note", columns: ["body", "author"] }] }

const released = onStarted("release 2", release.migrations)

/** The schema of the test's database, as it is committed with a release. */
const committed = Effect.flatMap(SqlClient.SqlClient, read).pipe(Effect.provide(TestDatabase.layerClient))

const driftOf = Effect.fnUntraced(function* (options: MainOptions) {
  const { url } = yield* TestDatabase
  const error = yield* Effect.flip(start(url, options))
  if (error._tag !== "SchemaError" || error.reason._tag !== "SchemaDrift") return assert.fail(error.message)
  return error.reason.differences.map(describe)
})

it.live("A release starts on its own schema", () =>
  released(
    Effect.gen(function* () {
      const { url } = yield* TestDatabase
      const schema = { snapshot: yield* committed }
      const { steps } = yield* start(url, { ...release, schema })
      assert.strictEqual(steps.at(-1)?.detail, "as in the snapshot")
    })
  )
)

it.live("On the schema of the next release it starts where the policy lets it, and nothing that it needs is gone", () =>
  released(
    Effect.gen(function* () {
      const { url } = yield* TestDatabase
      const schema = { snapshot: yield* committed }
      yield* startHere({ migrations: app(first, second, third) })
      assert.strictEqual(tagOf(yield* Effect.flip(start(url, { ...release, schema }))), "MissingFile")
      for (const newer of ["warn", "allow"] as const) {
        const { steps } = yield* start(url, { ...release, schema, migrationPolicies: { newer } })
        assert.strictEqual(steps.at(-1)?.detail, "as in the snapshot, where it matters")
      }
      const strict = { ...schema, additions: "refuse" } as const
      assert.includeMembers(yield* driftOf({ ...release, schema: strict, migrationPolicies: { newer: "allow" } }), [
        "column public.note.title is unexpected (text)",
        "table public.tag is unexpected"
      ])
    })
  )
)

it.live("On a next release that its statements run into it does not start, and what is in its way is listed", () =>
  released(
    Effect.gen(function* () {
      const schema = { snapshot: yield* committed }
      yield* startHere({ migrations: app(first, second, breaking) })
      const allowed = { migrations: release.migrations, schema, migrationPolicies: { newer: "allow" } } as const
      const said = yield* driftOf(allowed)
      assert.includeMembers(said, [
        "column public.note.author is missing (text)",
        "column public.note.title is unexpected (text NOT NULL)"
      ])
      assert.deepStrictEqual(yield* driftOf({ ...release, migrationPolicies: { newer: "allow" } }), [
        "column note.author is missing"
      ])
    })
  )
)

it.live("More than is expected is drift where no later release has made it, unless additions are allowed", () =>
  released(
    Effect.gen(function* () {
      const { url } = yield* TestDatabase
      const schema = { snapshot: yield* committed }
      yield* startHere({ migrations: [...release.migrations, { namespace: "other", migrations: [third] }] })
      const later = { ...release, migrationPolicies: { newer: "allow" } } as const
      assert.include(yield* driftOf({ ...later, schema }), "table public.tag is unexpected")
      yield* start(url, { ...later, schema: { ...schema, additions: "allow" } })
    })
  )
)

it.live("On the schema of the release before it starts where the policy lets it, and all that it needs is there", () =>
  released(
    Effect.gen(function* () {
      const { url } = yield* TestDatabase
      const schema = { snapshot: yield* committed }
      const next = { migrations: app(first, second, third), critical: release.critical, schema }
      const refused = yield* Effect.flip(start(url, next))
      assert.strictEqual(tagOf(refused), "MigrationsPending")
      assert.include(refused.message, "app/3_more")
      const warnings: Array<string> = []
      const logger = Logger.make(({ message }) => void warnings.push(String(message)))
      for (const pending of ["warn", "allow"] as const) {
        const options = { ...next, schema: { ...schema, pending } }
        const { initialization, steps } = yield* Effect.provide(StartReport, main(url, options), { local: true }).pipe(
          Effect.provide(Logger.layer([logger])),
          Effect.provideService(References.MinimumLogLevel, "Warn")
        )
        assert.deepStrictEqual(initialization.applied, [])
        assert.strictEqual(steps.find(({ name }) => name === "migrations")?.detail, "pending: app/3_more")
        assert.strictEqual(steps.at(-1)?.detail, "not compared: migrations are pending")
      }
      assert.lengthOf(warnings, 1)
      assert.include(warnings[0], "started on an earlier schema: 1 migration is pending")
    })
  )
)

it.live(
  "On a schema that lacks what it needs it does not start, whatever the policy, and what is missing is listed",
  () =>
    released(
      Effect.gen(function* () {
        const critical = [
          ...release.critical,
          { table: "note", columns: ["title", { name: "stars", type: "int" }] },
          { table: "tag" }
        ]
        const options = { migrations: app(first, second, third), critical, schema: { pending: "allow" } } as const
        assert.deepStrictEqual(yield* driftOf(options), [
          "column note.title is missing",
          "column note.stars is missing (int)",
          "table tag is missing"
        ])
      })
    )
)

it.live("With the migrator's login pending migrations are applied, whatever the policy", () =>
  released(
    Effect.gen(function* () {
      const { initialization } = yield* startHere({
        migrations: app(first, second, third),
        schema: { pending: "allow" }
      })
      assert.deepStrictEqual(
        initialization.applied.map(({ name }) => name),
        ["more"]
      )
    })
  )
)

it.live("A release that migrates to its own schema finds it as it was committed", () =>
  fresh(
    Effect.gen(function* () {
      const next = { migrations: app(first, second, third), critical: release.critical }
      yield* startHere(next)
      const schema = { snapshot: yield* committed }
      yield* released(
        Effect.gen(function* () {
          const { steps } = yield* startHere({ ...next, schema })
          assert.strictEqual(steps.at(-1)?.detail, "as in the snapshot")
          assert.strictEqual(steps.find(({ name }) => name === "migrations")?.detail, "applied 1 migration")
        })
      )
    })
  )
)

class Note extends Model.Class<Note>("Note")({ id: Schema.Int, writtenBy: Schema.NullOr(Schema.String) }) {}

it.live("Fields of a model are named as the client names columns, at start and afterwards", () =>
  fresh(
    Effect.gen(function* () {
      const { url } = yield* TestDatabase
      const written = migration("1", "note", "CREATE TABLE note (id int PRIMARY KEY, written_by text)")
      const critical = [{ table: "note", model: Note }]
      yield* startHere({ migrations: app(written) })
      assert.deepStrictEqual(yield* driftOf({ migrations: app(written), critical }), [
        "column note.writtenBy is missing"
      ])
      const named = { migrations: app(written), critical, transformQueryNames: Text.camelToSnake }
      const verify = Effect.flatMap(SchemaVerifier, ({ verify }) => verify({ critical }))
      assert.deepStrictEqual((yield* run(url, named, verify)).drift, [])
    })
  )
)
