/**
 * Credentials for a developer's own machine, in a file that `node --env-file`
 * and `sh` read alike, such as `.env.credentials`.
 *
 * The file is private to its owner whatever the umask, a reader sees either the
 * old file or the new one, lines that belong to others stay as they are, and a
 * file that already says the same is not touched. A symbolic link is refused:
 * the directory may be somebody else's, and so may be the place it points at.
 */
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Path from "effect/Path"
import type { PlatformError } from "effect/PlatformError"
import * as Redacted from "effect/Redacted"
import { ownerOnly, permissionsOf, stage, syncDirectory } from "../secret/internal/privateFile.ts"
import { CredentialError, EnvFileUnusable } from "./CredentialError.ts"
import { assignment, merge } from "./internal/envText.ts"

export type Variables = Readonly<Record<string, string | Redacted.Redacted<string>>>

/**
 * Sets `variables` in the file at `path`, which is created when it is missing;
 * its directory is not. Says whether anything had to change.
 *
 * Two writers of one file at the same moment leave a whole file, the later one's.
 */
export const write = Effect.fn("EnvFile.write")(function* (
  path: string,
  variables: Variables
): Effect.fn.Return<"written" | "unchanged", CredentialError, FileSystem.FileSystem | Path.Path> {
  const assignments = new Map<string, string>()
  for (const [variable, value] of Object.entries(variables)) {
    assignments.set(variable, yield* assignment(variable, Redacted.isRedacted(value) ? Redacted.value(value) : value))
  }
  return yield* Effect.scoped(update(path, assignments)).pipe(
    Effect.catchTag("PlatformError", (error) => unusable(path, describe(error)))
  )
})

/**
 * Fails as `write` would, where that is certain before it is known what to write. A file
 * that is there may turn out to say the same already, and then need not be writable.
 * Nothing is left behind, and `write` finds out for itself what has changed since.
 */
export const check = Effect.fn("EnvFile.check")(function* (
  path: string
): Effect.fn.Return<void, CredentialError, FileSystem.FileSystem | Path.Path> {
  const fs = yield* FileSystem.FileSystem
  const { dirname } = yield* Path.Path
  yield* Effect.flatMap(read(path), (existing) =>
    existing === undefined ? fs.access(dirname(path), { writable: true }) : Effect.void
  ).pipe(Effect.catchTag("PlatformError", (error) => unusable(path, describe(error))))
})

const update = Effect.fnUntraced(function* (path: string, assignments: ReadonlyMap<string, string>) {
  const fs = yield* FileSystem.FileSystem
  const existing = yield* read(path)
  const contents = merge(existing?.contents ?? "", assignments)
  if (existing !== undefined && existing.contents === contents) {
    if (existing.mode !== ownerOnly) yield* fs.chmod(path, ownerOnly)
    return "unchanged"
  }
  const staged = yield* stage(path, contents)
  yield* fs.rename(staged, path)
  yield* syncDirectory(path)
  return "written"
})

const read = Effect.fnUntraced(function* (path: string) {
  const fs = yield* FileSystem.FileSystem
  const info = yield* fs.lstat(path).pipe(
    Effect.catchIf(
      (error) => error.reason._tag === "NotFound",
      () => Effect.succeed(undefined)
    )
  )
  if (info === undefined) return undefined
  if (info.type === "SymbolicLink") return yield* unusable(path, "it is a symbolic link; name the file itself")
  if (info.type !== "File") return yield* unusable(path, "it is not a regular file")
  return { contents: yield* fs.readFileString(path), mode: permissionsOf(info) }
})

const descriptions: Readonly<Record<string, string>> = {
  NotFound: "its directory does not exist; create it first",
  PermissionDenied: "this process is not allowed to write there",
  BadResource: "a part of its path is not a directory"
}

const describe = (error: PlatformError): string => descriptions[error.reason._tag] ?? error.message

const unusable = (path: string, description: string) =>
  Effect.fail(new CredentialError({ reason: new EnvFileUnusable({ path, description }) }))
