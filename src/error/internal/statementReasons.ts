/** Statements that the server understood and refused, or did not understand. */
import * as Schema from "effect/Schema"
import { define, type ReasonTraits, serverReason } from "./reasonClass.ts"
import { advised, pointedAt, said, tableOf, withoutValues } from "./wording.ts"

/** The role lacks a privilege (42501). */
export class InsufficientPrivilege extends Schema.TaggedError<InsufficientPrivilege, ReasonTraits>(
  "pgkeel/error/InsufficientPrivilege"
)("InsufficientPrivilege", serverReason("42501")) {
  static {
    define(this, {
      code: "PGK5001",
      message: (reason) => `the role lacks a privilege${said(reason.serverMessage)}; GRANT it, or use another role`
    })
  }
}

/** A new row breaks the row-level security policies of its table (42501). */
export class RowSecurityViolation extends Schema.TaggedError<RowSecurityViolation, ReasonTraits>(
  "pgkeel/error/RowSecurityViolation"
)("RowSecurityViolation", serverReason("42501")) {
  static {
    define(this, {
      code: "PGK5002",
      message: (reason) =>
        `a row-level security policy refuses the row${said(reason.serverMessage)}; check the actor and tenant of the session`
    })
  }
}

/** A table, view, sequence or index that the statement names does not exist (42P01). */
export class UndefinedTable extends Schema.TaggedError<UndefinedTable, ReasonTraits>("pgkeel/error/UndefinedTable")(
  "UndefinedTable",
  serverReason("42P01")
) {
  static {
    define(this, {
      code: "PGK4001",
      message: (reason) =>
        `the statement names a table that is not there${said(reason.serverMessage)}${pointedAt(reason)}; run the pending migrations, or check search_path`
    })
  }
}

/** A column that the statement names does not exist (42703). */
export class UndefinedColumn extends Schema.TaggedError<UndefinedColumn, ReasonTraits>("pgkeel/error/UndefinedColumn")(
  "UndefinedColumn",
  serverReason("42703")
) {
  static {
    define(this, {
      code: "PGK4002",
      message: (reason) =>
        `the statement names a column that is not there${said(reason.serverMessage)}${pointedAt(reason)}; run the pending migrations, or correct the name`
    })
  }
}

/** No function or operator fits the name and the argument types (42883). */
export class UndefinedFunction extends Schema.TaggedError<UndefinedFunction, ReasonTraits>(
  "pgkeel/error/UndefinedFunction"
)("UndefinedFunction", serverReason("42883")) {
  static {
    define(this, {
      code: "PGK4003",
      message: (reason) =>
        `no function or operator fits${said(reason.serverMessage)}${pointedAt(reason)}; cast the arguments, or create the extension that has it`
    })
  }
}

/** The statement is not SQL as PostgreSQL understands it (42601). */
export class SqlSyntaxError extends Schema.TaggedError<SqlSyntaxError, ReasonTraits>("pgkeel/error/SqlSyntaxError")(
  "SqlSyntaxError",
  serverReason("42601")
) {
  static {
    define(this, {
      code: "PGK4004",
      message: (reason) => `the statement cannot be parsed${said(reason.serverMessage)}${pointedAt(reason)}; correct it`
    })
  }
}

/** A value does not fit its type (class 22). The server's message may quote it, so `message` does not repeat that. */
export class InvalidValue extends Schema.TaggedError<InvalidValue, ReasonTraits>("pgkeel/error/InvalidValue")(
  "InvalidValue",
  serverReason("22023")
) {
  static {
    define(this, {
      code: "PGK4101",
      message: (reason) => `a value is not valid${said(withoutValues(reason.serverMessage))}; correct the value`
    })
  }
}

/** A string is longer than its column allows (22001). */
export class ValueTooLong extends Schema.TaggedError<ValueTooLong, ReasonTraits>("pgkeel/error/ValueTooLong")(
  "ValueTooLong",
  serverReason("22001")
) {
  static {
    define(this, {
      code: "PGK4102",
      message: (reason) => `a value is too long${said(withoutValues(reason.serverMessage))}; shorten it`
    })
  }
}

/** A number is outside the range of its type (22003). */
export class NumericOverflow extends Schema.TaggedError<NumericOverflow, ReasonTraits>("pgkeel/error/NumericOverflow")(
  "NumericOverflow",
  serverReason("22003")
) {
  static {
    define(this, {
      code: "PGK4103",
      message: (reason) =>
        `a number is out of range${said(withoutValues(reason.serverMessage))}; send a smaller one, or use a wider type`
    })
  }
}

/** Anything else that a server reports. It keeps its SQLSTATE and category. */
export class ServerError extends Schema.TaggedError<ServerError, ReasonTraits>("pgkeel/error/ServerError")(
  "ServerError",
  serverReason("XX000")
) {
  static {
    define(this, {
      code: "PGK9001",
      message: (reason) =>
        `the server reported ${reason.condition ?? "an error"} (${reason.sqlState})${said(reason.category === "data" ? withoutValues(reason.serverMessage) : reason.serverMessage)}${reason.table === undefined ? "" : ` (${tableOf(reason)})`}${pointedAt(reason)}${advised(reason.hint)}`
    })
  }
}
