/** What a server, or a pooler in its place, reports in an ErrorResponse. */
import * as Predicate from "effect/Predicate"
import * as Reason from "../Reason.ts"
import type { FailureContext } from "./failureContext.ts"
import { type ClassOf, construct } from "./construct.ts"
import { columnsOf } from "./detail.ts"
import { poolerCode } from "./pooler.ts"

/** The fields of an ErrorResponse, as the driver names them. */
export interface ServerReport {
  readonly code: string
  readonly severity?: string | undefined
  readonly severityUnlocalized?: string | undefined
  readonly message?: string | undefined
  readonly detail?: string | undefined
  readonly hint?: string | undefined
  readonly position?: string | undefined
  readonly where?: string | undefined
  readonly schema?: string | undefined
  readonly table?: string | undefined
  readonly column?: string | undefined
  readonly dataType?: string | undefined
  readonly constraint?: string | undefined
  readonly routine?: string | undefined
}

/** Sockets have a `code` too, but only servers have a severity. */
export const isServerReport = (cause: unknown): cause is ServerReport =>
  Predicate.hasProperty(cause, "code") &&
  typeof cause.code === "string" &&
  (isText(cause, "severityUnlocalized") || isText(cause, "severity"))

const isText = (cause: object, key: string): boolean =>
  Predicate.hasProperty(cause, key) && typeof cause[key] === "string"

type Class = ClassOf<Reason.Reason>

const byCode: Readonly<Record<string, Class>> = {
  "23001": Reason.ForeignKeyViolation,
  "23502": Reason.NotNullViolation,
  "23503": Reason.ForeignKeyViolation,
  "23505": Reason.UniqueViolation,
  "23514": Reason.CheckViolation,
  "23P01": Reason.ExclusionViolation,
  "44000": Reason.CheckViolation,
  "40001": Reason.SerializationFailure,
  "40P01": Reason.DeadlockDetected,
  "55P03": Reason.LockNotAvailable,
  "25P03": Reason.IdleInTransactionTimeout,
  "25P04": Reason.TransactionTimeout,
  "25006": Reason.ReadOnlyServer,
  "26000": Reason.StalePreparedStatement,
  "42P05": Reason.StalePreparedStatement,
  "42P01": Reason.UndefinedTable,
  "42703": Reason.UndefinedColumn,
  "42883": Reason.UndefinedFunction,
  "42601": Reason.SqlSyntaxError,
  "22001": Reason.ValueTooLong,
  "22003": Reason.NumericOverflow,
  "53100": Reason.DiskFull,
  "53200": Reason.OutOfMemory,
  "53300": Reason.TooManyConnections,
  "57P01": Reason.ServerShuttingDown,
  "57P02": Reason.ServerCrashed,
  "57P03": Reason.ServerStarting,
  "57P04": Reason.DatabaseMissing
}

/** In the languages that PostgreSQL is translated into; both cancellations share code and routine. */
const statementTimeout = /time-?out|Zeitüberschreitung|tiempo de espera|délai écoulé|タイムアウト|초과|тайм-аут|超时/iu

/** The functions of the server that check policies. Their names are not translated. */
const rowSecurityRoutines = new Set(["ExecWithCheckOptions", "check_enable_rls"])

const isFatal = (report: ServerReport): boolean => severityOf(report) !== "ERROR"

const classOf = (code: string, report: ServerReport, context: FailureContext): Class => {
  const direct = byCode[code]
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
      return isFatal(report) ? Reason.DatabaseMissing : Reason.ServerError
    case "08P01":
      return Reason.ProtocolViolation
  }
  return byClass(code, report)
}

const byClass = (code: string, report: ServerReport): Class => {
  switch (code.slice(0, 2)) {
    case "22":
      return Reason.InvalidValue
    case "08":
      return isFatal(report) ? Reason.ConnectionLost : Reason.ServerError
    case "28":
      return isFatal(report) ? Reason.AuthenticationFailed : Reason.ServerError
    default:
      return Reason.ServerError
  }
}

/** PgBouncer sends the severity only in the field that a server translates, and does not translate it. */
const severityOf = (report: ServerReport): string => report.severityUnlocalized ?? report.severity ?? "ERROR"

const copied = [
  "detail",
  "hint",
  "schema",
  "table",
  "column",
  "dataType",
  "constraint",
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

export const serverReason = (report: ServerReport, context: FailureContext): Reason.Reason => {
  const pooled = report.code === "08P01" && report.message !== undefined ? poolerCode(report.message) : undefined
  const code = pooled ?? report.code
  const self = classOf(code, report, context)
  const fields: Record<string, unknown> = {
    _tag: self.prototype.name,
    sqlState: code,
    severity: severityOf(report)
  }
  if (report.message !== undefined) fields.serverMessage = report.message
  for (const key of copied) {
    if (report[key] !== undefined) fields[key] = report[key]
  }
  if (report.position !== undefined) fields.position = Number(report.position)
  if (context.phase !== undefined) fields.phase = context.phase
  if (context.statement !== undefined) fields.statement = context.statement
  if (withColumns.has(self)) fields.columns = columnsOf(report.detail)
  if (withEndpoint.has(self)) {
    if (context.host !== undefined) fields.host = context.host
    if (context.port !== undefined) fields.port = context.port
  }
  return construct(self, fields)
}
