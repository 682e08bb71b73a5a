/**
 * Reads the sources into migrations in the order in which they run: the
 * package's own first, then the namespaces as given, each by its ids. Files are
 * read and hashed each time, because that is how an edit is noticed; nothing is
 * parsed and no module is imported here.
 */
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Path from "effect/Path"
import type { PlatformError } from "effect/PlatformError"
import { MigrationError } from "../MigrationError.ts"
import { DirectoryUnreadable, Duplicate, InvalidFile } from "../MigrationErrorReason.ts"
import { type CodeSource, type DirectorySource, type MigrationSource, ownNamespace } from "../MigrationSource.ts"
import { checksum, decodeText } from "./checksum.ts"
import { type Entry, parseEntry } from "./fileName.ts"
import { compareIds, idKey, type Migration } from "./migration.ts"

/** A namespace and its migrations, in order. */
export interface LoadedSource {
  readonly namespace: string
  readonly migrations: ReadonlyArray<Migration>
}

const filesReadAtOnce = 32

export const load = Effect.fnUntraced(function* (sources: ReadonlyArray<MigrationSource>) {
  const ordered = [
    ...sources.filter((source) => source.namespace === ownNamespace),
    ...sources.filter((source) => source.namespace !== ownNamespace)
  ]
  const twice = ordered.find((source, i) => ordered.findIndex((other) => other.namespace === source.namespace) !== i)
  if (twice !== undefined) {
    return yield* fail(new Duplicate({ namespace: twice.namespace, files: [] }))
  }
  return yield* Effect.forEach(ordered, loadSource)
})

const loadSource = Effect.fnUntraced(function* (source: MigrationSource) {
  const { namespace } = source
  const found = "directory" in source ? yield* fromDirectory(source) : yield* fromCode(source)
  const migrations = found.toSorted((left, right) => compareIds(left.id, right.id))
  for (const [i, migration] of migrations.entries()) {
    const next = migrations[i + 1]
    if (next !== undefined && idKey(next.id) === idKey(migration.id)) {
      const files = [migration.up.file, next.up.file]
      return yield* fail(new Duplicate({ namespace, id: migration.id, files }))
    }
  }
  return { namespace, migrations } satisfies LoadedSource
})

const fromCode = ({ migrations, namespace }: CodeSource): Effect.Effect<ReadonlyArray<Migration>, MigrationError> =>
  Effect.forEach(migrations, ({ down, id, name, transaction = true, up }) => {
    const file = `${id}_${name}`
    if (!/^\d+$/u.test(id)) {
      return fail(new InvalidFile({ namespace, path: file, problem: "its id must be made of digits" }))
    }
    return Effect.succeed<Migration>({
      namespace,
      id,
      name,
      kind: "code",
      checksum: undefined,
      up: { _tag: "Code", file, effect: up, transaction },
      down: down && { _tag: "Code", file, effect: down, transaction }
    })
  })

const fromDirectory = Effect.fnUntraced(function* ({ directory: given, namespace }: DirectorySource) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const unreadable = (error: { readonly message: string }) =>
    new MigrationError({
      reason: new DirectoryUnreadable({ namespace, directory: String(given), problem: error.message })
    })
  const directory = path.resolve(
    typeof given === "string" ? given : yield* path.fromFileUrl(given).pipe(Effect.mapError(unreadable))
  )
  const names = yield* fs
    .readDirectory(directory)
    .pipe(
      Effect.mapError(
        (error) =>
          new MigrationError({ reason: new DirectoryUnreadable({ namespace, directory, problem: problemOf(error) }) })
      )
    )
  const entries = yield* classify(namespace, directory, names)
  const downs = new Map(
    entries.flatMap((entry) => (entry._tag === "Sql" && entry.direction === "down" ? [[stem(entry), entry]] : []))
  )
  const ups = entries.filter((entry) => entry._tag === "Module" || entry.direction === "up")
  yield* refuseLoneDowns(namespace, ups, downs)
  return yield* Effect.forEach(ups, (up) => fromFile(namespace, up, downs.get(stem(up))), {
    concurrency: filesReadAtOnce
  })
})

type FileEntry = Extract<Entry, { readonly _tag: "Sql" | "Module" }> & { readonly file: string; readonly path: string }

const stem = (entry: FileEntry): string => `${entry.id}_${entry.name}`

const classify = Effect.fnUntraced(function* (namespace: string, directory: string, names: ReadonlyArray<string>) {
  const { join } = yield* Path.Path
  const files: Array<FileEntry> = []
  for (const file of names) {
    const entry = parseEntry(file)
    const path = join(directory, file)
    if (entry._tag === "Sql" || entry._tag === "Module") {
      files.push({ ...entry, file, path })
    } else if (entry._tag === "Refused") {
      return yield* fail(new InvalidFile({ namespace, path, problem: entry.problem }))
    }
  }
  return files
})

const refuseLoneDowns = Effect.fnUntraced(function* (
  namespace: string,
  ups: ReadonlyArray<FileEntry>,
  downs: ReadonlyMap<string, FileEntry>
) {
  const known = new Set(ups.filter((up) => up._tag === "Sql").map(stem))
  for (const [name, { path }] of downs) {
    if (!known.has(name)) {
      return yield* fail(new InvalidFile({ namespace, path, problem: `there is no ${name}.up.sql beside it` }))
    }
  }
})

const fromFile = Effect.fnUntraced(function* (namespace: string, up: FileEntry, down: FileEntry | undefined) {
  const fs = yield* FileSystem.FileSystem
  const read = (entry: FileEntry) => readText(fs, namespace, entry.path)
  const text = yield* read(up)
  const { file, id, name, path } = up
  const common = { namespace, id, name, checksum: checksum(text) }
  if (up._tag === "Module") {
    const script = { _tag: "Module", file, path } as const
    return { ...common, kind: "module", up: script, down: script } satisfies Migration
  }
  return {
    ...common,
    kind: "sql",
    up: { _tag: "Sql", file, text: Effect.succeed(text) },
    down: down && { _tag: "Sql", file: down.file, text: read(down) }
  } satisfies Migration
})

const readText = (fs: FileSystem.FileSystem, namespace: string, path: string) =>
  fs.readFile(path).pipe(
    Effect.mapError(invalid(namespace, path)),
    Effect.flatMap((bytes) => {
      const text = decodeText(bytes)
      if (text === undefined) {
        return fail(new InvalidFile({ namespace, path, problem: "it is not UTF-8; save it as UTF-8" }))
      }
      // The parser takes a C string: what follows a NUL would be dropped in silence.
      if (text.includes("\0")) {
        return fail(new InvalidFile({ namespace, path, problem: "it has a NUL character; remove it" }))
      }
      return Effect.succeed(text)
    })
  )

const invalid = (namespace: string, path: string) => (error: PlatformError) =>
  new MigrationError({ reason: new InvalidFile({ namespace, path, problem: problemOf(error) }) })

const problemOf = (error: PlatformError): string =>
  error.reason._tag === "NotFound" ? "it does not exist" : error.message

const fail = (reason: MigrationError["reason"]) => Effect.fail(new MigrationError({ reason }))
