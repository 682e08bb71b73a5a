/**
 * What an end user may read about a failure. No names of tables, no values, and
 * nothing that helps an attacker: a sentence a reason, or one a category.
 */
import type { Reason } from "../Reason.ts"
import type { Category } from "../RetryScope.ts"

const byReason: Partial<Readonly<Record<Reason["_tag"], string>>> = {
  UniqueViolation: "This already exists. Please choose another.",
  ForeignKeyViolation: "Something that this refers to does not exist, or is still in use.",
  NotNullViolation: "Something required is missing.",
  CheckViolation: "Something that was entered is not allowed.",
  ExclusionViolation: "This conflicts with something that exists already.",
  ValueTooLong: "Something that was entered is too long.",
  NumericOverflow: "A number is too large or too small.",
  InvalidValue: "Something that was entered is not valid.",
  InvalidParameter: "Something that was entered is not valid.",
  InsufficientPrivilege: "You are not allowed to do this.",
  RowSecurityViolation: "You are not allowed to do this.",
  StatementTimeout: "This took too long and was stopped. Please try again later.",
  QueryCanceled: "This was cancelled.",
  OutcomeUnknown: "It is not certain whether this was saved. Please check before you try again."
}

const busy = "The service is busy. Please try again in a moment."
const unavailable = "The service is not available at the moment. Please try again later."

const byCategory: Partial<Readonly<Record<Category, string>>> = {
  conflict: busy,
  lock: busy,
  pool: busy,
  resources: busy,
  timeout: busy,
  connection: unavailable,
  startup: unavailable,
  shutdown: unavailable,
  read_only: unavailable,
  authentication: unavailable,
  configuration: unavailable
}

export const translationOf = (reason: Reason): string =>
  byReason[reason._tag] ??
  byCategory[reason._tag === "RetriesExhausted" ? reason.last.category : reason.category] ??
  "Something went wrong. The problem has been recorded."
