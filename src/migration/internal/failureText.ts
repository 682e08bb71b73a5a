/**
 * A failure of the database in the words of a migration. The reasons' own advice
 * is meant for an application's statements: who is just running the pending
 * migrations is not helped by "run the pending migrations". Their position is
 * one in the statement, and a migration knows the one in its file.
 */
import { DatabaseError } from "../../error/DatabaseError.ts"
import { advised } from "../../error/internal/wording.ts"
import {
  ACTIVE_SQL_TRANSACTION,
  INVALID_TRANSACTION_TERMINATION,
  UNSAFE_NEW_ENUM_VALUE_USAGE
} from "../../error/SqlState.ts"
import type { Reason } from "../../error/Reason.ts"

/** What a missing thing means in a migration: everything else says so itself. */
const advice: Readonly<Record<string, string | undefined>> = {
  UndefinedTable: "create it before this statement, or name its schema",
  UndefinedColumn: "add it before this statement, or correct the name",
  UndefinedFunction: "cast the arguments, or create the function or its extension before this statement",
  SqlSyntaxError: undefined
}

/** Where something has failed. */
export interface Circumstances {
  /** Whether that is a migration in a transaction, which it may do without. Default: false. */
  readonly transaction?: boolean
  /** Whether the place in the file is known: then the one in the statement is left out. Default: false. */
  readonly isPlaced?: boolean
}

/** Without values. */
export const inMigration = (cause: unknown, circumstances: Circumstances = {}): string => {
  if (!DatabaseError.isDatabaseError(cause)) return cause instanceof Error ? cause.message : String(cause)
  const { reason } = cause
  if (reason._tag === "CopyUnsupported") return copyUnsupported
  const { isPlaced = false } = circumstances
  const message = "serverMessage" in reason ? reason.serverMessage : undefined
  const known = adviceOn(reason, circumstances)
  if (message === undefined || !(known !== undefined || reason._tag in advice)) {
    return isPlaced ? withoutPlace(reason) : reason.message
  }
  const hint = "hint" in reason ? reason.hint : undefined
  return `${message}${isPlaced ? "" : at(reason)}${advised(known ?? hint ?? advice[reason._tag])}`
}

/** On what only a migration's transaction is the cause of. */
const adviceOn = (reason: Reason, { isPlaced = false, transaction = false }: Circumstances): string | undefined => {
  const state = "sqlState" in reason ? reason.sqlState : undefined
  if (state === UNSAFE_NEW_ENUM_VALUE_USAGE) return "add the value in a migration of its own, before this one"
  const isCause = transaction && (state === INVALID_TRANSACTION_TERMINATION || isTransactionRefused(reason))
  if (!isCause) return undefined
  const how = isPlaced
    ? "begin its file with `-- pgkeel:no-transaction`"
    : "give it `transaction: false`, in a module `export const transaction = false`"
  return `let the migration run without one: ${how}`
}

/** Whether it is the transaction that the server has against a statement, and not how far it has come. */
export const isTransactionRefused = (reason: Reason): boolean =>
  "sqlState" in reason &&
  reason.sqlState === ACTIVE_SQL_TRANSACTION &&
  "routine" in reason &&
  reason.routine === "PreventInTransactionBlock"

const copyUnsupported =
  "rows below a COPY can be sent by the package's own client only: give the migrator ConnectionManager.layer, or use `pgkeel migrate`"

const at = ({ location }: Reason): string =>
  location === undefined ? "" : ` (line ${location.line}, column ${location.column} of the statement)`

/** The same reason without its position; the message is made from the fields. */
const withoutPlace = (reason: Reason): string => {
  const unplaced: Reason = Object.create(reason, { position: { value: undefined } })
  return unplaced.message
}
