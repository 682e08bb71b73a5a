/** Errors as the driver hands them on. */
import { ConnectionError, SqlError, UnknownError } from "effect/sql/SqlError"

/** An ErrorResponse as the driver hands it on. */
export const reported = (fields: Record<string, string>) =>
  new SqlError({
    reason: new UnknownError({
      cause: Object.assign(new Error(fields["message"] ?? "?"), { severityUnlocalized: "ERROR", ...fields }),
      message: "PgConnection: Query failed",
      operation: "query"
    })
  })

/** A socket, or the driver itself, failed. */
export const failed = (cause: unknown, message = "PgConnection: Socket error", operation = "query") =>
  new SqlError({ reason: new ConnectionError({ cause, message, operation }) })
