/**
 * What is known where a statement fails, kept beside the driver's error: which
 * statement, on which server, and how far its connection had come. That decides what
 * may be run again. A statement that succeeds pays nothing for it.
 */
import * as Cause from "effect/Cause"
import type * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import { isSqlError, SqlError } from "effect/sql/SqlError"
import type * as PgConnection from "@effect/sql-pg/PgConnection"
import { remember } from "../../error/internal/failureContext.ts"
import type { Phase } from "../../error/RetryScope.ts"
import * as Driver from "./driver.ts"

/** Where a connection goes. */
export interface Endpoint {
  readonly host: string
  readonly port: number
}

/** A statement, and the connection it ran on. */
export interface Ran {
  readonly connection: PgConnection.PgConnection
  readonly statement: string | undefined
}

/** The driver's error in a failure, where that is what it is. */
export const errorOf = (exit: Exit.Exit<unknown, unknown>): SqlError | undefined => {
  const error = exit._tag === "Failure" ? Option.getOrUndefined(Cause.findErrorOption(exit.cause)) : undefined
  return isSqlError(error) ? error : undefined
}

/** Notes of a failure what is known of it, and returns it where it is the driver's. */
export const noteFailure = (
  exit: Exit.Exit<unknown, unknown>,
  endpoint: Endpoint,
  phase: Phase,
  ran: Ran | undefined
): SqlError | undefined => {
  const error = errorOf(exit)
  if (error === undefined) return undefined
  const lastWords = ran === undefined ? undefined : Driver.lastWordsOf(ran.connection)
  remember(error, { phase, statement: ran?.statement, lastWords, host: endpoint.host, port: endpoint.port })
  return error
}

/** The same failure for a statement that came after it: nothing of it was sent. */
export const neverSent = ({ reason }: SqlError): SqlError => {
  const error = new SqlError({ reason })
  remember(error, { phase: "idle" })
  return error
}
