/**
 * Reads the migrations of one directory, whichever of the forms each of them has.
 * Every file is read and hashed, because that is how an edit is noticed; nothing
 * is parsed and no module is imported here.
 */
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Path from "effect/Path"
import type { PlatformError } from "effect/PlatformError"
import { MigrationError } from "../MigrationError.ts"
import { DirectoryUnreadable, InvalidFile } from "../MigrationErrorReason.ts"
import type { DirectorySource, MigrationSource } from "../MigrationSource.ts"
import { checksum, decodeText } from "./checksum.ts"
import { adviceOnSections, adviceOnStray } from "./fileAdvice.ts"
import { type Part, parseEntry, parseFolderEntry, problemOfUnnamed } from "./fileName.ts"
import type { Migration, Script } from "./migration.ts"
import { sectionsOf, straySection } from "./sections.ts"

const filesReadAtOnce = 32

interface SourceFile {
  readonly kind: "sql" | "repeatable" | "module"
  readonly part: Part
  readonly id: string
  readonly name: string
  /** What the files of one migration have in common. */
  readonly group: string
  /** As messages call it. */
  readonly file: string
  readonly path: string
}

export const fromDirectory = Effect.fnUntraced(function* (source: DirectorySource) {
  const { namespace } = source
  const directory = yield* resolve(source)
  const files = yield* filesOf(namespace, directory)
  const groups = Map.groupBy(files, ({ group }) => group)
  yield* Effect.forEach(groups.values(), (group) => refuseStrays(namespace, group), { discard: true })
  const ups = files.filter(({ part }) => part === "up" || part === "sections")
  return yield* Effect.forEach(
    ups,
    (up) => {
      const beside = groups.get(up.group) ?? []
      const [down, verify] = (["down", "verify"] as const).map((part) => beside.find((file) => file.part === part))
      return fromFiles(namespace, up, down, verify)
    },
    { concurrency: filesReadAtOnce }
  )
})

export const resolve = Effect.fnUntraced(function* ({ directory, namespace }: DirectorySource) {
  const path = yield* Path.Path
  if (typeof directory === "string") return path.resolve(directory)
  return yield* path.fromFileUrl(directory).pipe(Effect.mapError(unreadable(namespace, String(directory))))
})

/** A file that is in a source's directory and is no migration; `undefined` if it cannot be read. */
export const readBeside = Effect.fnUntraced(
  function* (source: MigrationSource | undefined, file: string) {
    if (source === undefined || !("directory" in source)) return undefined
    const fs = yield* FileSystem.FileSystem
    const { join } = yield* Path.Path
    return yield* fs.readFileString(join(yield* resolve(source), file))
  },
  Effect.orElseSucceed(() => undefined)
)

const filesOf = Effect.fnUntraced(function* (namespace: string, directory: string) {
  const fs = yield* FileSystem.FileSystem
  const { join } = yield* Path.Path
  const names = yield* fs
    .readDirectory(directory)
    .pipe(Effect.mapError((error) => unreadable(namespace, directory)({ message: problemOf(error) })))
  const files: Array<SourceFile> = []
  const folders: Array<Effect.Effect<ReadonlyArray<SourceFile>, MigrationError>> = []
  const unnamed: Array<Effect.Effect<void, MigrationError>> = []
  for (const file of names) {
    const entry = parseEntry(file)
    const path = join(directory, file)
    if (entry._tag === "Refused") return yield* refuse(namespace, path, entry.problem)
    if (entry._tag === "Other") continue
    if (entry._tag === "Unnamed") {
      unnamed.push(refuseUnnamed(fs, { namespace, path, file }))
      continue
    }
    const { id, name } = entry
    if (entry._tag === "Sql") files.push({ ...entry, group: `${id}_${name}`, file, path })
    else if (entry._tag === "Module") {
      files.push({ kind: "module", part: "up", id, name, group: `${id}_${name}`, file, path })
    } else {
      folders.push(fromFolder(fs, join, { namespace, path, id, name, file, problem: entry.problem }))
    }
  }
  yield* Effect.all(unnamed, { concurrency: filesReadAtOnce, discard: true })
  const inFolders = yield* Effect.all(folders, { concurrency: filesReadAtOnce })
  return [...files, ...inFolders.flat()]
})

/** A folder that holds a migration and has no name of one; it may as well be a file, or somebody else's. */
const refuseUnnamed = Effect.fnUntraced(function* (
  fs: FileSystem.FileSystem,
  { file, namespace, path }: Pick<Folder, "namespace" | "path" | "file">
) {
  const names = yield* Effect.orElseSucceed(fs.readDirectory(path), () => [])
  const problem = problemOfUnnamed(file, names)
  if (problem !== undefined) yield* refuse(namespace, path, problem)
})

interface Folder {
  readonly namespace: string
  readonly path: string
  readonly id: string
  readonly name: string
  readonly file: string
  /** What is wrong if it is none. */
  readonly problem: string
}

const fromFolder = Effect.fnUntraced(function* (
  fs: FileSystem.FileSystem,
  join: Path.Path["join"],
  { file: folder, id, name, namespace, path: directory, problem }: Folder
) {
  const names = yield* fs.readDirectory(directory).pipe(
    Effect.catch((error) =>
      // A file cannot be listed, and says so in no words that would help.
      refuse(namespace, directory, error.reason._tag === "BadResource" ? problem : problemOf(error))
    )
  )
  const files: Array<SourceFile> = []
  for (const entryName of names) {
    const path = join(directory, entryName)
    const entry = parseFolderEntry(entryName)
    if (entry._tag === "Refused") return yield* refuse(namespace, path, entry.problem)
    if (entry._tag === "Other") continue
    files.push({ kind: "sql", part: entry.part, id, name, group: `${folder}/`, file: `${folder}/${entryName}`, path })
  }
  if (files.length === 0) {
    return yield* refuse(namespace, directory, "a folder with such a name is a migration, and it has no up.sql")
  }
  return files
})

/** A part whose migration has no place for it, or is not there. */
const refuseStrays = (namespace: string, group: ReadonlyArray<SourceFile>): Effect.Effect<void, MigrationError> => {
  const ups = group.filter(({ part }) => part === "up" || part === "sections")
  const up = ups.find(({ kind }) => kind !== "module") ?? ups[0]
  for (const { file, group: name, part, path } of group) {
    if (part !== "down" && part !== "verify") continue
    if (up === undefined) {
      const wanted = name.endsWith("/") ? "up.sql" : file.replace(/\.(?:down|verify)\.sql$/u, wantedUp)
      return refuse(namespace, path, `there is no ${wanted} beside it`)
    }
    if (up.kind === "module") return refuse(namespace, path, `export \`${part}\` from ${up.file} instead`)
    if (up.part === "sections" && part === "down") {
      return refuse(namespace, path, `put its statements below a line \`-- migrate:down\` of ${up.file} instead`)
    }
  }
  return Effect.void
}

const wantedUp = (_: string, at: number, file: string): string =>
  file.slice(0, at).startsWith("R__") ? ".sql" : ".up.sql"

const fromFiles = Effect.fnUntraced(function* (
  namespace: string,
  up: SourceFile,
  down: SourceFile | undefined,
  verify: SourceFile | undefined
) {
  const fs = yield* FileSystem.FileSystem
  const scriptOf = (file: SourceFile): Script =>
    sql(
      file,
      Effect.tap(readText(fs, namespace, file.path), (text) => refuseSections(namespace, file, text))
    )
  const text = yield* readText(fs, namespace, up.path)
  const { file, id, kind, name, path } = up
  const common = { namespace, id, name, kind, checksum: checksum(text), verify: verify && scriptOf(verify) }
  if (kind === "module") {
    const script = { _tag: "Module", file, path } as const
    return { ...common, up: script, down: script, verify: script } satisfies Migration
  }
  if (up.part !== "sections") {
    yield* refuseSections(namespace, up, text)
    return { ...common, up: sql(up, Effect.succeed(text)), down: down && scriptOf(down) } satisfies Migration
  }
  const sections = sectionsOf(text)
  if (sections === undefined || typeof sections === "string") {
    return yield* refuse(namespace, path, sections ?? adviceOnSections(id, name))
  }
  return {
    ...common,
    checksum: checksum(sections.contents),
    up: sql(up, Effect.succeed(sections.up)),
    down: sections.down === undefined ? undefined : sql(up, Effect.succeed(sections.down))
  } satisfies Migration
})

/** A whole file is one direction, whatever is written in it. */
const refuseSections = (
  namespace: string,
  { kind, part, path }: SourceFile,
  text: string
): Effect.Effect<void, MigrationError> => {
  const stray = part === "sections" ? undefined : straySection(text, part)
  if (stray === undefined) return Effect.void
  const found = `its line ${stray.line}, \`${stray.marker}\`, marks a section, and what stands below it would run as well`
  return refuse(namespace, path, `${found}; ${adviceOnStray(path, kind, part)}`)
}

export const sql = ({ file }: { readonly file: string }, text: Effect.Effect<string, MigrationError>): Script => ({
  _tag: "Sql",
  file,
  text
})

export const readText = (fs: FileSystem.FileSystem, namespace: string, path: string) =>
  fs.readFile(path).pipe(
    Effect.catch((error) => refuse(namespace, path, problemOf(error))),
    Effect.flatMap((bytes) => {
      const text = decodeText(bytes)
      if (text === undefined) return refuse(namespace, path, "it is not UTF-8; save it as UTF-8")
      // The parser takes a C string: what follows a NUL would be dropped in silence.
      return text.includes("\0") ? refuse(namespace, path, "it has a NUL character; remove it") : Effect.succeed(text)
    })
  )

export const unreadable = (namespace: string, directory: string) => (error: { readonly message: string }) =>
  new MigrationError({ reason: new DirectoryUnreadable({ namespace, directory, problem: error.message }) })

export const refuse = (namespace: string, path: string, problem: string) =>
  Effect.fail(new MigrationError({ reason: new InvalidFile({ namespace, path, problem }) }))

export const problemOf = ({ message, reason }: PlatformError): string => {
  switch (reason._tag) {
    case "NotFound":
      return "it does not exist"
    case "PermissionDenied":
      return "this process may not read it"
    case "BadResource":
      return reason.method === "readDirectory" ? "it is not a directory" : "it is not a file"
    default:
      return message
  }
}
