/**
 * The one place through which an application reaches PostgreSQL.
 *
 * Its layer provides `PgClient` and `SqlClient` on a pool that knows who has its
 * connections, so that everything written for `effect/sql` runs on it. Building
 * the layer opens nothing; `connect` (or `verifyConnection`) finds out whether the
 * server is there, is new enough, and lets this login in.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Reactivity from "effect/reactivity/Reactivity"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as SqlClient from "effect/sql/SqlClient"
import type { Connection } from "effect/sql/SqlConnection"
import type * as Stream from "effect/Stream"
import * as SubscriptionRef from "effect/SubscriptionRef"
import * as PgClient from "@effect/sql-pg/PgClient"
import { DatabaseConfig, describeTarget } from "../config/DatabaseConfig.ts"
import type { Settings } from "../config/Settings.ts"
import { DatabaseError } from "../error/DatabaseError.ts"
import { InvalidResult, LoginUnavailable, UnsupportedServer } from "../error/Reason.ts"
import * as Retry from "../error/Retry.ts"
import { LoginSource } from "../secret/LoginSource.ts"
import { ConnectionState } from "./ConnectionState.ts"
import { makeClient } from "./internal/client.ts"
import type { Transforms } from "./internal/client.ts"

export type { Transforms }
import { makePool } from "./internal/pool.ts"
import type { OpenPool } from "./internal/pool.ts"
import type { ActiveConnection, PoolStatus } from "./PoolStatus.ts"
import { oldestSupported, ServerInfo } from "./ServerInfo.ts"

/** A pool beside the application's own: another login, another size. */
export interface ManagedPool {
  readonly client: PgClient.PgClient
  readonly status: Effect.Effect<PoolStatus>
}

export interface ConnectionManagerService {
  /** A connection of one's own until the scope closes. */
  readonly getConnection: Effect.Effect<Connection, DatabaseError, Scope.Scope>
  /** A second pool with these settings in place of the application's; it drains and closes with the scope. */
  readonly createPool: (
    options: Partial<Settings> & Transforms
  ) => Effect.Effect<ManagedPool, DatabaseError, Scope.Scope>
  /** One question to the server: is it there, may this login in, is it new enough. */
  readonly verifyConnection: Effect.Effect<ServerInfo, DatabaseError>
  /** As `verifyConnection`, retried until the start timeout while the server is not there, and shown in `state`. */
  readonly connect: Effect.Effect<ServerInfo, DatabaseError>
  /** Refuses new work, lets what runs finish within the shutdown timeout, and closes every connection. */
  readonly closeAll: Effect.Effect<void>
  readonly poolStatus: Effect.Effect<PoolStatus>
  readonly activeConnections: Effect.Effect<ReadonlyArray<ActiveConnection>>
  readonly state: Effect.Effect<ConnectionState>
  /** The state now, and each one that follows. */
  readonly changes: Stream.Stream<ConnectionState>
}

/** The question of `verifyConnection`: everything in one round trip. */
const askServer = (sql: SqlClient.SqlClient) =>
  sql`
    SELECT
      pg_catalog.current_setting('server_version_num')::int AS "versionNumber",
      pg_catalog.current_setting('server_version') AS "version",
      pg_catalog.current_database() AS "database",
      current_user::text AS "role",
      pg_catalog.pg_is_in_recovery() AS "inRecovery",
      pg_catalog.current_setting('default_transaction_read_only')::bool AS "readOnly"
  `.withoutTransform

const decodeServer = Schema.decodeUnknownEffect(Schema.Tuple([ServerInfo]))

const verify = (sql: SqlClient.SqlClient): Effect.Effect<ServerInfo, DatabaseError> =>
  DatabaseError.refine(askServer(sql)).pipe(
    Effect.flatMap((rows) =>
      Effect.mapError(decodeServer(rows), () =>
        new DatabaseError({ reason: new InvalidResult({ failure: "the server does not answer as PostgreSQL does" }) }))
    ),
    Effect.flatMap(([server]) =>
      server.versionNumber >= oldestSupported ? Effect.succeed(server) : Effect.fail(tooOld(server))
    )
  )

const tooOld = (server: ServerInfo): DatabaseError =>
  new DatabaseError({ reason: new UnsupportedServer({ version: server.version, oldest: String(oldestSupported / 10_000) }) })

/**
 * The login: what `LoginSource` says, where there is one, asked again for each
 * connection; else what the configuration says.
 */
const resolveLogin = Effect.fnUntraced(function*(settings: Settings) {
  const source = yield* Effect.serviceOption(LoginSource)
  if (Option.isNone(source)) return { username: settings.username, password: settings.password }
  const login = Effect.mapError(source.value.login, ({ message }) => new LoginUnavailable({ failure: message }))
  const { username } = yield* Effect.mapError(login, (reason) => new DatabaseError({ reason }))
  return { username, password: Effect.map(login, ({ password }) => password ?? Redacted.make("")) }
})

const openPool = Effect.fnUntraced(function*(settings: Settings, transforms: Transforms) {
  const login = yield* resolveLogin(settings)
  const { close, pool } = yield* DatabaseError.refine(makePool(settings, login))
  const client = yield* makeClient(settings, pool, transforms)
  return { pool, close, client }
})

/** Tries until the server is there, the start timeout is over, or it cannot get better; every step is a state. */
const connectWith = (
  settings: Settings,
  verified: Effect.Effect<ServerInfo, DatabaseError>,
  state: SubscriptionRef.SubscriptionRef<ConnectionState>
): Effect.Effect<ServerInfo, DatabaseError> =>
  Effect.suspend(() => {
    let attempt = 0
    const tried = Effect.tapError(verified, (error) => {
      attempt++
      return Retry.isConnectionRetryable(error)
        ? Effect.andThen(
          SubscriptionRef.set(state, ConnectionState.Retrying({ attempt, error })),
          Effect.logWarning(`${describeTarget(settings)} is not reachable (attempt ${attempt}): ${error.message}`)
        )
        : Effect.void
    })
    return Retry.connection({ attempts: Number.POSITIVE_INFINITY, budget: settings.startTimeout, cap: "2 seconds" })(tried).pipe(
      Effect.tap((server) => SubscriptionRef.set(state, ConnectionState.Connected({ server }))),
      Effect.tapError((error) => SubscriptionRef.set(state, ConnectionState.Failed({ error })))
    )
  })

const makeService = (
  settings: Settings,
  { client, close, pool }: OpenPool & { readonly client: PgClient.PgClient },
  state: SubscriptionRef.SubscriptionRef<ConnectionState>,
  reactivity: Reactivity.Reactivity
): ConnectionManagerService => ({
  getConnection: DatabaseError.refine(client.reserve),
  createPool: Effect.fn("ConnectionManager.createPool")(
    function*(options) {
      const { pool, client } = yield* openPool({ ...settings, ...options }, options)
      return { client, status: Effect.sync(() => pool.status()) }
    },
    Effect.provideService(Reactivity.Reactivity, reactivity)
  ),
  verifyConnection: verify(client).pipe(Effect.withSpan("ConnectionManager.verifyConnection")),
  connect: connectWith(settings, verify(client), state).pipe(Effect.withSpan("ConnectionManager.connect")),
  closeAll: SubscriptionRef.set(state, ConnectionState.Closing()).pipe(
    Effect.andThen(close),
    Effect.andThen(SubscriptionRef.set(state, ConnectionState.Closed())),
    Effect.uninterruptible,
    Effect.withSpan("ConnectionManager.closeAll")
  ),
  poolStatus: Effect.sync(() => pool.status()),
  activeConnections: Effect.sync(() => pool.active()),
  state: SubscriptionRef.get(state),
  changes: SubscriptionRef.changes(state)
})

const make = Effect.fnUntraced(function*(transforms: Transforms) {
  const settings = yield* DatabaseConfig
  const open = yield* openPool(settings, transforms)
  const state = yield* SubscriptionRef.make<ConnectionState>(ConnectionState.Initializing())
  const reactivity = yield* Reactivity.Reactivity
  const manager = ConnectionManager.of(makeService(settings, open, state, reactivity))
  yield* Effect.addFinalizer(() => manager.closeAll)
  return Context.make(ConnectionManager, manager).pipe(
    Context.add(PgClient.PgClient, open.client),
    Context.add(SqlClient.SqlClient, open.client)
  )
})

export class ConnectionManager extends Context.Service<ConnectionManager, ConnectionManagerService>()(
  "pgkeel/connection/ConnectionManager"
) {
  /** The manager, and the clients of its pool. Opens nothing yet. */
  static readonly layer = (
    transforms: Transforms = {}
  ): Layer.Layer<ConnectionManager | PgClient.PgClient | SqlClient.SqlClient, DatabaseError, DatabaseConfig> =>
    Layer.effectContext(make(transforms)).pipe(Layer.provide(Reactivity.layer))
}
