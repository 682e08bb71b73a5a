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
 * A directory holds migrations in any of these forms:
 *
 * - `<id>_<name>.up.sql`, with an optional `<id>_<name>.down.sql`;
 * - `<id>_<name>.sql` with a section below a line `-- migrate:up` and, optionally,
 *   one below a line `-- migrate:down`;
 * - a folder `<id>_<name>` or `<id>-<name>` with `up.sql` and, optionally, `down.sql`;
 * - an Effect module `<id>_<name>.ts`, `.js` or `.mjs` that exports `up` and,
 *   optionally, `down`, `verify` and `transaction`; what is nearly one of these is refused;
 * - `R__<name>.sql`, repeatable: it runs after all others of its namespace, in
 *   order of the names, and again when its contents have changed.
 *
 * `<id>_<name>.verify.sql`, or `verify.sql` in the folder, checks what the
 * migration did. What else begins with an id, or is SQL, is refused, unless it is
 * a document, data, or an editor's backup.
 *
 * An id is made of digits, of any number, between which there may be dashes, which
 * do not count. It compares as a number: 1 < 2 < 10. What begins with a date and a
 * time compares as a time: 2019-02-26-002946-0000 < 20190227170003. Each namespace
 * has its own sequence of ids, and one history table holds all of them.
 *
 * The checksum by which an edit is noticed is that of what `up` runs (of a whole
 * file if that is a module): a `down` or a `verify` may be corrected later.
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
  /** Digits, between which there may be dashes. */
  readonly id: string
  readonly name: string
  readonly up: MigrationEffect
  readonly down?: MigrationEffect
  /** Checks what `up` did. What it fails with, the migration fails with. */
  readonly verify?: MigrationEffect
  /**
   * `false` runs it outside a transaction, for work that is too long for one: it
   * has to bear being run again from its beginning after it was broken off.
   * A module exports it as `transaction`. Default: `true`.
   */
  readonly transaction?: boolean
}

/** Migrations that are entries of one directory. Folders whose names are not those of migrations are not looked into. */
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

/**
 * Data that the application starts with, as `.sql` files of a directory: those in
 * it for every environment, those in its folder `<environment>` for that one. They
 * run after all migrations, in order of their names, those for every environment
 * first, and again when they have changed or a migration was reverted: each has to
 * bear that (`ON CONFLICT DO NOTHING`). Their namespace in the history is `seeds`.
 */
export interface SeedSource {
  /** As of a `DirectorySource`. */
  readonly directory: string | URL
  /** The name of a folder in it. Default: none. */
  readonly environment?: string | undefined
}

/** The namespace of seeds. */
export const seedsNamespace = "seeds"

/** The namespace of the package's own tables. */
export const ownNamespace = "pgkeel"

/** The package's own tables. Two levels up is the package's root both from `src` and from `dist`. */
export const own: DirectorySource = {
  namespace: ownNamespace,
  directory: new URL("../../migrations/", import.meta.url)
}
