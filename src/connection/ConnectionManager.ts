/**
 * The one place through which an application reaches PostgreSQL.
 *
 * Its layer provides `PgClient` and `SqlClient` on a pool that knows who has its
 * connections, so that everything written for `effect/sql` runs on it. Building
 * the layer opens nothing; `connect` (or `verifyConnection`) finds out whether the
 * server is there, is new enough, and lets this login in.
 */
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Reactivity from "effect/reactivity/Reactivity"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import * as SqlClient from "effect/sql/SqlClient"
import type { Connection } from "effect/sql/SqlConnection"
import type * as Stream from "effect/Stream"
import * as SubscriptionRef from "effect/SubscriptionRef"
import * as PgClient from "@effect/sql-pg/PgClient"
import { DatabaseConfig, describeTarget } from "../config/DatabaseConfig.ts"
import type { Settings } from "../config/Settings.ts"
import { DatabaseError } from "../error/DatabaseError.ts"
import { ConnectTimeout, InvalidResult, LoginUnavailable, PoolClosed, UnsupportedServer } from "../error/Reason.ts"
import * as Retry from "../error/Retry.ts"
import { LoginSource } from "../secret/LoginSource.ts"
import { ConnectionState } from "./ConnectionState.ts"
import type { Circuit } from "./internal/breaker.ts"
import { makeClient } from "./internal/client.ts"
import { Persistent } from "./internal/guard.ts"
import { makePool } from "./internal/openPool.ts"
import type { OpenPool } from "./internal/openPool.ts"
import { checkOptions } from "./internal/options.ts"
import { takenByCreatePool, takenByLayer } from "./internal/poolRules.ts"
import type { Transforms } from "./internal/transforms.ts"
import type { ActiveConnection, PoolStatus } from "./PoolStatus.ts"
import { oldestSupported, ServerInfo } from "./ServerInfo.ts"

export type { Transforms }

/** A pool beside the application's own: another login, another size. */
export interface ManagedPool {
  readonly client: PgClient.PgClient
  readonly status: Effect.Effect<PoolStatus>
}

export interface ConnectionManagerService {
  /** A connection of one's own until the scope closes. */
  readonly getConnection: Effect.Effect<Connection, DatabaseError, Scope.Scope>
  /**
   * A second pool with these settings in place of the application's; it drains and
   * closes with the scope. A `username` here is logged in as it is, whatever `LoginSource` says.
   */
  readonly createPool: (
    options: Partial<Settings> & Transforms
  ) => Effect.Effect<ManagedPool, DatabaseError, Scope.Scope>
  /** One question to the server: is it there, may this login in, is it new enough. */
  readonly verifyConnection: Effect.Effect<ServerInfo, DatabaseError>
  /** As `verifyConnection`, retried until the start timeout while the server is not there, and shown in `state`. */
  readonly connect: Effect.Effect<ServerInfo, DatabaseError>
  /**
   * Refuses new work, lets what runs finish within the shutdown timeout, and closes every
   * connection, those of pools that `createPool` made included.
   */
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
    Effect.provideService(Persistent, true),
    Effect.flatMap((rows) =>
      Effect.mapError(
        decodeServer(rows),
        () =>
          new DatabaseError({ reason: new InvalidResult({ failure: "the server does not answer as PostgreSQL does" }) })
      )
    ),
    Effect.flatMap(([server]) =>
      server.versionNumber >= oldestSupported ? Effect.succeed(server) : Effect.fail(tooOld(server))
    )
  )

const tooOld = (server: ServerInfo): DatabaseError =>
  new DatabaseError({
    reason: new UnsupportedServer({ version: server.version, oldest: String(oldestSupported / 10_000) })
  })

/**
 * The login: what `LoginSource` says, where there is one, asked again for each
 * connection; else what the configuration says.
 */
const resolveLogin = Effect.fnUntraced(function* (settings: Settings, source: Option.Option<LoginSource["Service"]>) {
  if (Option.isNone(source)) return { username: settings.username, password: settings.password }
  const login = Effect.mapError(source.value.login, ({ message }) => new LoginUnavailable({ failure: message }))
  const { username } = yield* Effect.mapError(login, (reason) => new DatabaseError({ reason }))
  return { username, password: Effect.map(login, ({ password }) => password ?? Redacted.make("")) }
})

/**
 * The driver's pool waits for every connection to be given back, dead or not. A
 * fiber that never does so must not keep the application from ending: once the
 * shutdown timeout has cut the connections, it is waited for a little longer only.
 */
const closeWithin = (scope: Scope.Closeable, shutdownTimeout: Duration.Duration): Effect.Effect<void> =>
  Effect.flatMap(Effect.forkDetach(Scope.close(scope, Exit.void), { startImmediately: true }), (closing) =>
    Effect.asVoid(Effect.timeoutOption(Fiber.await(closing), Duration.sum(shutdownTimeout, Duration.millis(500))))
  )

const openPool = Effect.fnUntraced(function* (
  settings: Settings,
  transforms: Transforms,
  source: Option.Option<LoginSource["Service"]>,
  onCircuit: (circuit: Circuit) => Effect.Effect<void> = () => Effect.void
) {
  const login = yield* resolveLogin(settings, source)
  const scope = yield* Scope.make()
  const close = yield* Effect.cached(closeWithin(scope, settings.shutdownTimeout))
  yield* Effect.addFinalizer(() => close)
  const { pool } = yield* Scope.provide(DatabaseError.refine(makePool(settings, login, onCircuit)), scope)
  const client = yield* makeClient(settings, pool, transforms)
  // Whoever builds on a client, as migrations do, reads from its configuration how it names things.
  return { pool, close, client }
})

const silent = ({ host, port }: Settings): DatabaseError =>
  new DatabaseError({ reason: new ConnectTimeout({ host, port, phase: "connecting" }) })

/**
 * The connect timeout ends with the handshake, and may be none: a server that lets
 * in and then says nothing is given up here. It is not waited for either until such
 * a server has cancelled the statement, which takes the driver ten seconds.
 */
const answered = (settings: Settings, verified: Effect.Effect<ServerInfo, DatabaseError>) =>
  Effect.flatMap(Effect.forkDetach(verified, { startImmediately: true }), (asking) =>
    Effect.timeoutOrElse(Fiber.join(asking), {
      duration: settings.startTimeout,
      orElse: () => Effect.fail(silent(settings))
    }).pipe(Effect.ensuring(Effect.forkDetach(Fiber.interrupt(asking))))
  )

type State = SubscriptionRef.SubscriptionRef<ConnectionState>

const isClosing = ({ _tag }: ConnectionState): boolean => _tag === "Closing" || _tag === "Closed"

/** Once the manager closes, what a connection attempt finds out is no news. */
const advance = (state: State, next: ConnectionState): Effect.Effect<void> =>
  SubscriptionRef.updateSome(state, (now) => (isClosing(now) ? Option.none() : Option.some(next)))

/** A server that goes away, and comes back. While a start is retried, it tells its own steps. */
const follow =
  (state: State) =>
  (circuit: Circuit): Effect.Effect<void> =>
    SubscriptionRef.updateSome(state, (now) => {
      if (isClosing(now) || now._tag === "Retrying") return Option.none()
      const server = "server" in now ? now.server : undefined
      if (circuit._tag === "Closed") {
        return Option.some(
          server === undefined ? ConnectionState.Initializing() : ConnectionState.Connected({ server })
        )
      }
      const { error } = circuit
      if (circuit._tag === "HalfOpen") return Option.some(ConnectionState.Probing({ server, error }))
      const retryAfterMillis = Math.ceil(Number(circuit.retryAfterNanos) / 1e6)
      return Option.some(ConnectionState.Unavailable({ server, error, retryAfterMillis }))
    })

/** Tries until the server is there, the start timeout is over, or it cannot get better; every step is a state. */
const connectWith = (
  settings: Settings,
  verified: Effect.Effect<ServerInfo, DatabaseError>,
  state: State
): Effect.Effect<ServerInfo, DatabaseError> =>
  Effect.suspend(() => {
    let attempt = 0
    const tried = Effect.tapError(answered(settings, verified), (error) => {
      attempt++
      return Retry.isConnectionRetryable(error)
        ? Effect.andThen(
            advance(state, ConnectionState.Retrying({ attempt, error })),
            Effect.logWarning(`${describeTarget(settings)} is not reachable (attempt ${attempt}): ${error.message}`)
          )
        : Effect.void
    })
    const again = Retry.connection({
      attempts: Number.POSITIVE_INFINITY,
      budget: settings.startTimeout,
      cap: "2 seconds"
    })
    return again(tried).pipe(
      Effect.tap((server) => advance(state, ConnectionState.Connected({ server }))),
      Effect.tapError((error) => advance(state, ConnectionState.Failed({ error })))
    )
  })

/** Closes the pools, the later ones beside the first; closing again waits for the same end. */
const closeWith = (state: State, closes: ReadonlySet<Effect.Effect<void>>): Effect.Effect<void> =>
  advance(state, ConnectionState.Closing()).pipe(
    Effect.andThen(Effect.suspend(() => Effect.all(closes, { concurrency: "unbounded", discard: true }))),
    Effect.andThen(
      SubscriptionRef.updateSome(state, (now) =>
        now._tag === "Closed" ? Option.none() : Option.some(ConnectionState.Closed())
      )
    ),
    Effect.uninterruptible
  )

const makeService = (
  settings: Settings,
  { client, close, pool }: OpenPool & { readonly client: PgClient.PgClient },
  state: State,
  reactivity: Reactivity.Reactivity,
  source: Option.Option<LoginSource["Service"]>
): ConnectionManagerService => {
  const closes = new Set([close])
  return {
    getConnection: DatabaseError.refine(client.reserve),
    createPool: Effect.fn("ConnectionManager.createPool")(
      function* (options) {
        yield* checkOptions(takenByCreatePool, options)
        if (isClosing(SubscriptionRef.getUnsafe(state))) return yield* new DatabaseError({ reason: new PoolClosed({}) })
        const login = options.username === undefined ? source : Option.none()
        const { client, close, pool } = yield* openPool({ ...settings, ...options }, options, login)
        closes.add(close)
        yield* Effect.addFinalizer(() => Effect.sync(() => closes.delete(close)))
        return { client, status: Effect.sync(() => pool.status()) }
      },
      Effect.provideService(Reactivity.Reactivity, reactivity)
    ),
    verifyConnection: verify(client).pipe(Effect.withSpan("ConnectionManager.verifyConnection")),
    connect: connectWith(settings, verify(client), state).pipe(Effect.withSpan("ConnectionManager.connect")),
    closeAll: closeWith(state, closes).pipe(Effect.withSpan("ConnectionManager.closeAll")),
    poolStatus: Effect.sync(() => pool.status()),
    activeConnections: Effect.sync(() => pool.active()),
    state: SubscriptionRef.get(state),
    changes: SubscriptionRef.changes(state)
  }
}

const make = Effect.fnUntraced(function* (transforms: Transforms) {
  yield* checkOptions(takenByLayer, transforms)
  const settings = yield* DatabaseConfig
  const source = yield* Effect.serviceOption(LoginSource)
  const state = yield* SubscriptionRef.make<ConnectionState>(ConnectionState.Initializing())
  const open = yield* openPool(settings, transforms, source, follow(state))
  const reactivity = yield* Reactivity.Reactivity
  const manager = ConnectionManager.of(makeService(settings, open, state, reactivity, source))
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

  /**
   * A manager with exactly these settings, for work beside the application's: the
   * `LoginSource` of an application around it would answer with the application's login.
   */
  static readonly layerOf = (
    settings: Settings
  ): Layer.Layer<ConnectionManager | PgClient.PgClient | SqlClient.SqlClient, DatabaseError> =>
    ConnectionManager.layer().pipe(
      Layer.provide(LoginSource.layerStatic({ username: settings.username, password: settings.password })),
      Layer.provide(Layer.succeed(DatabaseConfig, settings))
    )
}
