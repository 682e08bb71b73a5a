/** What a server, or a pooler in its place, reports in an ErrorResponse. */
import * as Predicate from "effect/Predicate"
import * as Reason from "../Reason.ts"
import * as SqlState from "../SqlState.ts"
import type { FailureContext } from "./failureContext.ts"
import { type ClassOf, construct } from "./construct.ts"
import { columnsOf } from "./detail.ts"
import { foundNoServer, poolerCode } from "./pooler.ts"

/** The fields of an ErrorResponse, as the driver names them. */
export interface ServerReport {
  readonly code?: string | undefined
  readonly severity?: string | undefined
  readonly severityUnlocalized?: string | undefined
  readonly message?: string | undefined
  readonly detail?: string | undefined
  readonly hint?: string | undefined
  readonly position?: string | undefined
  readonly internalQuery?: string | undefined
  readonly internalPosition?: string | undefined
  readonly where?: string | undefined
  readonly schema?: string | undefined
  readonly table?: string | undefined
  readonly column?: string | undefined
  readonly dataType?: string | undefined
  readonly constraint?: string | undefined
  readonly routine?: string | undefined
}

/** The codes of Node and of operating systems begin with E, and no class of SQLSTATEs does. */
const sqlState = /^[0-9A-DF-Z][0-9A-Z]{4}$/u

/** Only servers have a severity; what leaves it out, though the protocol asks for it, is known by its code. */
export const isServerReport = (cause: unknown): cause is ServerReport =>
  isText(cause, "severityUnlocalized") ||
  isText(cause, "severity") ||
  (isText(cause, "code") && sqlState.test(cause.code))

const isText = <K extends string>(cause: unknown, key: K): cause is { readonly [_ in K]: string } =>
  Predicate.hasProperty(cause, key) && typeof cause[key] === "string"

type Class = ClassOf<Reason.Reason>

const byCode: ReadonlyMap<string, Class> = new Map<string, Class>([
  ["23001", Reason.ForeignKeyViolation],
  ["23502", Reason.NotNullViolation],
  ["23503", Reason.ForeignKeyViolation],
  ["23505", Reason.UniqueViolation],
  ["23514", Reason.CheckViolation],
  ["23P01", Reason.ExclusionViolation],
  ["44000", Reason.CheckViolation],
  ["40001", Reason.SerializationFailure],
  ["40P01", Reason.DeadlockDetected],
  ["55P03", Reason.LockNotAvailable],
  ["25P03", Reason.IdleInTransactionTimeout],
  ["25P04", Reason.TransactionTimeout],
  ["25006", Reason.ReadOnlyServer],
  ["26000", Reason.StalePreparedStatement],
  ["42P05", Reason.StalePreparedStatement],
  ["42P01", Reason.UndefinedTable],
  ["42703", Reason.UndefinedColumn],
  ["42883", Reason.UndefinedFunction],
  ["42601", Reason.SqlSyntaxError],
  ["22001", Reason.ValueTooLong],
  ["22003", Reason.NumericOverflow],
  ["53100", Reason.DiskFull],
  ["53200", Reason.OutOfMemory],
  ["53300", Reason.TooManyConnections],
  ["57P01", Reason.ServerShuttingDown],
  ["57P02", Reason.ServerCrashed],
  ["57P03", Reason.ServerStarting],
  ["57P04", Reason.DatabaseMissing]
])

/**
 * Both cancellations share code and routine, and a client may not choose the
 * language (`lc_messages` is a superuser's), so only the text tells: in every
 * language that PostgreSQL 15 has a catalogue for, and in some that it had or was
 * given since. In another one a timeout reads as a cancellation on request, which
 * is run again just as little.
 */
const statementTimeout =
  /time-?out|Zeitüberschreitung|tiempo de espera|délai écoulé|タイムアウト|초과|тайм-аут|超时|逾時|zaman aşımı|przekroczeni|ვადის ამოწურვ/iu

/** The functions of the server that check policies. Their names are not translated. */
const rowSecurityRoutines = new Set(["ExecWithCheckOptions", "check_enable_rls"])

const isFatal = (code: string, report: ServerReport): boolean => {
  const severity = severityOf(report)
  return severity === undefined ? SqlState.describe(code).connectionLost : severity === "FATAL" || severity === "PANIC"
}

const classOf = (code: string, report: ServerReport, context: FailureContext): Class => {
  const direct = byCode.get(code)
  if (direct !== undefined) return direct
  switch (code) {
    case "57014":
      if (context.phase === "connecting") return Reason.ConnectTimeout
      return statementTimeout.test(report.message ?? "") ? Reason.StatementTimeout : Reason.QueryCanceled
    case "42501":
      return rowSecurityRoutines.has(report.routine ?? "") ? Reason.RowSecurityViolation : Reason.InsufficientPrivilege
    case "0A000":
      return report.routine === "RevalidateCachedQuery" ? Reason.StalePreparedStatement : Reason.ServerError
    case "3D000":
      return isFatal(code, report) ? Reason.DatabaseMissing : Reason.ServerError
    case "08P01":
      return Reason.ProtocolViolation
    case "22023":
    case "42704":
      // The startup packet asked for a setting that there is not, or for a value that it does not take.
      if (isFatal(code, report)) return Reason.InvalidConnectionOptions
  }
  return byClass(code, report)
}

const byClass = (code: string, report: ServerReport): Class => {
  switch (code.slice(0, 2)) {
    case "22":
      return Reason.InvalidValue
    case "08":
      return isFatal(code, report) ? Reason.ConnectionLost : Reason.ServerError
    case "28":
      return isFatal(code, report) ? Reason.AuthenticationFailed : Reason.ServerError
    default:
      return Reason.ServerError
  }
}

/** PgBouncer sends the severity only in the field that a server translates, and does not translate it. */
const severityOf = (report: ServerReport): string | undefined => report.severityUnlocalized ?? report.severity

const copied = [
  "detail",
  "hint",
  "schema",
  "table",
  "column",
  "dataType",
  "constraint",
  "internalQuery",
  "where",
  "routine"
] as const satisfies ReadonlyArray<keyof ServerReport>

const withEndpoint: ReadonlySet<Class> = new Set<Class>([
  Reason.AuthenticationFailed,
  Reason.ConnectTimeout,
  Reason.ConnectionLost,
  Reason.DatabaseMissing,
  Reason.ProtocolViolation
])

const withColumns: ReadonlySet<Class> = new Set<Class>([
  Reason.UniqueViolation,
  Reason.ForeignKeyViolation,
  Reason.ExclusionViolation
])

/** What is no position is left out: nothing can be shown at it, and JSON has no NaN. */
const setPosition = (fields: Record<string, unknown>, key: string, text: string | undefined): void => {
  const position = text === undefined ? 0 : Number(text)
  if (Number.isSafeInteger(position) && position > 0) fields[key] = position
}

export const serverReason = (report: ServerReport, context: FailureContext): Reason.Reason => {
  const pooled = report.code === "08P01" && report.message !== undefined ? poolerCode(report.message) : undefined
  const code = pooled ?? report.code ?? SqlState.INTERNAL_ERROR
  const self = classOf(code, report, context)
  const severity = severityOf(report)
  const fields: Record<string, unknown> = { _tag: self.prototype.name, sqlState: code }
  if (severity !== undefined) fields.severity = severity
  if (report.message !== undefined) fields.serverMessage = report.message
  for (const key of copied) {
    if (report[key] !== undefined) fields[key] = report[key]
  }
  setPosition(fields, "position", report.position)
  setPosition(fields, "internalPosition", report.internalPosition)
  const phase = context.phase === "statement_sent" && foundNoServer(pooled) ? "idle" : context.phase
  if (phase !== undefined) fields.phase = phase
  if (context.statement !== undefined) fields.statement = context.statement
  if (withColumns.has(self)) fields.columns = columnsOf(report.detail)
  if (withEndpoint.has(self)) {
    if (context.host !== undefined) fields.host = context.host
    if (context.port !== undefined) fields.port = context.port
  }
  return construct(self, fields)
}
