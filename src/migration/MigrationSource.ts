/**
 * Where migrations come from. A source is a namespace and the migrations in it,
 * as files of a directory or as values in code:
 *
 * ```ts
 * const notes = Effect.flatMap(SqlClient.SqlClient, (sql) => sql`CREATE TABLE notes (id int)`)
 *
 * const sources = [
 *   MigrationSource.own,
 *   { namespace: "app", directory: new URL("./migrations", import.meta.url) },
 *   { namespace: "plugin", migrations: [{ id: "1", name: "notes", up: notes }] }
 * ]
 * ```
 *
 * A directory holds `<id>_<name>.up.sql` with an optional `<id>_<name>.down.sql`,
 * and Effect modules `<id>_<name>.ts`, `.js` or `.mjs` that export `up` and,
 * optionally, `down`. What else begins with an id, or is SQL, is refused, unless it
 * is a document, data, or an editor's backup. An id is made of digits, of any number, and compares as a
 * number: 1 < 2 < 10. Each namespace has its own sequence of ids, and one
 * history table holds all of them.
 */
import type * as Effect from "effect/Effect"
import type { SqlClient } from "effect/sql/SqlClient"

/**
 * What an Effect migration runs. Its `SqlClient` is the migration's own
 * transaction; `sql.withTransaction` inside it is a savepoint.
 */
export type MigrationEffect = Effect.Effect<unknown, unknown, SqlClient>

/** A migration given in code. It has no checksum: edits of it are not noticed. */
export interface CodeMigration {
  /** Digits only. */
  readonly id: string
  readonly name: string
  readonly up: MigrationEffect
  readonly down?: MigrationEffect
  /**
   * `false` runs it outside a transaction, for work that is too long for one: it
   * has to bear being run again from its beginning after it was broken off.
   * A module exports it as `transaction`. Default: `true`.
   */
  readonly transaction?: boolean
}

/** Migrations that are files of one directory. Files below it, in folders of their own, are not looked at. */
export interface DirectorySource {
  readonly namespace: string
  /** A path (a relative one from the working directory), or a `file:` URL such as `new URL("./migrations", import.meta.url)`. */
  readonly directory: string | URL
}

export interface CodeSource {
  readonly namespace: string
  readonly migrations: ReadonlyArray<CodeMigration>
}

export type MigrationSource = DirectorySource | CodeSource

/** The namespace of the package's own tables. */
export const ownNamespace = "pgkeel"

/** The package's own tables. Two levels up is the package's root both from `src` and from `dist`. */
export const own: DirectorySource = {
  namespace: ownNamespace,
  directory: new URL("../../migrations/", import.meta.url)
}
