/**
 * What a run of the migrator tells while it goes on, for whoever shows it to a
 * person. Logs and spans say the same to machines.
 */
import type * as Duration from "effect/Duration"
import type { BackfillProgress } from "./BackfillProgress.ts"
import type { DatabaseError } from "../error/DatabaseError.ts"

/** Which migration, and which of how many of this run. */
export interface MigrationStep {
  readonly namespace: string
  readonly id: string
  readonly name: string
  readonly file: string
  readonly direction: "up" | "down"
  /** Counted from 1. */
  readonly number: number
  /** How many migrations this run has. */
  readonly of: number
}

export type MigrationProgress =
  /** Begins, or goes on behind `statements` that have run before without a transaction. */
  | (MigrationStep & { readonly _tag: "Started"; readonly statements: number })
  /**
   * The statement, counted from 1, of so many has finished. An Effect is one statement. Where
   * several migrations go out in one write, the last one of each goes with its COMMIT, whose time is told with it.
   * They are told of again where the migration is run again: after `Blocked`, or because a function of its own has taken
   * the session's prepared statements away.
   */
  | (MigrationStep & {
      readonly _tag: "StatementFinished"
      readonly statement: number
      readonly statements: number
      readonly duration: Duration.Duration
    })
  /** Of a backfill that its Effect runs. */
  | (MigrationStep & { readonly _tag: "Backfill"; readonly backfill: BackfillProgress })
  /** It did not get a lock in time, was rolled back, and is tried again after `wait`. */
  | (MigrationStep & {
      readonly _tag: "Blocked"
      /** Which attempt it was, counted from 1. */
      readonly attempt: number
      readonly wait: Duration.Duration
      readonly cause: DatabaseError
    })
  | (MigrationStep & { readonly _tag: "Finished"; readonly duration: Duration.Duration })
