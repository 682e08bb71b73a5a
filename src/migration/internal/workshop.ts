/** What every operation of the migrator works with: the sources, the database, and what was asked for. */
import type * as Effect from "effect/Effect"
import type { SqlClient } from "effect/sql/SqlClient"
import type { DatabaseConfigError } from "../../config/DatabaseConfigError.ts"
import type { DatabaseOptions, Settings } from "../../config/Settings.ts"
import type { DatabaseError } from "../../error/DatabaseError.ts"
import type { MigrationError } from "../MigrationError.ts"
import type { LintOptions } from "../LintOptions.ts"
import type { MigrationPolicies } from "../MigrationPolicies.ts"
import type { LoadedSource } from "./loader.ts"
import type { Kind, Migration } from "./migration.ts"
import type { Prepared } from "./prepare.ts"
import type { Session } from "./session.ts"

export type Failure = MigrationError | DatabaseError

type Prepare = (migrations: ReadonlyArray<Migration>) => Effect.Effect<ReadonlyArray<Prepared>, MigrationError>

export interface Workshop {
  /** Reads the sources: they may have changed since the last call. */
  readonly sources: Effect.Effect<ReadonlyArray<LoadedSource>, MigrationError>
  /** A file in a namespace's directory; `undefined` if there is none. */
  readonly readBeside: (namespace: string, path: string) => Effect.Effect<string | undefined>
  readonly session: Session
  /** The same on another database, as its login, without hooks, and without telling how it goes on. */
  readonly openSession: Effect.Effect<Session, never, SqlClient>
  /** How to reach another server. */
  readonly settings: (login: DatabaseOptions) => Effect.Effect<Settings, DatabaseConfigError>
  readonly policies: MigrationPolicies
  readonly lint: LintOptions
  /** As whom migrations run, if that is not the login. */
  readonly role: string | undefined
  /** Where migrations run, if that is not what the database says. */
  readonly searchPath: ReadonlyArray<string> | undefined
  readonly prepareUps: Prepare
  readonly prepareDowns: Prepare
}

/** A migration that a call was about. */
export interface MigrationName {
  readonly namespace: string
  readonly id: string
  readonly name: string
  readonly kind: Kind
}

export const nameOf = ({ id, kind, name, namespace }: Migration): MigrationName => ({ namespace, id, name, kind })
