/**
 * What an application has done around its migrations: grants to be renewed, a
 * setting for each of them, somebody to be told.
 *
 * They run on the migrations' own connection, with the lock held, and only where
 * something is run at all. What a hook fails with stops the run. A shadow has none.
 */
import type { MigrationStep } from "./MigrationProgress.ts"
import type { MigrationEffect } from "./MigrationSource.ts"

export interface MigrationHooks {
  /** Before the first of a run. */
  readonly beforeAll?: ((migrations: ReadonlyArray<MigrationStep>) => MigrationEffect) | undefined
  /**
   * First in the migration's transaction, under its settings: of one that has no
   * transaction, in one of its own. Once more with each attempt that is made.
   */
  readonly beforeEach?: ((migration: MigrationStep) => MigrationEffect) | undefined
  /** Last in the migration's transaction, when its verify has passed. What it does is kept, or rolled back, with the migration. */
  readonly afterEach?: ((migration: MigrationStep) => MigrationEffect) | undefined
  /** After the last of a run, if all of it went well. Nothing brings it back when it fails: the migrations stay. */
  readonly afterAll?: ((migrations: ReadonlyArray<MigrationStep>) => MigrationEffect) | undefined
}
