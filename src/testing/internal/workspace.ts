/**
 * A directory of the server's own under the temporary directory, for as long as
 * the scope is open: the password file that initdb reads, its output, and the
 * data directory of a server that is not meant to last.
 */
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import { tmpdir } from "node:os"
import { DataDirectoryNotWritable, EmbeddedPostgresError } from "../EmbeddedPostgresError.ts"
import { findPlace, handOver } from "./place.ts"
import type { ServerUser } from "./serverUser.ts"

const makeIn = Effect.fnUntraced(function* (parent: string, user: ServerUser) {
  const fs = yield* FileSystem.FileSystem
  const directory = yield* Effect.acquireRelease(
    fs.makeTempDirectory({ directory: parent, prefix: "pgkeel-server-" }),
    (path) => Effect.ignore(fs.remove(path, { recursive: true, force: true }))
  )
  yield* handOver(directory, user)
  const place = yield* findPlace(user, directory)
  if (place.path === directory) return directory
  const detail = "it can be reached only from inside"
  return yield* new EmbeddedPostgresError({
    reason: new DataDirectoryNotWritable({ directory, account: user.name, detail })
  })
})

/** TMPDIR may lead to a place that only root can enter, such as /root/tmp; /tmp is open to all. */
export const makeWorkspace = Effect.fnUntraced(function* (user: ServerUser) {
  return yield* makeIn(tmpdir(), user).pipe(
    Effect.catch(() => makeIn("/tmp", user)),
    Effect.catchTag("PlatformError", (error) =>
      Effect.fail(
        new EmbeddedPostgresError({
          reason: new DataDirectoryNotWritable({ directory: tmpdir(), account: user.name, detail: error.message })
        })
      )
    )
  )
})
