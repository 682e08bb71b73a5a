/** Databases on which an application has started, each copied from one that was made for the run. */
import { Effect } from "effect"
import type { MigrationSource } from "../../src/migration/MigrationSource.ts"
import { freshDatabase } from "../support/Database.ts"
import { ownChecksum } from "../support/OwnMigrations.ts"
import { app, noteTable, onFreshDatabase, startHere } from "./support.ts"

/** On a database on which an application of these migrations has started: made once for each key, and copied. */
export const onStarted = (key: string, migrations: ReadonlyArray<MigrationSource>) => {
  const build = Effect.asVoid(startHere({ migrations }))
  return onFreshDatabase(freshDatabase({ template: { key: `started: ${key} (${ownChecksum})`, build } }))
}

/** With `noteTable` as its only migration. */
export const onNotes = onStarted("note", app(noteTable))
