/**
 * Where a schema is read from: a database, a snapshot file, or SQL that is run on
 * a scratch database, which is dropped again.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Path from "effect/Path"
import * as Redacted from "effect/Redacted"
import * as References from "effect/References"
import * as SqlClient from "effect/sql/SqlClient"
import * as Snapshot from "../../../catalog/Snapshot.ts"
import { withScratch } from "../../../migration/internal/scratch.ts"
import { runScript } from "../../../migration/internal/scriptRun.ts"
import { own } from "../../../migration/MigrationSource.ts"
import { Migrator } from "../../../migration/Migrator.ts"
import * as SnapshotFile from "../../../schema/SnapshotFile.ts"
import { failMissing, isUrl } from "../argument.ts"
import { ofMigrator, withClient } from "../database.ts"
import { excerptOf } from "../excerpt.ts"
import { failUsage, LoadFailed, refusedScratch } from "../failure.ts"
import { Reply } from "../answer.ts"
import { defaultNamespace } from "../sources.ts"
import { databaseAt, databaseOf, type SchemaCommandOptions, serverOf } from "./options.ts"

const read = Effect.flatMap(SqlClient.SqlClient, Snapshot.read)

/** An argument as it is shown: of a URL, neither the login nor its options. */
export const shownArgument = (argument: string): string =>
  isUrl(argument) ? argument.replace(/:\/\/.*@/su, "://").replace(/[?#].*$/su, "") : argument

/** The schema of what is named by an argument of the command. */
export const snapshotOf = Effect.fnUntraced(function* (argument: string, given: SchemaCommandOptions) {
  if (isUrl(argument)) {
    return yield* withClient(yield* databaseAt(given, Redacted.make(argument)))(read)
  }
  // What a variable that is not set leaves would be the working directory.
  if (argument === "") return yield* failUsage(`an argument is empty: ${accepted}`)
  const files = yield* FileSystem.FileSystem
  const { resolve } = yield* Path.Path
  const path = resolve(argument)
  const { type } = yield* Effect.catch(files.stat(path), () => failMissing(argument, accepted))
  if (type === "Directory") return yield* ofDirectory(path, argument, given)
  return yield* /\.sql$/iu.test(path) ? ofScript(path, argument, given) : SnapshotFile.read(path)
})

const accepted =
  "give a snapshot file, a .sql file, a directory of migrations, or a URL such as postgres://host/database"

/** The schema of the argument, else of the database that the command is about. */
export const snapshotOfEither = (argument: string | undefined, given: SchemaCommandOptions) =>
  argument === undefined ? snapshotOfDatabase(given) : snapshotOf(argument, given)

export const snapshotOfDatabase = Effect.fnUntraced(function* (given: SchemaCommandOptions) {
  return yield* withClient(yield* databaseOf(given))(read)
})

/** A file of SQL, such as `pg_dump --schema-only` writes. */
const ofScript = Effect.fnUntraced(function* (path: string, argument: string, given: SchemaCommandOptions) {
  const { basename, dirname } = yield* Path.Path
  const load = runScript({ namespace: defaultNamespace, file: basename(path), path }, given.role)
  return yield* onScratch(given, argument, dirname(path), load)
})

/** A directory of migrations, all of which are applied. */
const ofDirectory = Effect.fnUntraced(function* (directory: string, argument: string, given: SchemaCommandOptions) {
  const sources = [own, { namespace: defaultNamespace, directory }]
  const migrate = Effect.flatMap(Migrator, ({ up }) => up()).pipe(
    // As in a rehearsal, the application's hooks are not called: what they do is about the real database.
    Effect.provide(
      Migrator.layer({ ...ofMigrator(given), sources, seeds: undefined, policies: undefined, hooks: undefined })
    ),
    // What is applied there is of no interest.
    Effect.provideService(References.MinimumLogLevel, "Warn")
  )
  return yield* onScratch(given, argument, directory, migrate)
})

/** The schema that `load` leaves in an empty database. */
const onScratch = Effect.fnUntraced(function* <E>(
  given: SchemaCommandOptions,
  argument: string,
  directory: string,
  load: Effect.Effect<unknown, E, SqlClient.SqlClient | FileSystem.FileSystem | Path.Path>
) {
  // Only these: a client that is there already is not that of the scratch database.
  const services = Context.make(FileSystem.FileSystem, yield* FileSystem.FileSystem).pipe(
    Context.add(Path.Path, yield* Path.Path),
    Context.add(Reply, yield* Reply)
  )
  const sources = [{ namespace: defaultNamespace, directory }]
  const loaded = load.pipe(
    Effect.tapError((error) =>
      Effect.flatMap(excerptOf(error, sources), (excerpt) => Reply.use(({ point }) => point(excerpt)))
    ),
    Effect.mapError((cause) => new LoadFailed({ argument, cause })),
    Effect.provideContext(services)
  )
  const use = Effect.andThen(loaded, read)
  return yield* withScratch(yield* serverOf(given), { owner: given.role }, use).pipe(
    Effect.mapError(refusedScratch(argument, given.shadow !== undefined))
  )
})
