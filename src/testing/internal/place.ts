/**
 * How the server's user reaches a directory.
 *
 * Root's projects often lie under /root, which nobody else may enter. On Linux a
 * process that is started inside such a directory can go on working there, by
 * way of an open descriptor: root enters first, and gives up its rights after.
 */
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import { DataDirectoryNotWritable, EmbeddedPostgresError } from "../EmbeddedPostgresError.ts"
import type { Place } from "./guardedProcess.ts"
import { insidePath } from "./guardedProcess.ts"
import { probe, probeIn } from "./probe.ts"
import type { ServerUser } from "./serverUser.ts"

/** Gives a file or directory to the server's user. */
export const handOver = Effect.fnUntraced(function* (path: string, user: ServerUser) {
  const fs = yield* FileSystem.FileSystem
  if (user.switchTo !== undefined) yield* fs.chown(path, user.switchTo.uid, user.switchTo.gid)
})

const isWritable = `cd "$1" && [ -w . ] || { echo "it cannot be written" >&2; exit 1; }`

const isWritableFromInside = `exec 4<. && cd ${insidePath} && [ -w . ]`

/** The place of a directory that the user can enter and write, or the reason why it cannot. */
export const findPlace = Effect.fnUntraced(function* (user: ServerUser, directory: string) {
  const byName = yield* probe(user, isWritable, directory)
  if (byName.succeeded) return { path: directory, workingDirectory: "/" } satisfies Place
  if (user.switchTo !== undefined) {
    const inside = yield* probeIn(directory, user, isWritableFromInside)
    if (inside.succeeded) return { path: insidePath, workingDirectory: directory } satisfies Place
  }
  return yield* new EmbeddedPostgresError({
    reason: new DataDirectoryNotWritable({ directory, account: user.name, detail: byName.output })
  })
})
