/** What surrounds a failure and is not in the error. */
import type { SqlError } from "effect/sql/SqlError"
import type { Reason } from "../Reason.ts"
import type { Phase } from "../RetryScope.ts"

/** What the caller knows and the driver does not say. */
export interface FailureContext {
  /** How far the connection had come. Decides what may be run again after it is lost. */
  readonly phase?: Phase | undefined
  /** The statement's text with its placeholders; never its parameters. */
  readonly statement?: string | undefined
  /** The fields of the ErrorResponse with which the server ended the session, where the error does not hold them. */
  readonly lastWords?: object | undefined
  /** What it is, where the error says something else. */
  readonly instead?: Reason | undefined
  /** The driver's error, where another one stands in for it. */
  readonly original?: SqlError | undefined
  readonly host?: string | undefined
  readonly port?: number | undefined
}

/**
 * What was known where the failure struck, beside the error: the driver's error has
 * no room for it, and everything written for `effect/sql` expects the driver's error.
 */
const remembered = new WeakMap<SqlError, FailureContext>()

/** Whoever is nearest to the failure knows best, so the first word on each of it counts. */
export const remember = (error: SqlError, context: FailureContext): void => {
  remembered.set(error, { ...context, ...remembered.get(error) })
}

/** What is remembered of an error, and what the caller adds to it. */
export const knownOf = (error: SqlError, context: FailureContext): FailureContext => {
  const known = remembered.get(error)
  return known === undefined ? context : { ...known, ...context }
}
