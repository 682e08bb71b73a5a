/**
 * Levels of a transaction: the whole, and the savepoints in it, as
 * `transactionService` has them; and what becomes of each.
 */
import type { TransactionConnection } from "effect/sql/SqlClient"

export type Level = TransactionConnection.Service

/** A part of a level that failed, was not undone by a savepoint of its own, and whose failure was caught. */
export interface FailedPart {
  readonly part: string
  readonly failure: unknown
}

const failedParts = new WeakMap<Level, FailedPart>()

const releasedInto = new WeakMap<Level, Level>()

/** A level with it must not be kept. The first failure is the one that counts. */
export const markFailed = (level: Level, failed: FailedPart | undefined): void => {
  if (failed !== undefined && !failedParts.has(level)) failedParts.set(level, failed)
}

export const failedPartOf = (level: Level): FailedPart | undefined => failedParts.get(level)

/** A savepoint that is released becomes a part of the level around it, with all that is wrong with it. */
export const noteReleased = (level: Level, into: Level): void => {
  releasedInto.set(level, into)
  markFailed(into, failedPartOf(level))
}

/** Whether what was done in a level is kept when its transaction is. */
export const isKept = (level: Level): boolean => {
  if (level[1] === 0) return true
  const around = releasedInto.get(level)
  return around !== undefined && isKept(around)
}
