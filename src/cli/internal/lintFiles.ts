/** Which files lint looks at, and what it finds in them. Files are called by their paths from the working directory. */
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Path from "effect/Path"
import { SqlClient } from "effect/sql/SqlClient"
import { DatabaseError } from "../../error/DatabaseError.ts"
import { fromDirectory } from "../../migration/internal/directory.ts"
import { parseEntry, parseFolderEntry } from "../../migration/internal/fileName.ts"
import { lintModule } from "../../migration/internal/lintModule.ts"
import type { Migration } from "../../migration/internal/migration.ts"
import { scriptText } from "../../migration/internal/scriptRun.ts"
import { type DirectorySource, own, seedsNamespace } from "../../migration/MigrationSource.ts"
import type { LintFinding } from "../../migration/Migrator.ts"
import { failMissing } from "./argument.ts"
import { type CommandOptions, settingsOf, withClient, withMigrator } from "./database.ts"
import { failUsage } from "./failure.ts"
import { defaultNamespace, pathOf } from "./sources.ts"

export interface Linted {
  readonly files: number
  readonly findings: ReadonlyArray<LintFinding>
}

interface Input {
  readonly file: string
  readonly text: string
}

const inputOf = Effect.fnUntraced(function* (directory: string, { up }: Migration) {
  const { join } = yield* Path.Path
  return up._tag === "Sql" ? [{ file: join(directory, up.file), text: yield* up.text }] : []
})

const inDirectory = Effect.fnUntraced(function* (source: DirectorySource, shown: string) {
  const inputs = yield* Effect.forEach(yield* fromDirectory(source), (migration) => inputOf(shown, migration))
  return inputs.flat()
})

const accepted = "give .sql files or directories of migrations"

/** A file or a directory, as it was named. */
const named = Effect.fnUntraced(function* (argument: string) {
  const files = yield* FileSystem.FileSystem
  const { basename, resolve } = yield* Path.Path
  const path = resolve(argument)
  const { type } = yield* Effect.catch(files.stat(path), () => failMissing(argument, accepted))
  if (type === "Directory") {
    const found = yield* inDirectory({ namespace: defaultNamespace, directory: path }, argument)
    return found.length > 0 ? found : yield* failUsage(`${argument} has no migration in SQL: ${accepted}`)
  }
  if (!/\.sql$/iu.test(path)) return yield* failUsage(`${argument} is no SQL: ${accepted}`)
  if (isAside(basename(path))) return []
  return [{ file: argument, text: yield* scriptText({ namespace: defaultNamespace, file: argument, path }) }]
})

/** What reverts or verifies, which a shell or a hook before a commit names with the others. Of a directory it is not looked at either. */
const isAside = (name: string): boolean => {
  const [entry, inFolder] = [parseEntry(name), parseFolderEntry(name)]
  const part = entry._tag === "Sql" ? entry.part : inFolder._tag === "Part" ? inFolder.part : undefined
  return part === "down" || part === "verify"
}

export const lintNamed = Effect.fnUntraced(function* (given: CommandOptions, files: ReadonlyArray<string>) {
  const inputs = (yield* Effect.forEach(files, named)).flat()
  if (inputs.length === 0) yield* Effect.logWarning("nothing was looked at: lint is about what goes up")
  return yield* lintInputs(given, inputs)
})

/** All that are in the directories, applied or not. */
export const lintAll = Effect.fnUntraced(function* (given: CommandOptions, namespace: string | undefined) {
  const sources = yield* sourcesOf(given, namespace)
  const inputs = yield* Effect.forEach(sources, (source) =>
    Effect.flatMap(shownPath(given, source.namespace, "."), (shown) => inDirectory(source, shown))
  )
  return yield* lintInputs(given, inputs.flat())
})

/** What `up` would run. */
export const lintPending = Effect.fnUntraced(function* (given: CommandOptions, namespace: string | undefined) {
  const namespaces = namespace === undefined ? namespacesOf(given) : [namespace]
  const reports = yield* withMigrator(given, ({ lint }) =>
    Effect.forEach(namespaces, (namespace) => Effect.map(lint({ namespace }), (report) => ({ namespace, ...report })))
  )
  const findings = yield* Effect.forEach(reports, ({ findings, namespace }) =>
    Effect.forEach(findings, (finding) =>
      Effect.map(shownPath(given, namespace, finding.file), (file) => ({ ...finding, file }))
    )
  )
  return { files: reports.flatMap(({ files }) => files).length, findings: findings.flat() } satisfies Linted
})

const namespacesOf = ({ seeds, sources }: CommandOptions): ReadonlyArray<string> => [
  ...sources.filter((source) => source !== own).map(({ namespace }) => namespace),
  ...(seeds === undefined ? [] : [seedsNamespace])
]

const sourcesOf = Effect.fnUntraced(function* (given: CommandOptions, namespace: string | undefined) {
  const directories = given.sources.flatMap((source) => (source !== own && "directory" in source ? [source] : []))
  if (namespace === undefined) return directories
  const found = directories.filter((source) => source.namespace === namespace)
  const known = directories.map((source) => source.namespace).join(", ")
  return found.length > 0
    ? found
    : yield* failUsage(`there is no directory of the namespace ${namespace}: there is ${known}`)
})

/** From the working directory on; as it is where it is no file. */
const shownPath = Effect.fnUntraced(function* ({ seeds, sources }: CommandOptions, namespace: string, file: string) {
  const all = seeds === undefined ? sources : [...sources, { namespace: seedsNamespace, directory: seeds.directory }]
  const { relative, resolve } = yield* Path.Path
  const path = yield* Effect.orElseSucceed(pathOf(all, { namespace, file }), () => undefined)
  return path === undefined ? file : relative(resolve("."), resolve(path))
})

/** A database is asked only where the command or its configuration names one. */
const lintInputs = Effect.fnUntraced(function* (given: CommandOptions, inputs: ReadonlyArray<Input>) {
  const { lintFiles } = yield* lintModule
  const options = { lint: given.lint ?? {}, searchPath: given.searchPath }
  if (given.url === undefined) {
    return { files: inputs.length, findings: yield* lintFiles(inputs, options, undefined) } satisfies Linted
  }
  const connected = Effect.gen(function* () {
    const sql = yield* SqlClient
    return yield* lintFiles(inputs, options, yield* DatabaseError.refine(sql.reserve))
  }).pipe(Effect.scoped)
  const findings = yield* withClient(yield* settingsOf(given, "migrate"))(connected)
  return { files: inputs.length, findings } satisfies Linted
})

/** Whether the environment or the command names a database. */
export const hasDatabase = (given: CommandOptions) =>
  settingsOf(given, "migrate").pipe(
    Effect.as(true),
    Effect.catchTag("DatabaseConfigError", (error) =>
      error.reasons.every(({ _tag }) => _tag === "MissingVariable") ? Effect.succeed(false) : Effect.fail(error)
    )
  )
