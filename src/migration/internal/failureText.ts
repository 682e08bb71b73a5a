/**
 * A failure of the database in the words of a migration. The reasons' own advice
 * is meant for an application's statements: who is just running the pending
 * migrations is not helped by "run the pending migrations". Their position is
 * one in the statement, and a migration knows the one in its file.
 */
import { DatabaseError } from "../../error/DatabaseError.ts"
import { advised } from "../../error/internal/wording.ts"
import type { Reason } from "../../error/Reason.ts"

/** What a missing thing means in a migration: everything else says so itself. */
const advice = {
  UndefinedTable: "create it before this statement, or name its schema",
  UndefinedColumn: "add it before this statement, or correct the name",
  UndefinedFunction: "cast the arguments, or create the function or its extension before this statement",
  SqlSyntaxError: undefined
} as const

const isAdvised = (reason: Reason): reason is Extract<Reason, { readonly _tag: keyof typeof advice }> =>
  reason._tag in advice

/** Without values. `placed` says that the place in the file is known: then the one in the statement is left out. */
export const inMigration = (cause: unknown, placed: boolean): string => {
  if (!DatabaseError.isDatabaseError(cause)) return cause instanceof Error ? cause.message : String(cause)
  const { reason } = cause
  if (!isAdvised(reason) || reason.serverMessage === undefined) return placed ? withoutPlace(reason) : reason.message
  return `${reason.serverMessage}${placed ? "" : at(reason)}${advised(reason.hint ?? advice[reason._tag])}`
}

const at = ({ location }: Reason): string =>
  location === undefined ? "" : ` (line ${location.line}, column ${location.column} of the statement)`

/** The same reason without its position; the message is made from the fields. */
const withoutPlace = (reason: Reason): string => {
  const unplaced: Reason = Object.create(reason, { position: { value: undefined } })
  return unplaced.message
}
