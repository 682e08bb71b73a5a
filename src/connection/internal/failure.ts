/**
 * What is known where a statement fails, kept beside the driver's error: which
 * statement, on which server, and how far its connection had come. That decides what
 * may be run again. A statement that succeeds pays nothing for it.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import { ConnectionError, isSqlError, SqlError, UnknownError } from "effect/sql/SqlError"
import { DatabaseError } from "../../error/DatabaseError.ts"
import { copiesWithClient } from "../../error/internal/command.ts"
import { remember } from "../../error/internal/failureContext.ts"
import type { FailureContext } from "../../error/internal/failureContext.ts"
import { CopyUnsupported } from "../../error/Reason.ts"
import type { Phase } from "../../error/RetryScope.ts"

/** Where a connection goes. */
export interface Endpoint {
  readonly host: string
  readonly port: number
}

/** A failure of our own that the connection has caused, in the driver's shape. */
export const connectionError = (cause: Error, operation: string): SqlError =>
  new SqlError({ reason: new ConnectionError({ cause, message: cause.message, operation }) })

/** A failure of our own that trying again does not change, in the driver's shape. */
export const finalError = (cause: Error, operation: string): SqlError =>
  new SqlError({ reason: new UnknownError({ cause, message: cause.message, operation }) })

/** The driver's error in a failure, where that is what it is. */
export const errorOf = (exit: Exit.Exit<unknown, unknown>): SqlError | undefined => {
  const error = exit._tag === "Failure" ? Option.getOrUndefined(Cause.findErrorOption(exit.cause)) : undefined
  return isSqlError(error) ? error : undefined
}

/** Whether a statement failed because its name is taken or forgotten, or its plan no longer fits the tables. */
export const isStale = (exit: Exit.Exit<unknown, unknown>): boolean => {
  const cause = errorOf(exit)?.reason.cause
  if (!Predicate.hasProperty(cause, "code")) return false
  const { code } = cause
  if (code === "0A000") return Predicate.hasProperty(cause, "routine") && cause.routine === "RevalidateCachedQuery"
  return code === "26000" || code === "42P05"
}

/** Whether a cancel request ended the statement. */
export const isCanceled = (exit: Exit.Exit<unknown, unknown>): boolean => {
  const cause = errorOf(exit)?.reason.cause
  return Predicate.hasProperty(cause, "code") && cause.code === "57014"
}

const preparedByDriver = /effect_[0-9a-f]{16}_\d+/u

/**
 * Whether the name that the driver gave to a statement is taken (42P05), so nothing
 * of it was run. The server's words hold the name in every language.
 */
export const isNameTaken = (exit: Exit.Exit<unknown, unknown>): boolean => {
  const cause = errorOf(exit)?.reason.cause
  return (
    Predicate.hasProperty(cause, "code") &&
    cause.code === "42P05" &&
    Predicate.hasProperty(cause, "message") &&
    preparedByDriver.test(String(cause.message))
  )
}

/** Whether the server does not take this login. */
export const isLoginRefused = (error: SqlError): boolean =>
  DatabaseError.fromSqlError(error).reason._tag === "AuthenticationFailed"

/** The failure of a statement that only `Copy` can run; `undefined` for every other one. */
export const refusedCopy = (statement: string): Effect.Effect<never, SqlError> | undefined =>
  copiesWithClient(statement) ? Effect.fail(finalError(new CopyUnsupported({ statement }), "query")) : undefined

/** Notes of a failure what is known of it, and returns it where it is the driver's. */
export const noteFailure = (
  exit: Exit.Exit<unknown, unknown>,
  { host, port }: Endpoint,
  known: Omit<FailureContext, "host" | "port">
): SqlError | undefined => {
  const error = errorOf(exit)
  if (error !== undefined) remember(error, { ...known, host, port })
  return error
}

/**
 * The failure of a statement that ran on its own, and may have been applied though its
 * connection was lost. The driver calls every lost connection retryable: whoever asks
 * only that would apply it twice.
 */
export const settled = (error: SqlError, phase: Phase, statement: string | undefined): SqlError => {
  if (!error.isRetryable || phase !== "statement_sent") return error
  if (DatabaseError.fromSqlError(error, { phase, statement }).retryScope !== "unknown_outcome") return error
  const { cause, message, operation } = error.reason
  const final = new SqlError({ reason: new UnknownError({ cause, message, operation }) })
  remember(final, { phase, statement, original: error })
  return final
}

/** The same failure for a statement that came after it: nothing of it was sent. */
export const neverSent = ({ reason }: SqlError, phase: Phase): SqlError => {
  const error = new SqlError({ reason })
  remember(error, { phase })
  return error
}
