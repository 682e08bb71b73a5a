/** What an application wants of a server: a database, three roles, extensions, schemas. */

export interface DesiredState {
  /** The application's database. */
  readonly database: string
  /** The names of the roles. Default: the database's name with `_owner`, `_migrator`, `_app`. */
  readonly roles?: {
    /** Owns the database and everything in it; nobody logs in as it. */
    readonly owner?: string
    /** Logs in to migrate, and acts as the owner. */
    readonly migrator?: string
    /** The application's login: reads and writes rows, and cannot change the schema. */
    readonly application?: string
  }
  /** Default: `pgcrypto` and `uuid-ossp`. */
  readonly extensions?: ReadonlyArray<string>
  /** The application's schemas; its role may use what the owner creates in them. Default: `public`. */
  readonly schemas?: ReadonlyArray<string>
}

/** The same with every default filled in. */
export interface ResolvedState {
  readonly database: string
  readonly owner: string
  readonly migrator: string
  readonly application: string
  readonly extensions: ReadonlyArray<string>
  readonly schemas: ReadonlyArray<string>
}

export const resolve = (state: DesiredState): ResolvedState => ({
  database: state.database,
  owner: state.roles?.owner ?? `${state.database}_owner`,
  migrator: state.roles?.migrator ?? `${state.database}_migrator`,
  application: state.roles?.application ?? `${state.database}_app`,
  extensions: state.extensions ?? ["pgcrypto", "uuid-ossp"],
  schemas: state.schemas ?? ["public"]
})
