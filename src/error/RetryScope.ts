/**
 * What a failure is, where it struck, and what may be run again after it.
 *
 * "Transient" (the same thing may work a moment later) and "safe to run again"
 * (it was certainly not applied) are different questions. A lost COMMIT is the
 * first and not the second, so both are asked, and neither is guessed.
 */
import * as Schema from "effect/Schema"

/**
 * The smallest unit that may be run again:
 *
 * - `statement`: this statement, outside a transaction
 * - `transaction`: the whole transaction from its BEGIN
 * - `connection`: the attempt to connect; nothing was sent yet
 * - `by_phase`: depends on a {@link Phase} that is not known; nothing is run again
 * - `unknown_outcome`: it may have been applied; ask the server, never run it again blindly
 * - `never`: it fails the same way every time, or only its author can tell
 */
export const RetryScope = Schema.Literals([
  "statement",
  "transaction",
  "connection",
  "by_phase",
  "unknown_outcome",
  "never"
])
export type RetryScope = typeof RetryScope.Type

/** How far a connection had come when the failure struck. */
export const Phase = Schema.Literals(["connecting", "idle", "statement_sent", "transaction_open", "commit_sent"])
export type Phase = typeof Phase.Type

/** What a failure is about, for metrics, alerts and translations. */
export const Category = Schema.Literals([
  "success",
  "warning",
  "no_data",
  "authentication",
  "authorization",
  "cancelled",
  "client",
  "configuration",
  "conflict",
  "connection",
  "constraint",
  "corruption",
  "cursor",
  "data",
  "dependency",
  "fdw",
  "internal",
  "limit",
  "lock",
  "object_state",
  "operator",
  "outcome",
  "plpgsql",
  "pool",
  "programming",
  "protocol",
  "read_only",
  "resources",
  "routine",
  "savepoint",
  "shutdown",
  "stale_prepared",
  "startup",
  "system",
  "timeout",
  "transaction_state",
  "unsupported"
])
export type Category = typeof Category.Type
