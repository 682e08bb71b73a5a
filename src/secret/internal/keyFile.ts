/**
 * The file that holds a key-encryption key.
 */
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as Effect from "effect/Effect"
import * as Base64 from "effect/encoding/Base64"
import * as FileSystem from "effect/FileSystem"
import * as Option from "effect/Option"
import * as Path from "effect/Path"
import type { PlatformError } from "effect/PlatformError"
import * as Redacted from "effect/Redacted"
import { KeyFileExposed, KeyFileUnusable, SecretError } from "../SecretError.ts"
import { keyLength } from "./keyText.ts"
import { permissionsOf, stage, syncDirectory } from "./privateFile.ts"

const ownerOnlyDirectory = 0o700
const otherUsers = 0o077
// Room for hundreds of keys; a path that points at a device or a dump is refused instead of read.
const maxBytes = 16 * 1024

/** The text of a key file, whatever its mode. */
export const readKeyFile = Effect.fnUntraced(function* (path: string, source: string) {
  const fs = yield* FileSystem.FileSystem
  return yield* Effect.scoped(
    Effect.gen(function* () {
      const file = yield* fs.open(path, { flag: "r" })
      return yield* readText(file, path, source)
    })
  ).pipe(Effect.catchTag("PlatformError", unusable(path, source)))
})

/** The text of a key file that nobody but its owner may read. */
export const readPrivateKeyFile = Effect.fnUntraced(function* (path: string) {
  const fs = yield* FileSystem.FileSystem
  return yield* Effect.scoped(
    Effect.gen(function* () {
      const file = yield* fs.open(path, { flag: "r" })
      // Asked of the open file: the name could point elsewhere a moment later.
      const mode = permissionsOf(yield* file.stat)
      if ((mode & otherUsers) !== 0) return yield* new SecretError({ reason: new KeyFileExposed({ path, mode }) })
      return yield* readText(file, path, "layerFile")
    })
  ).pipe(Effect.catchTag("PlatformError", unusable(path, "layerFile")))
})

/** Makes a key file with a random key, unless there is a file already. */
export const createKeyFile = Effect.fnUntraced(function* (path: string) {
  const fs = yield* FileSystem.FileSystem
  const paths = yield* Path.Path
  const random = yield* SecureRandom.SecureRandom
  const create = Effect.gen(function* () {
    if (yield* fs.exists(path)) return
    yield* fs.makeDirectory(paths.dirname(path), { recursive: true, mode: ownerOnlyDirectory })
    const staged = yield* stage(path, `${Base64.encode(yield* random.randomBytes(keyLength))}\n`)
    // A link gives the finished file its name in one step and never replaces one:
    // of two processes here at once, the second finds the key of the first.
    yield* fs.link(staged, path).pipe(
      Effect.catchIf(
        (error) => error.reason._tag === "AlreadyExists",
        () => Effect.void
      )
    )
    yield* syncDirectory(path)
  })
  yield* Effect.scoped(create).pipe(Effect.catchTag("PlatformError", unusable(path, "layerFile")))
})

const readText = Effect.fnUntraced(function* (file: FileSystem.File, path: string, source: string) {
  const bytes = Option.getOrElse(yield* file.readAlloc(maxBytes + 1), () => new Uint8Array())
  if (bytes.length > maxBytes) {
    return yield* new SecretError({
      reason: new KeyFileUnusable({ path, source, description: `it is larger than ${maxBytes} bytes` })
    })
  }
  return Redacted.make(new TextDecoder().decode(bytes))
})

const descriptions: Readonly<Record<string, string>> = {
  NotFound: "there is no such file",
  PermissionDenied: "this process is not allowed to open or create it",
  BadResource: "it, or a part of its path, is of the wrong kind"
}

const unusable = (path: string, source: string) => (error: PlatformError) =>
  Effect.fail(
    new SecretError({
      reason: new KeyFileUnusable({ path, source, description: descriptions[error.reason._tag] ?? error.message })
    })
  )
