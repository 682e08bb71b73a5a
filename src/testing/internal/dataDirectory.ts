/**
 * A data directory that is there, complete, of the right version, and writable.
 *
 * initdb writes `PG_VERSION` first, so a directory whose initdb was killed looks
 * finished. Here initdb works in a staging directory inside, and its result is
 * moved up with `PG_VERSION` last: where that file is, everything is. A staging
 * directory without it is the trace of a killed run and is begun again.
 */
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Option from "effect/Option"
import * as Path from "effect/Path"
import type * as PlatformError from "effect/PlatformError"
import * as Redacted from "effect/Redacted"
import {
  DataDirectoryInUse,
  DataDirectoryNotEmpty,
  DataDirectoryNotWritable,
  DataDirectoryVersionMismatch,
  EmbeddedPostgresError,
  InitFailed
} from "../EmbeddedPostgresError.ts"
import type { Reason } from "../EmbeddedPostgresError.ts"
import type { Binaries } from "./binaries.ts"
import { spawnGuarded } from "./guardedProcess.ts"
import { findPlace, handOver } from "./place.ts"
import { logTail } from "./serverLog.ts"
import type { ServerUser } from "./serverUser.ts"

export interface DataDirectoryOptions {
  readonly binaries: Binaries
  readonly directory: string
  readonly user: ServerUser
  readonly workspace: string
  readonly username: string
  readonly password: Redacted.Redacted
  readonly durable: boolean
}

const stagingPrefix = ".pgkeel-initdb-"

const fail = (reason: Reason) => Effect.fail(new EmbeddedPostgresError({ reason }))

const isAlive = (processId: number) =>
  Effect.try({ try: () => process.kill(processId, 0), catch: (error) => error }).pipe(
    Effect.catch((error) => Effect.succeed(error instanceof Error && "code" in error && error.code === "EPERM"))
  )

/**
 * Names sort and compare the same on every host, and upper and lower case work
 * beyond ASCII: from 17 PostgreSQL brings such a locale itself.
 */
const localeArguments = (major: number) =>
  major >= 17
    ? ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    : ["--locale=C", process.platform === "darwin" ? "--lc-ctype=UTF-8" : "--lc-ctype=C.UTF-8"]

const runInitdb = Effect.fnUntraced(function* (options: DataDirectoryOptions, staging: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const passwordFile = path.join(options.workspace, "password")
  const log = path.join(options.workspace, "initdb.log")
  yield* fs.writeFileString(passwordFile, `${Redacted.value(options.password)}\n`, { mode: 0o600 })
  yield* handOver(passwordFile, options.user)
  yield* fs.makeDirectory(staging, { mode: 0o700 })
  yield* handOver(staging, options.user)
  const place = yield* findPlace(options.user, staging)
  const initdb = yield* spawnGuarded({
    command: options.binaries.initdb,
    args: [
      `--pgdata=${place.path}`,
      `--username=${options.username}`,
      `--pwfile=${passwordFile}`,
      "--auth=scram-sha-256",
      "--encoding=UTF8",
      ...localeArguments(options.binaries.major),
      ...(options.durable ? [] : ["--no-sync"])
    ],
    user: options.user,
    place,
    log,
    stopSignal: "TERM",
    removeWhenLost: options.workspace
  })
  const exitCode = yield* initdb.exitCode
  yield* fs.remove(passwordFile, { force: true })
  if (exitCode !== 0) {
    return yield* fail(new InitFailed({ directory: options.directory, detail: yield* logTail(log) }))
  }
}, Effect.scoped)

const moveUp = Effect.fnUntraced(function* (staging: string, directory: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const entries = yield* fs.readDirectory(staging)
  for (const name of [...entries.filter((entry) => entry !== "PG_VERSION"), "PG_VERSION"]) {
    yield* fs.rename(path.join(staging, name), path.join(directory, name))
  }
  yield* fs.remove(staging, { recursive: true })
})

/** One level at a time: Node's recursive mkdir never returns where the file system itself refuses, as /proc does. */
const makeDirectories = (
  directory: string
): Effect.Effect<void, PlatformError.PlatformError, FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    if (yield* fs.exists(directory)) return
    yield* makeDirectories(path.dirname(directory))
    yield* fs.makeDirectory(directory)
  })

/** Refuses what is not ours to fill, and removes what a killed run left. */
const clearTraces = Effect.fnUntraced(function* (directory: string, entries: ReadonlyArray<string>) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const staging = entries.filter((entry) => entry.startsWith(stagingPrefix))
  const complete = entries.includes("PG_VERSION")
  for (const name of staging) {
    const processId = Number(name.slice(stagingPrefix.length))
    // After a container's restart the dead run's process id may well be this one.
    if (processId !== process.pid && (yield* isAlive(processId))) {
      return yield* fail(new DataDirectoryInUse({ directory, processId }))
    }
  }
  if (!complete && staging.length === 0 && entries.length > 0) {
    return yield* fail(new DataDirectoryNotEmpty({ directory }))
  }
  for (const name of complete ? staging : entries) yield* fs.remove(path.join(directory, name), { recursive: true })
})

const checkVersion = Effect.fnUntraced(function* (directory: string, binaries: Binaries) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const found = (yield* fs.readFileString(path.join(directory, "PG_VERSION"))).trim()
  const expected = String(binaries.major)
  if (found !== expected) return yield* fail(new DataDirectoryVersionMismatch({ directory, found, expected }))
})

/** An existing data directory is run by its owner, because the server refuses any other account. */
export const ownerOf = Effect.fnUntraced(function* (directory: string, user: ServerUser) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  if (user.switchTo === undefined) return user
  const info = yield* fs.stat(path.join(directory, "PG_VERSION")).pipe(Effect.option)
  const uid = Option.getOrElse(
    Option.flatMap(info, (file) => file.uid),
    () => 0
  )
  const gid = Option.getOrElse(
    Option.flatMap(info, (file) => file.gid),
    () => 0
  )
  return uid === 0 || uid === user.switchTo.uid ? user : { name: `uid ${uid}`, switchTo: { uid, gid } }
})

/** Makes the data directory where it is missing; the result says where it is, and whether it was made now. */
export const prepareDataDirectory = Effect.fnUntraced(
  function* (options: DataDirectoryOptions) {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const { directory, user } = options
    yield* makeDirectories(directory)
    const entries = yield* fs.readDirectory(directory)
    const complete = entries.includes("PG_VERSION")
    yield* clearTraces(directory, entries)
    if (complete) yield* checkVersion(directory, options.binaries)
    else {
      yield* handOver(directory, user)
      yield* fs.chmod(directory, 0o700)
    }
    const place = yield* findPlace(user, directory)
    if (complete) return { place, isNew: false }
    const staging = path.join(directory, `${stagingPrefix}${process.pid}`)
    yield* runInitdb(options, staging)
    yield* moveUp(staging, directory)
    return { place, isNew: true }
  },
  (effect, { directory, user }) =>
    Effect.catchTag(effect, "PlatformError", (error) =>
      fail(new DataDirectoryNotWritable({ directory, account: user.name, detail: error.message }))
    )
)
