/**
 * Levels of a transaction that must not be kept: a part of one failed, was not
 * undone by a savepoint of its own, and its failure was caught.
 *
 * A level is the transaction or one of its savepoints, as `transactionService` has it.
 */
import type { TransactionConnection } from "effect/sql/SqlClient"

export type Level = TransactionConnection.Service

/** What failed in the level. */
export interface FailedPart {
  readonly part: string
  readonly failure: unknown
}

const failedParts = new WeakMap<Level, FailedPart>()

/** The first failure is the one that counts. */
export const markFailed = (level: Level, failed: FailedPart | undefined): void => {
  if (failed !== undefined && !failedParts.has(level)) failedParts.set(level, failed)
}

export const failedPartOf = (level: Level): FailedPart | undefined => failedParts.get(level)
