/** Where the snapshot is that is committed with the migrations. */
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Option from "effect/Option"
import * as Path from "effect/Path"

/** The name of the file in a directory of migrations. */
export const snapshotName = "schema.json"

/** The first that is there. A directory that cannot be looked into has none: who reads the migrations says so. */
export const findSnapshot = Effect.fnUntraced(function* (
  directories: ReadonlyArray<string | URL>
): Effect.fn.Return<string | undefined, never, FileSystem.FileSystem | Path.Path> {
  const files = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  for (const directory of directories) {
    const place = directory instanceof URL ? path.fromFileUrl(directory) : Effect.succeed(directory)
    const file = yield* Effect.option(Effect.map(place, (found) => path.join(found, snapshotName)))
    if (Option.isSome(file) && (yield* Effect.orElseSucceed(files.exists(file.value), () => false))) return file.value
  }
  return undefined
})
