/** One migration that is being run, with everything that it is run by. */
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type { DatabaseError } from "../../error/DatabaseError.ts"
import type { MigrationHooks } from "../MigrationHooks.ts"
import type { MigrationProgress, MigrationStep } from "../MigrationProgress.ts"
import type { MigrationClient } from "./client.ts"
import type { Origin, Outcome, Row } from "./history.ts"
import type { Place } from "./historySteps.ts"
import type { Patience } from "./patience.ts"
import type { Prepared } from "./prepare.ts"
import type { Settings } from "./settings.ts"

/** What is the same for all migrations of a run. */
export interface Run {
  readonly client: MigrationClient
  readonly settings: Settings
  readonly patience: Patience
  readonly hooks: MigrationHooks
  /** The server process that holds the lock. */
  readonly pid: number
  readonly origin: Origin
}

export interface Task {
  readonly current: Run
  readonly prepared: Prepared
  /** What the history said of it before the run, if anything. */
  readonly row: Row | undefined
  readonly step: MigrationStep
  readonly report: (event: MigrationProgress) => Effect.Effect<void>
  /** Says that it waits for a lock. */
  readonly blocked: (cause: DatabaseError, attempt: number, wait: Duration.Duration) => Effect.Effect<void>
}

export const placeIn = ({ current: { pid }, prepared: { direction, migration }, row }: Task): Place => ({
  migration,
  id: row?.id ?? migration.id,
  direction,
  pid
})

/** What its row says beyond the migration itself. */
export const outcomeOf = (
  { prepared: { migration }, row }: Task,
  duration: Duration.Duration,
  statements: number
): Outcome => ({
  id: row?.id ?? migration.id,
  isNew: row === undefined,
  duration,
  statements
})
