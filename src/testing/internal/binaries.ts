/**
 * Binaries that the server's user can run.
 *
 * The installed ones are used where they lie whenever that works. It does not
 * when root's checkout is closed to others (a clone in /root), when the files
 * were unpacked under a strict umask, or when npm ran without install scripts,
 * which are what creates the links between the shared libraries. Then one copy,
 * put right in all three respects, is kept in the temporary directory.
 */
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Option from "effect/Option"
import * as Path from "effect/Path"
import * as Schema from "effect/Schema"
import { createHash } from "node:crypto"
import { tmpdir } from "node:os"
import { BinariesUnusable, EmbeddedPostgresError } from "../EmbeddedPostgresError.ts"
import type { PackageRequest } from "./packages.ts"
import { findNative } from "./packages.ts"
import type { ProbeResult } from "./probe.ts"
import { probe } from "./probe.ts"
import type { ServerUser } from "./serverUser.ts"

export interface Binaries {
  readonly postgres: string
  readonly initdb: string
  /** For example "18.4". */
  readonly version: string
  readonly major: number
}

const Links = Schema.fromJsonString(Schema.Array(Schema.Struct({ source: Schema.String, target: Schema.String })))

// The server also reads its share directory, and only initdb notices when it cannot.
const tryThem = `
"$1/bin/postgres" --version && "$1/bin/initdb" --version >/dev/null || exit 1
[ ! -e "$1/share/postgresql" ] || [ -r "$1/share/postgresql/postgres.bki" ]
`

const binariesIn = (path: Path.Path, native: string, result: ProbeResult): Binaries => {
  const version = /(\d+(?:\.\d+)*)/.exec(result.output)?.[1] ?? ""
  return {
    postgres: path.join(native, "bin", "postgres"),
    initdb: path.join(native, "bin", "initdb"),
    version,
    major: Number(version.split(".")[0])
  }
}

/** Recreates the links that the platform package's install script makes. */
const restoreLinks = Effect.fnUntraced(function* (native: string, copy: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const links = yield* fs
    .readFileString(path.join(native, "pg-symlinks.json"))
    .pipe(Effect.flatMap(Schema.decodeEffect(Links)), Effect.option)
  const root = path.dirname(copy)
  for (const { source, target } of Option.getOrElse(links, () => [])) {
    const link = path.join(root, target)
    const relative = path.relative(path.dirname(link), path.join(root, source))
    yield* fs.remove(link, { force: true })
    yield* fs.symlink(relative, link)
  }
})

/** Copies to a private neighbour and renames it, so that a half-made or concurrent copy is never used. */
const copyTo = Effect.fnUntraced(function* (native: string, target: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const draft = yield* fs.makeTempDirectoryScoped({ directory: path.dirname(target), prefix: "pgkeel-copy-" })
  const copy = path.join(draft, "native")
  yield* fs.copy(native, copy)
  yield* restoreLinks(native, copy)
  const asThisUser: ServerUser = { name: "the current user", switchTo: undefined }
  yield* probe(asThisUser, `chmod -R a+rX,go-w "$1" && chmod a+rx "$1"/native/bin/*`, draft)
  yield* fs.rename(copy, target).pipe(Effect.ignore)
}, Effect.scoped)

/**
 * The folder of the copy. Its name follows the original, so an upgrade makes a
 * new one; it counts only when it belongs to this user, because anyone may
 * create names in the temporary directory.
 */
const copyOf = Effect.fnUntraced(function* (native: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const uid = process.getuid?.()
  const original = yield* fs.stat(path.join(native, "bin", "postgres"))
  const modified = Option.match(original.mtime, { onNone: () => "", onSome: (date) => date.toISOString() })
  const digest = createHash("sha256").update(`${native}\n${modified}\n${original.size}`).digest("hex").slice(0, 16)
  const target = path.join(tmpdir(), `pgkeel-postgres-${uid}-${digest}`)
  const ours = fs.lstat(target).pipe(
    Effect.map((info) => info.type === "Directory" && Option.contains(info.uid, uid) && (info.mode & 0o022) === 0),
    Effect.orElseSucceed(() => false)
  )
  if (!(yield* ours)) yield* copyTo(native, target)
  return (yield* ours) ? Option.some(target) : Option.none()
})

/** Finds the binaries, checks that `user` can run them, and copies them once when it cannot. */
export const usableBinaries = Effect.fnUntraced(function* (request: PackageRequest, user: ServerUser) {
  const path = yield* Path.Path
  const native = yield* findNative(request)
  const inPlace = yield* probe(user, tryThem, native)
  if (inPlace.succeeded) return binariesIn(path, native, inPlace)

  const copy = yield* copyOf(native).pipe(Effect.orElseSucceed(() => Option.none<string>()))
  const copied = Option.isSome(copy) ? yield* probe(user, tryThem, copy.value) : inPlace
  if (Option.isSome(copy) && copied.succeeded) return binariesIn(path, copy.value, copied)
  return yield* new EmbeddedPostgresError({
    reason: new BinariesUnusable({ directory: native, account: user.name, detail: copied.output })
  })
})
