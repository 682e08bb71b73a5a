/**
 * The one layer that an application provides: configuration, connection, tables,
 * sessions, errors, composed and started.
 *
 * Building it starts the application's side of the database: the configuration is
 * checked, the server awaited, the tables verified and, with the migrator's login,
 * migrated. What cannot get better fails at once with its type; a server that is
 * not there yet is retried until the start timeout. What was done, and how long
 * each step took, is the `StartReport`.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Redacted from "effect/Redacted"
import * as SqlClient from "effect/sql/SqlClient"
import * as Struct from "effect/Struct"
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import * as NodePath from "@effect/platform-node/NodePath"
import * as PgClient from "@effect/sql-pg/PgClient"
import { DatabaseConfig, describeTarget } from "./config/DatabaseConfig.ts"
import { DatabaseConfigError, DifferentDatabases } from "./config/DatabaseConfigError.ts"
import { applicationPlace, find, load } from "./config/internal/load.ts"
import { checkOptions, databaseRules } from "./config/internal/options.ts"
import * as Rule from "./config/internal/rules.ts"
import type { Rules } from "./config/internal/rules.ts"
import { migrationsDirectory } from "./config/MigrationsDirectory.ts"
import type { DatabaseOptions, Settings } from "./config/Settings.ts"
import { ConnectionManager } from "./connection/ConnectionManager.ts"
import type { Transforms } from "./connection/ConnectionManager.ts"
import { transformRules, transformsOf } from "./connection/internal/transforms.ts"
import type { ServerInfo } from "./connection/ServerInfo.ts"
import type { DatabaseError } from "./error/DatabaseError.ts"
import { DatabaseErrorHandler } from "./error/DatabaseErrorHandler.ts"
import { RetryBudget } from "./error/RetryBudget.ts"
import { hooks, policies, seeds, source } from "./migration/internal/optionRules.ts"
import type { MigrationError } from "./migration/MigrationError.ts"
import type { MigrationHooks } from "./migration/MigrationHooks.ts"
import type { MigrationPolicies } from "./migration/MigrationPolicies.ts"
import { Migrator } from "./migration/Migrator.ts"
import type { MigratorOptions } from "./migration/Migrator.ts"
import * as MigrationSource from "./migration/MigrationSource.ts"
import { findSnapshot } from "./schema/internal/committed.ts"
import { tableRules } from "./schema/internal/tableRules.ts"
import type { SchemaError } from "./schema/SchemaError.ts"
import { SchemaVerifier } from "./schema/SchemaVerifier.ts"
import { TableInitializer } from "./schema/TableInitializer.ts"
import type { InitializationReport, Privileged, TableInitializerOptions } from "./schema/TableInitializer.ts"
import { defaults as sessionDefaults } from "./session/internal/refusal.ts"
import type { SessionDefaults } from "./session/Session.ts"
import { SessionFactory } from "./session/SessionFactory.ts"

/** Everything has a default or a variable; see the configuration table of the README. */
export interface MainOptions extends DatabaseOptions, Transforms, TableInitializerOptions {
  /**
   * The application's migrations: a directory (namespace `app`), or sources of
   * one's own. Default: `PGKEEL_MIGRATIONS`, else `./migrations` where it exists.
   */
  readonly migrations?: string | URL | ReadonlyArray<MigrationSource.MigrationSource>
  /**
   * What a start does about a history that does not fit the migrations. Default: it fails. `{ newer: "allow" }` lets
   * this code start on a database that a later release has migrated.
   */
  readonly migrationPolicies?: MigrationPolicies
  /** What to do before and after migrations, and each of them, where a start runs any. */
  readonly migrationHooks?: MigrationHooks
  /** Data to start with, by environment: it is run after the migrations, and with them. Default: none. */
  readonly seeds?: MigrationSource.SeedSource
  /** What every session has that does not say otherwise: timeouts, isolation, a component. Default: none of them. */
  readonly sessions?: SessionDefaults
  /** The migrator's URL, for a start that migrates. Default: `DATABASE_MIGRATOR_URL`; without one, it verifies. */
  readonly migrator?: Redacted.Redacted<string>
}

/** One step of a start. */
export interface StartStep {
  readonly name: string
  readonly changed: boolean
  readonly detail: string
  readonly durationMillis: number
}

export class StartReport extends Context.Service<
  StartReport,
  {
    readonly server: ServerInfo
    readonly steps: ReadonlyArray<StartStep>
    readonly initialization: InitializationReport
    readonly durationMillis: number
  }
>()("pgkeel/StartReport") {}

/** What the layer provides. */
export type MainServices =
  | ConnectionManager
  | DatabaseConfig
  | DatabaseErrorHandler
  | Migrator
  | PgClient.PgClient
  | RetryBudget
  | SchemaVerifier
  | SessionFactory
  | SqlClient.SqlClient
  | StartReport
  | TableInitializer

/** Why a start did not succeed. */
export type StartFailure = DatabaseConfigError | DatabaseError | MigrationError | SchemaError

const sourcesOf = Effect.fnUntraced(function* (options: MainOptions) {
  if (Array.isArray(options.migrations)) return [MigrationSource.own, ...options.migrations]
  const given = options.migrations as string | URL | undefined
  const directory = given ?? (yield* migrationsDirectory(MigrationSource.own.directory))
  return directory === undefined ? [MigrationSource.own] : [MigrationSource.own, { namespace: "app", directory }]
})

/** A migrator on a client, for as long as the scope. */
const migratorOn = (client: PgClient.PgClient, options: MigratorOptions) =>
  Effect.map(
    Layer.build(Layer.fresh(Migrator.layer(options)).pipe(Layer.provide(PgClient.layerFrom(Effect.succeed(client))))),
    Context.get(Migrator)
  )

/** The migrator's login, where there is one. */
class MigratorSettings extends Context.Service<MigratorSettings, Settings | undefined>()("pgkeel/MigratorSettings") {}

/** Every option there is, for programs that no compiler has looked at. */
const rules: Rules<MainOptions> = {
  ...databaseRules,
  ...tableRules,
  migrator: Rule.secret("migrator"),
  migrations: {
    accepted: `a directory as text or file: URL, or sources such as [{ namespace: "app", directory: "./migrations" }]`,
    problem: (value) => (Array.isArray(value) ? Rule.listOf(source)(value) : Rule.textOrUrl(value))
  },
  migrationPolicies: policies,
  migrationHooks: hooks,
  seeds,
  sessions: sessionDefaults,
  ...transformRules
}

const migratorPlace = { ...applicationPlace, urlVariable: "DATABASE_MIGRATOR_URL", urlOption: "migrator" }

/** The options that hold for each connection, whoever logs in. */
const shared = [
  "acquireTimeout",
  "connectTimeout",
  "idleTimeout",
  "keepAlive",
  "maxLifetime",
  "outcomeTimeout",
  "prepare",
  "rootCertificate",
  "shutdownTimeout",
  "sslMode",
  "startTimeout"
] as const satisfies ReadonlyArray<keyof DatabaseOptions>

/** What is wrong with the options themselves is said when the application's login is read. */
const findMigrator = (given: MainOptions) => {
  const { options } = checkOptions(given, rules)
  const url = options.migrator === undefined ? {} : { url: options.migrator }
  const own = { applicationName: "pgkeel migrator", maxConnections: 2, minConnections: 0 }
  return find({ ...Struct.pick(options, shared), ...own, ...url }, migratorPlace)
}

/** Behind a pooler a database may have another name, so that only two names at one address are known to differ. */
const agree = (options: MainOptions, application: Settings, migrator: Settings | undefined) =>
  migrator === undefined ||
  migrator.host !== application.host ||
  migrator.port !== application.port ||
  migrator.database === application.database
    ? Effect.void
    : Effect.fail(
        new DatabaseConfigError({
          reasons: [
            new DifferentDatabases({
              variable: options.migrator === undefined ? migratorPlace.urlVariable : migratorPlace.urlOption,
              application: describeTarget(application),
              migrator: describeTarget(migrator)
            })
          ]
        })
      )

/** Both logins; what is wrong with either is reported at once. */
const configuration = (options: MainOptions) =>
  Layer.effectContext(
    DatabaseConfig.both(
      load(options, { ...applicationPlace, rules }),
      Effect.suspend(() => findMigrator(options))
    ).pipe(
      Effect.tap(([application, migrator]) => agree(options, application, migrator)),
      Effect.map(([application, migrator]) =>
        Context.make(DatabaseConfig, application).pipe(Context.add(MigratorSettings, migrator))
      )
    )
  )

/** The migrator's own small pool; nothing is opened before there is something to migrate. */
const findPrivileged = Effect.fnUntraced(function* (options: MainOptions, migrating: MigratorOptions) {
  const settings = yield* MigratorSettings
  if (settings === undefined) return undefined
  const manager = yield* ConnectionManager
  // What is long enough for the application's statements is not for a migration's.
  const { client } = yield* manager.createPool({ ...settings, statementTimeout: undefined, ...transformsOf(options) })
  const migrator = yield* migratorOn(client, migrating)
  return { sql: client, migrator } satisfies Privileged
})

/** The snapshot that is committed with the migrations is looked for where no other is named. */
const schemaOf = Effect.fnUntraced(function* (
  { schema }: MainOptions,
  sources: ReadonlyArray<MigrationSource.MigrationSource>
) {
  if (schema?.snapshot !== undefined) return schema
  const snapshot = yield* findSnapshot(
    sources.flatMap((source) => ("directory" in source && source !== MigrationSource.own ? [source.directory] : []))
  )
  return snapshot === undefined ? { ...schema } : { ...schema, snapshot }
})

const initializerOptions = (options: MainOptions): TableInitializerOptions =>
  Struct.pick(options, ["critical", "tables", "transformQueryNames"])

/** `Migrator` for the application, with the migrator's login where there is one, and `TableInitializer`. */
const tables = (options: MainOptions) =>
  Layer.unwrap(
    Effect.gen(function* () {
      const migrating = {
        sources: yield* sourcesOf(options),
        policies: options.migrationPolicies,
        hooks: options.migrationHooks,
        seeds: options.seeds
      }
      const privileged = yield* findPrivileged(options, migrating)
      const reader = yield* migratorOn(yield* PgClient.PgClient, migrating)
      const schema = yield* schemaOf(options, migrating.sources)
      const initializer = TableInitializer.layer({ ...initializerOptions(options), schema }, privileged).pipe(
        Layer.provide(Layer.succeed(Migrator, reader))
      )
      return Layer.merge(initializer, Layer.succeed(Migrator, privileged?.migrator ?? reader))
    })
  )

const elapsed = (since: bigint) => Effect.map(Clock.monotonicTimeNanos, (now) => Number(now - since) / 1e6)

const start = Effect.gen(function* () {
  const began = yield* Clock.monotonicTimeNanos
  const settings = yield* DatabaseConfig
  const manager = yield* ConnectionManager
  const initializer = yield* TableInitializer
  const server = yield* manager.connect
  const connection: StartStep = {
    name: "connection",
    changed: false,
    // Without what a distribution adds, such as "17.5 (Debian 17.5-1.pgdg120+1)".
    detail: `PostgreSQL ${server.version.split(" ", 1)[0]}, ${describeTarget(settings)}`,
    durationMillis: yield* elapsed(began)
  }
  const initialization = yield* initializer.initializeTables
  const durationMillis = yield* elapsed(began)
  yield* Effect.logDebug(`ready in ${Math.round(durationMillis)} ms: ${connection.detail}`)
  return StartReport.of({ server, steps: [connection, ...initialization.steps], initialization, durationMillis })
}).pipe(Effect.withSpan("pgkeel.start"))

/** What is no object of options is told by whoever reads the configuration, before this is built. */
const clients = (options: MainOptions) =>
  Layer.unwrap(
    Effect.sync(() =>
      Layer.merge(
        SessionFactory.layerWith(options.sessions ?? {}),
        SchemaVerifier.layerWith(Struct.pick(options, ["transformQueryNames"]))
      )
    )
  )

/** The layer with options in code; each wins over the variable of the same meaning. */
export const layer = (options: MainOptions = {}): Layer.Layer<MainServices, StartFailure> =>
  Layer.effect(StartReport, start).pipe(
    Layer.provideMerge(tables(options)),
    // Shared by reference, as layers are, sessions would go to whichever database a program connects to first.
    Layer.provideMerge(Layer.fresh(clients(options))),
    Layer.provideMerge(DatabaseErrorHandler.layer),
    Layer.provideMerge(Layer.suspend(() => ConnectionManager.layer(transformsOf(options)))),
    Layer.provideMerge(RetryBudget.layer()),
    Layer.provideMerge(configuration(options)),
    Layer.provide(Layer.merge(NodeFileSystem.layer, NodePath.layer))
  )

/** The layer from configuration. */
export const MainLive: Layer.Layer<MainServices, StartFailure> = layer()
