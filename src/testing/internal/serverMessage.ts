/** What the server or the socket said, which the driver's own message leaves out. */
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type * as SqlError from "effect/sql/SqlError"
import { advised } from "../../error/internal/wording.ts"

/** An error of the server has a severity; a socket's error has a `code` as well, and no severity. */
const ServerError = Schema.Struct({
  severityUnlocalized: Schema.String,
  code: Schema.String,
  hint: Schema.optional(Schema.String)
})

const serverError = (error: SqlError.SqlError) =>
  Option.getOrUndefined(Schema.decodeUnknownOption(ServerError)(error.reason.cause))

export const serverMessage = (error: SqlError.SqlError): string => {
  const cause = error.reason.cause
  const message = cause instanceof Error && cause.message !== "" ? cause.message : error.message
  return `${message}${advised(serverError(error)?.hint)}`
}

export const sqlStateOf = (error: SqlError.SqlError): string | undefined => serverError(error)?.code
