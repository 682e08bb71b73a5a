/**
 * Files that only their owner may read, written so that a reader sees the old
 * contents or the new ones and never a part.
 *
 * The contents are staged in a fresh directory (mode 0700) beside the target,
 * hence on the same file system, and flushed to disk. The caller then decides
 * how the staged file takes its name: `link` never replaces a file that is
 * there, `rename` always does.
 */
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Path from "effect/Path"
import type { PlatformError } from "effect/PlatformError"
import type * as Scope from "effect/Scope"

/** Read and write for the owner, nothing for anybody else. */
export const ownerOnly = 0o600

const permissionBits = 0o777

/** The permission bits of a file, without its type. */
export const permissionsOf = (info: FileSystem.File.Info): number => info.mode & permissionBits

/** Writes `contents` to a private file beside `target`; it is removed when the scope closes, unless it was renamed. */
export const stage = Effect.fnUntraced(function* (
  target: string,
  contents: string
): Effect.fn.Return<string, PlatformError, FileSystem.FileSystem | Path.Path | Scope.Scope> {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const directory = yield* Effect.acquireRelease(
    fs.makeTempDirectory({ directory: path.dirname(target), prefix: `.${path.basename(target)}-` }),
    (directory) => Effect.ignore(fs.remove(directory, { recursive: true, force: true }))
  )
  const staged = path.join(directory, path.basename(target))
  yield* Effect.scoped(
    Effect.gen(function* () {
      const file = yield* fs.open(staged, { flag: "wx", mode: ownerOnly })
      yield* file.writeAll(new TextEncoder().encode(contents))
      yield* file.sync
    })
  )
  return staged
})

/**
 * Makes a name that was just given or replaced survive a power failure.
 *
 * The file is in place whatever this answers: some platforms (Windows) cannot
 * open a directory to flush it, and that is no reason to report the write as
 * failed.
 */
export const syncDirectory = Effect.fnUntraced(function* (
  target: string
): Effect.fn.Return<void, never, FileSystem.FileSystem | Path.Path> {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  yield* fs.open(path.dirname(target), { flag: "r" }).pipe(
    Effect.flatMap((directory) => directory.sync),
    Effect.scoped,
    Effect.ignore
  )
})
