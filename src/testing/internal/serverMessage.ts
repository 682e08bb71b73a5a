/** What the server or the socket said, which the driver's own message leaves out. */
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type * as SqlError from "effect/sql/SqlError"

/** An error of the server has a severity; a socket's error has a `code` as well, and no severity. */
const ServerError = Schema.Struct({ severityUnlocalized: Schema.String, code: Schema.String })

export const serverMessage = (error: SqlError.SqlError): string => {
  const cause = error.reason.cause
  return cause instanceof Error && cause.message !== "" ? cause.message : error.message
}

export const sqlStateOf = (error: SqlError.SqlError): string | undefined =>
  Option.getOrUndefined(Schema.decodeUnknownOption(ServerError)(error.reason.cause))?.code
