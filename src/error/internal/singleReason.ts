/** Every reason that one attempt can fail with, in the order of the stable codes. */
import * as Schema from "effect/Schema"
import * as Availability from "./availabilityReasons.ts"
import * as Client from "./clientReasons.ts"
import * as Concurrency from "./concurrencyReasons.ts"
import * as Connection from "./connectionReasons.ts"
import * as Constraint from "./constraintReasons.ts"
import * as Manager from "./managerReasons.ts"
import * as Statement from "./statementReasons.ts"

export const SingleReason = Schema.Union([
  Connection.AuthenticationFailed,
  Connection.DatabaseMissing,
  Connection.ConnectionRefused,
  Connection.HostNotFound,
  Connection.TlsFailure,
  Connection.ConnectTimeout,
  Connection.ConnectionLost,
  Connection.ProtocolViolation,
  Connection.NotPostgres,
  Connection.InvalidConnectionOptions,
  Constraint.UniqueViolation,
  Constraint.ForeignKeyViolation,
  Constraint.NotNullViolation,
  Constraint.CheckViolation,
  Constraint.ExclusionViolation,
  Concurrency.SerializationFailure,
  Concurrency.DeadlockDetected,
  Concurrency.LockNotAvailable,
  Concurrency.StatementTimeout,
  Concurrency.QueryCanceled,
  Concurrency.IdleInTransactionTimeout,
  Concurrency.TransactionTimeout,
  Concurrency.StalePreparedStatement,
  Statement.UndefinedTable,
  Statement.UndefinedColumn,
  Statement.UndefinedFunction,
  Statement.SqlSyntaxError,
  Statement.InvalidValue,
  Statement.ValueTooLong,
  Statement.NumericOverflow,
  Statement.InsufficientPrivilege,
  Statement.RowSecurityViolation,
  Availability.DiskFull,
  Availability.OutOfMemory,
  Availability.TooManyConnections,
  Availability.ServerStarting,
  Availability.ServerShuttingDown,
  Availability.ServerCrashed,
  Availability.ReadOnlyServer,
  Client.PoolExhausted,
  Client.CommitRolledBack,
  Client.OutcomeUnknown,
  Manager.PoolClosed,
  Manager.CircuitOpen,
  Client.InvalidParameter,
  Client.InvalidResult,
  Client.ConnectionReleased,
  Client.CopyUnsupported,
  Client.TransactionControl,
  Client.InvalidOption,
  Manager.UnsupportedServer,
  Manager.LoginUnavailable,
  Statement.ServerError,
  Client.ClientError
])
export type SingleReason = typeof SingleReason.Type
