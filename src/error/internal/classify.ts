/**
 * The driver's errors, told apart.
 *
 * A `SqlError` carries what really happened as its reason's cause: the fields of
 * an ErrorResponse, a socket's error, or the driver's own words. The tag of the
 * driver's reason is hardly asked, because it calls most of this "unknown".
 */
import * as Predicate from "effect/Predicate"
import type { SqlError } from "effect/sql/SqlError"
import { isReason, type Reason } from "../Reason.ts"
import { clientReason } from "./classifyClient.ts"
import { isServerReport, serverReason } from "./classifyServer.ts"
import { knownOf } from "./failureContext.ts"
import type { FailureContext } from "./failureContext.ts"

export const classify = (error: SqlError, given: FailureContext = {}): Reason => {
  const { cause, operation } = error.reason
  const context = knownOf(error, given)
  const carried = carriedReason(cause)
  if (carried !== undefined) return carried
  if (context.instead !== undefined) return context.instead
  const phase = context.phase ?? (operation === "connect" ? "connecting" : undefined)
  const known = phase === context.phase ? context : { ...context, phase }
  const report = isServerReport(cause) ? cause : known.lastWords
  return isServerReport(report) ? serverReason(report, known) : clientReason((known.original ?? error).reason, known)
}

/** Failures that were classified already travel through `SqlError` as they are. */
const carriedReason = (cause: unknown): Reason | undefined =>
  isReason(cause) ? cause : Predicate.hasProperty(cause, "reason") && isReason(cause.reason) ? cause.reason : undefined
