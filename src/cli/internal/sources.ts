/** Which migrations a command is about. */
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Path from "effect/Path"
import { migrationsDirectory } from "../../config/MigrationsDirectory.ts"
import { resolve } from "../../migration/internal/directory.ts"
import { parseEntry } from "../../migration/internal/fileName.ts"
import type { DirectorySource, MigrationSource, SeedSource } from "../../migration/MigrationSource.ts"
import { own, ownNamespace } from "../../migration/MigrationSource.ts"
import type { CommandConfig } from "../CommandConfig.ts"
import { failUsage } from "./failure.ts"
import { hasLogin } from "./secrets.ts"

/** The namespace of a directory that is given without one. */
export const defaultNamespace = "app"

/** `path`, or `namespace=path`. What has a slash or a dot in it is no namespace. */
const parseDirectory = (given: string) => {
  const [, namespace = defaultNamespace, directory = ""] = /^(?:([^=./\\]*)=)?(.*)$/su.exec(given) ?? []
  // A namespace is shown, and stays in the history: a login that stands there is none.
  if (namespace === "" || directory === "" || hasLogin(namespace)) {
    return failUsage(`the directory ${given} is not accepted: give a path, or NAMESPACE=PATH such as app=./migrations`)
  }
  return namespace === ownNamespace
    ? failUsage(
        `the directory ${given} is not accepted: the namespace ${ownNamespace} is that of the package's own tables`
      )
    : Effect.succeed<DirectorySource>({ namespace, directory })
}

const parseAll = (given: ReadonlyArray<string>) => Effect.forEach(given, parseDirectory)

const found = Effect.fnUntraced(function* (dirs: ReadonlyArray<string>, config: CommandConfig) {
  if (dirs.length > 0) return yield* parseAll(dirs)
  const { dir, sources } = config
  if (sources !== undefined) return sources.filter(({ namespace }) => namespace !== ownNamespace)
  if (dir !== undefined) return yield* parseAll([dir].flat())
  const directory = yield* migrationsDirectory(own.directory)
  return directory === undefined ? [] : [{ namespace: defaultNamespace, directory }]
})

/** What the flags name, else the configuration file, else the directory that an application without options would have. */
export const sourcesOf = (dirs: ReadonlyArray<string>, config: CommandConfig) =>
  Effect.map(found(dirs, config), (sources): ReadonlyArray<MigrationSource> => [own, ...sources])

/** Most environments need no seeds of their own; whoever names one on the command line may have thought that it has some. */
const noteMissing = Effect.fnUntraced(function* (directory: string | URL, environment: string) {
  const fs = yield* FileSystem.FileSystem
  const { fromFileUrl, join } = yield* Path.Path
  const folder = join(directory instanceof URL ? yield* fromFileUrl(directory) : directory, environment)
  const exists = yield* Effect.orElseSucceed(fs.exists(folder), () => true)
  if (!exists) yield* Effect.logWarning(`there is no ${folder}: only the seeds for every environment run`)
})

/** A directory that is not the one that was meant would leave everything as it is, and the command end well. */
export const noteEmpty = Effect.fnUntraced(
  function* (source: MigrationSource) {
    if (source === own || !("directory" in source)) return
    const fs = yield* FileSystem.FileSystem
    const directory = yield* resolve(source)
    const names = yield* fs.readDirectory(directory)
    if (names.some((name) => mayHold.has(parseEntry(name)._tag))) return
    yield* Effect.logWarning(
      `there is no migration in ${directory} (${source.namespace}): correct the directory, ` +
        "or make one with `pgkeel migrate new`"
    )
  },
  // Whoever reads the directory says why it cannot be.
  (effect) => Effect.ignore(effect)
)

/** What is a migration, or is refused for being none. */
const mayHold: ReadonlySet<string> = new Set<ReturnType<typeof parseEntry>["_tag"]>([
  "Sql",
  "Module",
  "Folder",
  "Refused"
])

/** The flags, each over what the configuration has in its place. */
export const seedsOf = Effect.fnUntraced(function* (
  directory: string | undefined,
  environment: string | undefined,
  { seeds }: CommandConfig
) {
  const from = directory ?? seeds?.directory
  if (from !== undefined) {
    if (environment !== undefined) yield* noteMissing(from, environment)
    return { directory: from, environment: environment ?? seeds?.environment } satisfies SeedSource
  }
  return environment === undefined
    ? undefined
    : yield* failUsage(`--environment ${environment} is about seeds, and there are none: give --seeds too`)
})

/** The file of a migration, as a person finds it. */
export const pathOf = Effect.fnUntraced(function* (
  sources: ReadonlyArray<MigrationSource>,
  { file, namespace }: { readonly namespace: string; readonly file: string }
) {
  const { fromFileUrl, join } = yield* Path.Path
  const source = sources.find((source) => source.namespace === namespace)
  if (source === undefined || !("directory" in source)) return undefined
  const { directory } = source
  return join(directory instanceof URL ? yield* fromFileUrl(directory) : directory, file)
})
