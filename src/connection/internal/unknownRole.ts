/**
 * A role that a session asks for and the server does not know. It is refused ahead of
 * the session's first statement, which would seem to have a wrong value.
 */
import * as Predicate from "effect/Predicate"
import type { SqlError } from "effect/sql/SqlError"
import { remember } from "../../error/internal/failureContext.ts"
import { InvalidOption } from "../../error/Reason.ts"
import type { Statement } from "./statement.ts"

const setsRole = "set_config('role'"

/** Of what a session sets, only a role may be refused as no value of the setting (22023). */
export const noteUnknownRole = (error: SqlError, statement: Statement | undefined): SqlError => {
  const { cause } = error.reason
  const isRefused = Predicate.hasProperty(cause, "code") && cause.code === "22023"
  if (!isRefused || statement?.text.includes(setsRole) !== true) return error
  const failure =
    `the session option "role" names a role that does not exist: ` +
    "give the name of a role of this server, of which the login is a member"
  remember(error, { instead: new InvalidOption({ failure, phase: "transaction_open" }) })
  return error
}
