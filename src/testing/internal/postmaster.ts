/**
 * The running server: started, waited for, signalled and stopped.
 *
 * Ready means that the server says so in `postmaster.pid`, under its own
 * process id: a file left by a killed server says so too.
 */
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Path from "effect/Path"
import * as Schedule from "effect/Schedule"
import * as Scope from "effect/Scope"
import * as Exit from "effect/Exit"
import { EmbeddedPostgresError } from "../EmbeddedPostgresError.ts"
import type { Binaries } from "./binaries.ts"
import { freePort } from "./freePort.ts"
import type { GuardedProcess, Place } from "./guardedProcess.ts"
import { spawnGuarded } from "./guardedProcess.ts"
import { inRealTime } from "./realTime.ts"
import { classifyStart, logLinePrefix, logTail } from "./serverLog.ts"
import { settingArguments } from "./settings.ts"
import type { ServerUser } from "./serverUser.ts"

export interface PostmasterOptions {
  readonly binaries: Binaries
  readonly directory: string
  readonly place: Place
  readonly user: ServerUser
  readonly workspace: string
  readonly host: string
  readonly settings: Readonly<Record<string, string>>
}

export interface Postmaster {
  readonly guarded: GuardedProcess
  readonly port: number
  readonly processId: number
  readonly scope: Scope.Closeable
}

const logFile = (path: Path.Path, options: PostmasterOptions) => path.join(options.workspace, "server.log")

const argumentsFor = (options: PostmasterOptions, port: number) => {
  const settings = {
    listen_addresses: options.host,
    unix_socket_directories: "",
    log_destination: "stderr",
    logging_collector: "off",
    log_line_prefix: logLinePrefix,
    ...options.settings,
    port: String(port)
  }
  return ["-D", options.place.path, ...settingArguments(settings)]
}

const failure = Effect.fnUntraced(function* (options: PostmasterOptions, port: number, detail: string) {
  const path = yield* Path.Path
  const log = yield* logTail(logFile(path, options))
  const { directory, host } = options
  return yield* new EmbeddedPostgresError({ reason: classifyStart({ directory, host, port, detail, log }) })
})

/** The eighth line of `postmaster.pid` is the status (PostgreSQL source, `utils/pidfile.h`). */
const isReady = Effect.fnUntraced(function* (options: PostmasterOptions, processId: number) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const text = yield* fs
    .readFileString(path.join(options.directory, "postmaster.pid"))
    .pipe(Effect.orElseSucceed(() => ""))
  const lines = text.split("\n")
  return Number(lines[0]) === processId && lines[7]?.trim() === "ready"
})

const awaitReady = (options: PostmasterOptions, guarded: GuardedProcess, processId: number, port: number) =>
  isReady(options, processId).pipe(
    Effect.repeat({ schedule: Schedule.spaced("10 millis"), until: (ready) => ready }),
    Effect.raceFirst(
      Effect.flatMap(guarded.exitCode, (code) => failure(options, port, `it ended with exit code ${code}`))
    ),
    Effect.timeoutOrElse({
      duration: "60 seconds",
      orElse: () => failure(options, port, "it was not ready after 60 seconds")
    }),
    inRealTime
  )

const launch = Effect.fnUntraced(function* (options: PostmasterOptions, port: number, scope: Scope.Closeable) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  yield* Effect.ignore(fs.remove(logFile(path, options), { force: true }))
  const guarded = yield* spawnGuarded({
    command: options.binaries.postgres,
    args: argumentsFor(options, port),
    user: options.user,
    place: options.place,
    log: logFile(path, options),
    stopSignal: "INT",
    removeWhenLost: options.workspace
  }).pipe(Scope.provide(scope))
  const processId = yield* guarded.processId
  if (processId === undefined) return yield* failure(options, port, "the shell /bin/sh could not be run")
  yield* awaitReady(options, guarded, processId, port)
  return { guarded, port, processId, scope }
})

/** Starts the server in a scope below the current one; closing either stops it. */
export const startPostmaster = Effect.fnUntraced(function* (options: PostmasterOptions, port: number) {
  const scope = yield* Scope.fork(yield* Effect.scope)
  return yield* Effect.onError(launch(options, port, scope), (cause) => Scope.close(scope, Exit.failCause(cause)))
})

/** Tries another port when one was taken between being found free and being bound. */
export const startOnFreePort = (options: PostmasterOptions) =>
  Effect.flatMap(freePort(options.host), (port) => startPostmaster(options, port)).pipe(
    Effect.retry({ times: 5, while: ({ reason }) => reason._tag === "PortTaken" })
  )
