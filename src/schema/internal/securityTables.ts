/**
 * The package's own tables that hold credentials. Its migrations make them; one that
 * somebody has dropped afterwards is made again, empty, and said to be: the
 * application does not need what was in it to start.
 */
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Path from "effect/Path"
import { split } from "../../migration/internal/splitter.ts"
import { own } from "../../migration/MigrationSource.ts"
import type { Creatable } from "./declared.ts"

/** Each with the migration that makes it. */
const files = [{ table: "pgkeel.security_keys", file: "0001_security_keys.up.sql" }] as const

/** A file of the package's own that is missing or does not parse is a broken installation. */
const statementsOf = (file: string) =>
  Effect.gen(function* () {
    const path = yield* Path.Path
    const directory = own.directory instanceof URL ? yield* path.fromFileUrl(own.directory) : own.directory
    const text = yield* Effect.flatMap(FileSystem.FileSystem, (all) => all.readFileString(path.join(directory, file)))
    return (yield* split(text)).statements.map((statement) => statement.text)
  }).pipe(Effect.orDie)

export const securityTables: ReadonlyArray<Creatable> = files.map(({ file, table }) => ({
  table,
  statements: statementsOf(file),
  lost: "the credentials that it held are gone: provision again, which makes new ones"
}))
