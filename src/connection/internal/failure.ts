/**
 * What is known where a statement fails, kept beside the driver's error: which
 * statement, on which server, and how far its connection had come. That decides what
 * may be run again. A statement that succeeds pays nothing for it.
 */
import * as Cause from "effect/Cause"
import type * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import { isSqlError, SqlError } from "effect/sql/SqlError"
import { remember } from "../../error/internal/failureContext.ts"
import type { Phase } from "../../error/RetryScope.ts"

/** Where a connection goes. */
export interface Endpoint {
  readonly host: string
  readonly port: number
}

/** Says of a statement's failure what is known of it. */
export const noteFailure = (
  exit: Exit.Exit<unknown, unknown>,
  endpoint: Endpoint,
  phase: Phase,
  statement: string | undefined
): void => {
  if (exit._tag === "Success") return
  const error = Option.getOrUndefined(Cause.findErrorOption(exit.cause))
  if (isSqlError(error)) remember(error, { phase, statement, host: endpoint.host, port: endpoint.port })
}

/** The same failure for a statement that came after it: nothing of it was sent. */
export const neverSent = ({ reason }: SqlError): SqlError => {
  const error = new SqlError({ reason })
  remember(error, { phase: "idle" })
  return error
}
