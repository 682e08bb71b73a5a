import { NodeServices } from "@effect/platform-node"
import { assert, it } from "@effect/vitest"
import { Context, Effect, Layer, Logger, Redacted, References } from "effect"
import { SqlClient } from "effect/sql"
import { DatabaseConfig } from "../../src/config/DatabaseConfig.ts"
import { ConnectionManager } from "../../src/connection/ConnectionManager.ts"
import { read } from "../../src/catalog/Snapshot.ts"
import { StartReport } from "../../src/MainLive.ts"
import { SessionFactory } from "../../src/session/SessionFactory.ts"
import { freshDatabase, TestDatabase } from "../support/Database.ts"
import { ownMigrations } from "../support/OwnMigrations.ts"
import { Proxy } from "../support/Proxy.ts"
import { onNotes, onStarted } from "./started.ts"
import {
  app,
  main,
  migration,
  noteTable,
  onFreshDatabase,
  operator,
  quiet,
  run,
  start,
  startHere,
  tagOf
} from "./support.ts"

const fresh = onFreshDatabase(freshDatabase())

/** Where an application without migrations has started. */
const empty = onStarted("empty", [])

const manager = (url: Redacted.Redacted) =>
  ConnectionManager.layer().pipe(
    Layer.provide(DatabaseConfig.layer({ url, sslMode: "disable" })),
    Layer.provide(NodeServices.layer)
  )

/** How many round trips an effect takes through the proxy. */
const roundTrips = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const { counters } = yield* Proxy
    const before = counters.roundTrips
    yield* effect
    return counters.roundTrips - before
  })

it.live("An empty database is migrated with the migrator's login, and every step is reported with its time", () =>
  fresh(
    Effect.gen(function* () {
      const report = yield* startHere({ migrations: app(noteTable), critical: [{ table: "note", columns: ["body"] }] })
      assert.deepStrictEqual(
        report.steps.map(({ name }) => name),
        ["connection", "core tables", "migrations", "schema", "missing tables", "constraints", "snapshot"]
      )
      assert.deepStrictEqual(
        report.initialization.applied.map(({ name, namespace }) => `${namespace}/${name}`),
        [...ownMigrations.map(({ name }) => `pgkeel/${name}`), "app/note"]
      )
      for (const { durationMillis, name } of report.steps) assert.isAbove(durationMillis, 0, name)
      const sum = report.steps.reduce((total, { durationMillis }) => total + durationMillis, 0)
      assert.isAtMost(sum, report.durationMillis + 1)
      assert.isTrue(report.steps.find(({ name }) => name === "migrations")?.changed)
      assert.isAtLeast(report.server.versionNumber, 140_000)
    })
  )
)

it.live("A database that is up to date is started on with one connection and at most four round trips", () =>
  Effect.gen(function* () {
    const snapshot = yield* Effect.flatMap(SqlClient.SqlClient, read).pipe(Effect.provide(TestDatabase.layerClient))
    const options = { migrations: app(noteTable), critical: [{ table: "note" }], schema: { snapshot } }
    const { counters, url: proxied } = yield* Proxy
    const opening = yield* roundTrips(
      Effect.flatMap(ConnectionManager, ({ getConnection }) => Effect.scoped(getConnection)).pipe(
        Effect.provide(manager(proxied), { local: true })
      )
    )
    const connections = counters.connections
    const trips = yield* roundTrips(start(proxied, { ...options, migrator: proxied }))
    assert.strictEqual(counters.connections - connections, 1)
    assert.isAbove(trips - opening, 0)
    assert.isAtMost(trips - opening, 4)
  }).pipe(Effect.provide(Proxy.layer), onNotes)
)

it.live("Starting again changes nothing", () =>
  fresh(
    Effect.gen(function* () {
      const options = {
        migrations: app(noteTable),
        tables: [{ table: "scratch", ddl: "CREATE TABLE scratch (id int)" }]
      }
      yield* startHere(options)
      const again = yield* startHere(options)
      assert.deepStrictEqual(
        again.steps.filter(({ changed }) => changed),
        []
      )
      assert.deepInclude(again.initialization, {
        applied: [],
        created: [],
        validated: [],
        unvalidated: [],
        rebuilt: [],
        invalidIndexes: [],
        drift: []
      })
    })
  )
)

it.live("Without the migrator's login a start refuses pending migrations, names them and changes nothing", () =>
  fresh(
    Effect.gen(function* () {
      const { url } = yield* TestDatabase
      const error = yield* Effect.flip(start(url, { migrations: app(noteTable) }))
      assert.strictEqual(tagOf(error), "MigrationsPending")
      for (const said of ["pgkeel/0001_security_keys", "app/1_note", "DATABASE_MIGRATOR_URL"])
        assert.include(error.message, said)
      assert.deepStrictEqual(yield* operator("SELECT to_regnamespace('pgkeel')::text AS schema"), [{ schema: null }])
    })
  )
)

it.live("A migration that a down has reverted in part refuses the start, with the migrator's login too", () =>
  onNotes(
    Effect.gen(function* () {
      const options = { migrations: app(noteTable) }
      const { url } = yield* TestDatabase
      // What a runner leaves that was killed behind the first statement.
      yield* operator("UPDATE pgkeel.migrations SET reverting = 1, done_checksum = '' WHERE namespace = 'app'")
      for (const migrator of [{ migrator: url }, {}]) {
        const error = yield* Effect.flip(start(url, { ...options, ...migrator }))
        assert.strictEqual(tagOf(error), "HalfDone")
        assert.include(error.message, 'migration 1 "note" (app) was reverted in part')
      }
    })
  )
)

it.live("A critical table or column that is missing refuses the start, and all of them are named", () =>
  fresh(
    Effect.gen(function* () {
      const error = yield* Effect.flip(
        startHere({
          migrations: app(noteTable),
          critical: [{ table: "public.note", columns: ["body", "author"] }, { table: "invoice" }]
        })
      )
      assert.strictEqual(tagOf(error), "SchemaDrift")
      assert.include(error.message, "column public.note.author is missing")
      assert.include(error.message, "table invoice is missing")
      assert.notInclude(error.message, "body")
    })
  )
)

it.live(
  "A security table that somebody dropped refuses the start, or is made again by who may, and said to be empty",
  () =>
    empty(
      Effect.gen(function* () {
        const { url } = yield* TestDatabase
        const described =
          operator(`SELECT count(*)::int AS columns, obj_description('pgkeel.security_keys'::regclass) AS said
        FROM pg_attribute WHERE attrelid = 'pgkeel.security_keys'::regclass AND attnum > 0`)
        const before = yield* described
        yield* operator("DROP TABLE pgkeel.security_keys")
        const error = yield* Effect.flip(start(url))
        assert.strictEqual(tagOf(error), "SchemaDrift")
        assert.include(error.message, "table pgkeel.security_keys is missing")
        const warnings: Array<string> = []
        const logger = Logger.make(({ message }) => void warnings.push(String(message)))
        const { initialization } = yield* Effect.provide(StartReport, main(url, { migrator: url }), {
          local: true
        }).pipe(Effect.provide(Logger.layer([logger])), Effect.provideService(References.MinimumLogLevel, "Warn"))
        assert.deepStrictEqual(initialization.created, ["pgkeel.security_keys"])
        assert.lengthOf(warnings, 1)
        assert.include(
          warnings[0],
          "table pgkeel.security_keys was missing and is there again: the credentials that it held"
        )
        assert.deepStrictEqual(yield* described, before)
      })
    )
)

it.live("Declared tables are created once, and are there for the application", () =>
  empty(
    Effect.gen(function* () {
      const { url } = yield* TestDatabase
      const tables = [{ table: "public.scratch", ddl: "CREATE TABLE public.scratch (id int PRIMARY KEY)" }]
      const critical = [{ table: "scratch", columns: ["id"] }]
      const error = yield* Effect.flip(start(url, { tables }))
      assert.strictEqual(tagOf(error), "SchemaDrift")
      const report = yield* startHere({ critical, tables })
      assert.deepStrictEqual(report.initialization.created, ["public.scratch"])
      yield* run(
        url,
        { critical, tables },
        Effect.flatMap(SqlClient.SqlClient, (sql) => sql`INSERT INTO scratch VALUES (1)`)
      )
    })
  )
)

it.live("A declared table does not hide that a critical column of it is missing", () =>
  empty(
    Effect.gen(function* () {
      const declared = { tables: [{ table: "scratch", ddl: "CREATE TABLE scratch (id int)" }] }
      const wanted = { ...declared, critical: [{ table: "scratch", columns: ["id", "name"] }] }
      assert.strictEqual(tagOf(yield* Effect.flip(startHere(wanted))), "SchemaDrift", "just created")
      assert.strictEqual(tagOf(yield* Effect.flip(startHere(wanted))), "SchemaDrift", "there already")
    })
  )
)

it.live("A declaration that creates another table than it names, or does not run, refuses the start", () =>
  empty(
    Effect.gen(function* () {
      const other = yield* Effect.flip(startHere({ tables: [{ table: "one", ddl: "CREATE TABLE two (id int)" }] }))
      assert.strictEqual(tagOf(other), "SchemaDrift")
      const wrong = yield* Effect.flip(startHere({ tables: [{ table: "one", ddl: "CREATE TABEL one (id int)" }] }))
      assert.strictEqual(tagOf(wrong), "SqlSyntaxError")
    })
  )
)

it.live(
  "A migration that fails halfway leaves the database as it was, the history says so, and the next start finishes",
  () =>
    fresh(
      Effect.gen(function* () {
        const broken = migration("2", "broken", "CREATE TABLE half (id int)", "SELECT 1/0")
        const error = yield* Effect.flip(startHere({ migrations: app(noteTable, broken) }))
        assert.strictEqual(error._tag, "MigrationError")
        assert.include(error.message, "broken")
        const [state] = yield* operator(`SELECT to_regclass('public.note') IS NOT NULL AS note,
      to_regclass('public.half')::text AS half`)
        assert.deepStrictEqual(state, { note: true, half: null })
        assert.deepStrictEqual(
          yield* operator("SELECT id, state FROM pgkeel.migrations WHERE namespace = 'app' ORDER BY id"),
          [
            { id: "1", state: "applied" },
            { id: "2", state: "failed" }
          ]
        )
        const mended = migration("2", "broken", "CREATE TABLE half (id int)")
        const { initialization } = yield* startHere({ migrations: app(noteTable, mended) })
        assert.deepStrictEqual(
          initialization.applied.map(({ name }) => name),
          ["broken"]
        )
      })
    )
)

it.live("Two applications in one process each have the sessions of their own database", () =>
  Effect.gen(function* () {
    const databases = yield* Effect.all([Layer.build(freshDatabase()), Layer.build(freshDatabase())])
    // What layers share by reference within one program they share here.
    const memoMap = yield* Layer.makeMemoMap
    const scope = yield* Effect.scope
    for (const context of databases) {
      const { name, url } = Context.get(context, TestDatabase)
      const seen = Effect.gen(function* () {
        const { withSession } = yield* SessionFactory
        const sql = yield* SqlClient.SqlClient
        yield* StartReport
        return yield* withSession({ actor: "ada" })(
          sql`SELECT current_database() AS name, current_setting('pgkeel.actor', true) AS actor`
        )
      })
      const services = yield* Layer.buildWithMemoMap(main(url, { migrator: url }), memoMap, scope)
      assert.deepStrictEqual(yield* Effect.provideContext(seen, services), [{ name, actor: "ada" }])
    }
  }).pipe(Effect.scoped, quiet)
)

it.live("A database that a later release has migrated is refused, and accepted with a policy, with a warning", () =>
  fresh(
    Effect.gen(function* () {
      const { url } = yield* TestDatabase
      const later = migration("2", "later", "ALTER TABLE public.note ADD COLUMN title text")
      yield* startHere({ migrations: app(noteTable, later) })
      const older = { migrations: app(noteTable) }
      assert.strictEqual(tagOf(yield* Effect.flip(start(url, older))), "MissingFile")
      for (const login of [{}, { migrator: url }]) {
        const warnings: Array<string> = []
        const logger = Logger.make(({ logLevel, message }) => void warnings.push(`${logLevel} ${String(message)}`))
        yield* Effect.provide(StartReport, main(url, { ...older, ...login, migrationPolicies: { newer: "warn" } }), {
          local: true
        }).pipe(Effect.provide(Logger.layer([logger])), Effect.provideService(References.MinimumLogLevel, "Warn"))
        assert.lengthOf(warnings, 1)
        assert.include(warnings[0], 'Warn migration 2 "later" (app) was applied')
      }
    })
  )
)
