/** What a start makes of its configuration: variables, migrations' directory, the migrator's login. */
import { NodeServices } from "@effect/platform-node"
import { assert, it } from "@effect/vitest"
import { ConfigProvider, Context, Duration, Effect, FileSystem, Path, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import { migrationsDirectory } from "../../src/config/MigrationsDirectory.ts"
import { RetryBudget } from "../../src/error/RetryBudget.ts"
import { MainLive, StartReport } from "../../src/MainLive.ts"
import { freshDatabase, TestDatabase } from "../support/Database.ts"
import { ownMigrations } from "../support/OwnMigrations.ts"
import { rawServer } from "../support/ScriptedServer.ts"
import { app, main, migration, noteTable, onFreshDatabase, quiet, run, start, startHere, tagOf } from "./support.ts"

const fresh = onFreshDatabase(freshDatabase())

const withVariables = (env: Readonly<Record<string, string>>) =>
  Effect.provide(ConfigProvider.layer(ConfigProvider.fromEnv({ env })))

const startFrom = (env: Readonly<Record<string, string>>) =>
  Effect.provide(StartReport, MainLive, { local: true }).pipe(withVariables(env), quiet)

const temporary = Effect.flatMap(FileSystem.FileSystem, (files) => files.makeTempDirectoryScoped())

it.live("Variables alone start an application: its URL, the migrator's, and where the migrations are", () =>
  fresh(
    Effect.gen(function* () {
      const { url } = yield* TestDatabase
      const files = yield* FileSystem.FileSystem
      const directory = yield* temporary
      yield* files.writeFileString(`${directory}/0001_pet.up.sql`, "CREATE TABLE pet (name text)")
      const { initialization } = yield* startFrom({
        DATABASE_URL: `${Redacted.value(url)}?sslmode=disable`,
        DATABASE_MIGRATOR_URL: `${Redacted.value(url)}?sslmode=disable`,
        PGKEEL_MIGRATIONS: directory,
        PGKEEL_POOL_MIN: "3"
      })
      assert.deepStrictEqual(
        initialization.applied.map(({ name }) => name),
        [...ownMigrations.map(({ name }) => name), "pet"]
      )
    })
  ).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
)

it.live("The limits of the application's statements and of its pool are not those of its migrations", () =>
  fresh(
    Effect.gen(function* () {
      const { url } = yield* TestDatabase
      const limit = migration(
        "1",
        "limit",
        "CREATE TABLE migrated AS SELECT current_setting('statement_timeout') AS own"
      )
      const seen = yield* Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        return yield* sql`SELECT own, current_setting('statement_timeout') AS application FROM migrated`
      }).pipe(
        Effect.provide(main(url, { migrator: url, migrations: app(limit) }), { local: true }),
        withVariables({ PGKEEL_STATEMENT_TIMEOUT: "50 seconds", PGKEEL_POOL_MIN: "3" }),
        quiet
      )
      assert.deepStrictEqual(seen, [{ own: "0", application: "50s" }])
    })
  )
)

it.live("A wrong configuration refuses the start with everything that is wrong, and opens nothing", () =>
  Effect.gen(function* () {
    const error = yield* Effect.flip(startFrom({ DATABASE_URL: "mysql://u:hunter2@h/d", PGKEEL_POOL_MAX: "0" }))
    assert.strictEqual(error._tag, "DatabaseConfigError")
    assert.include(error.message, "DATABASE_URL")
    assert.include(error.message, "PGKEEL_POOL_MAX")
    assert.notInclude(error.message, "hunter2")
    const unreadable = yield* Effect.flip(startFrom({ DATABASE_URL_FILE: "/no/such/file" }))
    assert.include(unreadable.message, "DATABASE_URL_FILE")
  })
)

it.live("A migrator's URL that is wrong refuses the start by its own name", () =>
  fresh(
    Effect.gen(function* () {
      const { url } = yield* TestDatabase
      const error = yield* Effect.flip(
        startFrom({
          DATABASE_URL: `${Redacted.value(url)}?sslmode=disable`,
          DATABASE_MIGRATOR_URL: "postgres://u:hunter2@h:port/d"
        })
      )
      assert.include(error.message, "DATABASE_MIGRATOR_URL has a port that is not a number")
    })
  )
)

it.live("What is wrong with the application's URL and with the migrator's is reported at once, each problem once", () =>
  Effect.gen(function* () {
    const error = yield* Effect.flip(
      startFrom({
        DATABASE_URL: "postgres://u:hunter2@h:port/d",
        DATABASE_MIGRATOR_URL: "mysql://u:hunter2@h/d",
        PGSSLMODE: "sometimes"
      })
    )
    assert.strictEqual(error._tag, "DatabaseConfigError")
    for (const said of ["DATABASE_URL has a port", "DATABASE_MIGRATOR_URL ", "PGSSLMODE "]) {
      assert.strictEqual(error.message.split(said).length, 2, said)
    }
    assert.notInclude(error.message, "hunter2")
  })
)

it.live("A migrator's login that does not work matters only when there is something to migrate", () =>
  fresh(
    Effect.gen(function* () {
      const { url } = yield* TestDatabase
      const wrong = new URL(Redacted.value(url))
      wrong.password = "hunter2"
      const options = { migrator: Redacted.make(wrong.toString()), migrations: app(noteTable) }
      const error = yield* Effect.flip(start(url, options))
      assert.strictEqual(tagOf(error), "AuthenticationFailed")
      yield* startHere({ migrations: app(noteTable) })
      assert.deepStrictEqual((yield* start(url, options)).initialization.applied, [])
    })
  )
)

it.live("Options in code win over the variables of the same meaning", () =>
  fresh(
    Effect.gen(function* () {
      const { name, url } = yield* TestDatabase
      yield* startHere()
      const seen = yield* run(
        url,
        {},
        Effect.flatMap(SqlClient.SqlClient, (sql) => sql`SELECT current_database() AS database`)
      ).pipe(withVariables({ DATABASE_URL: "postgres://nobody@nowhere/none" }))
      assert.deepStrictEqual(seen, [{ database: name }])
    })
  )
)

it.live("The migrations' directory is ./migrations where it exists, and never the package's own", () =>
  Effect.gen(function* () {
    const path = yield* Path.Path
    const own = path.resolve("migrations")
    assert.strictEqual(yield* withVariables({})(migrationsDirectory("/elsewhere")), own)
    assert.strictEqual(yield* withVariables({})(migrationsDirectory(own)), undefined)
    assert.strictEqual(
      yield* withVariables({})(migrationsDirectory(yield* Effect.orDie(path.toFileUrl(own)))),
      undefined
    )
    assert.strictEqual(
      yield* withVariables({ PGKEEL_MIGRATIONS: "sql" })(migrationsDirectory(own)),
      path.resolve("sql")
    )
  }).pipe(Effect.provide(NodeServices.layer))
)

it.live("Options that hold for every connection hold for the migrator's too", () =>
  fresh(
    Effect.gen(function* () {
      const { url } = yield* TestDatabase
      const silent = yield* rawServer(() => undefined)
      const migrator = Redacted.make(`postgres://nobody:none@127.0.0.1:${silent.port}/nothing?sslmode=disable`)
      const options = { migrator, connectTimeout: "200 millis", startTimeout: "1 second" } as const
      const [time, error] = yield* Effect.timed(Effect.flip(start(url, options)))
      assert.strictEqual(tagOf(error), "ConnectTimeout")
      assert.isBelow(Duration.toMillis(time), 8_000)
    })
  ).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
)

it.live("Each application has a retry budget of its own", () =>
  fresh(
    Effect.gen(function* () {
      const { url } = yield* TestDatabase
      const budget = (options: Parameters<typeof main>[1]) =>
        Effect.provide(RetryBudget, main(url, options), { local: true })
      yield* quiet(startHere())
      const [one, other] = yield* quiet(Effect.all([budget({}), budget({})]))
      const everybodys = RetryBudget.from(Context.empty(), yield* Effect.clockWith(Effect.succeed))
      assert.strictEqual(new Set([one, other, everybodys]).size, 3)
    })
  ).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
)
