/** Failures that neither a server nor a network reports: ours, the pool's, and those of not knowing. */
import * as Schema from "effect/Schema"
import { contextFields, define, type ReasonTraits } from "./reasonClass.ts"
import { said } from "./wording.ts"

const clientReason = {
  ...contextFields,
  /** Node's or the operating system's code, such as `EMFILE`. */
  systemCode: Schema.optional(Schema.String),
  /** What the driver said. */
  failure: Schema.optional(Schema.String)
}

/** One who held a connection when the pool had none left. */
export const Holder = Schema.Struct({
  holder: Schema.String,
  kind: Schema.String,
  heldMillis: Schema.Number
})
export type Holder = typeof Holder.Type

/** No connection of the pool became free in time. */
export class PoolExhausted extends Schema.TaggedError<PoolExhausted, ReasonTraits>("pgkeel/error/PoolExhausted")(
  "PoolExhausted",
  { ...contextFields, waitedMillis: Schema.Number, max: Schema.Number, holders: Schema.Array(Holder) }
) {
  static {
    define(this, {
      code: "PGK7001",
      category: "pool",
      transient: true,
      connectionLost: false,
      retryScope: "transaction",
      message: (reason) =>
        `no connection became free within ${reason.waitedMillis} ms: all ${reason.max} are taken${heldBy(reason.holders)}; hold them for a shorter time, or raise the pool's size`
    })
  }
}

/** COMMIT was answered with ROLLBACK: an earlier statement had failed, and nothing was committed. */
export class CommitRolledBack extends Schema.TaggedError<CommitRolledBack, ReasonTraits>(
  "pgkeel/error/CommitRolledBack"
)("CommitRolledBack", clientReason) {
  static {
    define(this, {
      code: "PGK7002",
      category: "transaction_state",
      transient: false,
      connectionLost: false,
      retryScope: "never",
      message: () =>
        "COMMIT rolled the transaction back because an earlier statement in it had failed; nothing was committed: handle that statement's error, or put it behind a savepoint"
    })
  }
}

/** COMMIT was sent and its answer never came. */
export class OutcomeUnknown extends Schema.TaggedError<OutcomeUnknown, ReasonTraits>("pgkeel/error/OutcomeUnknown")(
  "OutcomeUnknown",
  { ...contextFields, transactionId: Schema.optional(Schema.String), failure: Schema.optional(Schema.String) }
) {
  static {
    define(this, {
      code: "PGK7003",
      category: "outcome",
      transient: false,
      connectionLost: true,
      retryScope: "unknown_outcome",
      message: (reason) =>
        `it is not known whether ${reason.transactionId === undefined ? "the last write" : `transaction ${reason.transactionId}`} was applied${said(reason.failure)}; look for its effects before running it again`
    })
  }
}

/** A parameter cannot be sent; the statement was not. */
export class InvalidParameter extends Schema.TaggedError<InvalidParameter, ReasonTraits>(
  "pgkeel/error/InvalidParameter"
)("InvalidParameter", clientReason) {
  static {
    define(this, {
      code: "PGK7101",
      category: "client",
      transient: false,
      connectionLost: false,
      retryScope: "never",
      message: (reason) =>
        `a parameter cannot be encoded${said(reason.failure)}; convert it, or cast it in the statement`
    })
  }
}

/** The server answered with rows that the driver cannot decode. */
export class InvalidResult extends Schema.TaggedError<InvalidResult, ReasonTraits>("pgkeel/error/InvalidResult")(
  "InvalidResult",
  clientReason
) {
  static {
    define(this, {
      code: "PGK7102",
      category: "client",
      transient: false,
      connectionLost: false,
      retryScope: "never",
      message: (reason) => `a row cannot be decoded${said(reason.failure)}; cast the column in the statement`
    })
  }
}

/** A connection was used after its scope had closed. */
export class ConnectionReleased extends Schema.TaggedError<ConnectionReleased, ReasonTraits>(
  "pgkeel/error/ConnectionReleased"
)("ConnectionReleased", clientReason) {
  static {
    define(this, {
      code: "PGK7103",
      category: "client",
      transient: false,
      connectionLost: false,
      retryScope: "never",
      message: () => "a connection was used after it had been given back; keep its use inside its scope"
    })
  }
}

/**
 * A plain statement wanted COPY's own protocol (manual, 55.2.6), which only `Copy`
 * speaks: it was not sent. COPY with a file or a program of the server needs nothing
 * of the kind.
 */
export class CopyUnsupported extends Schema.TaggedError<CopyUnsupported, ReasonTraits>("pgkeel/error/CopyUnsupported")(
  "CopyUnsupported",
  clientReason
) {
  static {
    define(this, {
      code: "PGK7104",
      category: "unsupported",
      transient: false,
      connectionLost: false,
      retryScope: "never",
      message: () =>
        "COPY FROM STDIN and COPY TO STDOUT are no plain statements, and no row was copied: write with Copy.into or Bulk.insertMany, and read with Copy.out"
    })
  }
}

/**
 * A statement began or ended a transaction by itself, where the client does: within
 * `withTransaction` it was not sent, and on a connection of the pool, which the next
 * statement need not get, it was undone.
 */
export class TransactionControl extends Schema.TaggedError<TransactionControl, ReasonTraits>(
  "pgkeel/error/TransactionControl"
)("TransactionControl", clientReason) {
  static {
    define(this, {
      code: "PGK7105",
      category: "transaction_state",
      transient: false,
      connectionLost: false,
      retryScope: "never",
      message: () =>
        "a statement would have begun or ended a transaction on its own, which was prevented: use withSession or sql.withTransaction, which commit when their effect succeeds and roll back when it fails; to do it by hand, reserve a connection"
    })
  }
}

/** A function was called with an option that does not exist, or is not of its type; nothing was sent. */
export class InvalidOption extends Schema.TaggedError<InvalidOption, ReasonTraits>("pgkeel/error/InvalidOption")(
  "InvalidOption",
  clientReason
) {
  static {
    define(this, {
      code: "PGK7106",
      category: "client",
      transient: false,
      connectionLost: false,
      retryScope: "never",
      message: (reason) => reason.failure ?? "an option does not exist, or is not of its type: correct the call"
    })
  }
}

/** Anything else that went wrong on our side of the connection. */
export class ClientError extends Schema.TaggedError<ClientError, ReasonTraits>("pgkeel/error/ClientError")(
  "ClientError",
  clientReason
) {
  static {
    define(this, {
      code: "PGK9002",
      category: "client",
      transient: false,
      connectionLost: false,
      retryScope: "never",
      message: (reason) => `the client failed${said(reason.failure)}`
    })
  }
}

const heldBy = (holders: ReadonlyArray<Holder>): string =>
  holders.length === 0
    ? ""
    : ` (${holders
        .slice(0, 3)
        .map(({ heldMillis, holder, kind }) => `${holder}: ${kind} for ${heldMillis} ms`)
        .join(", ")}${holders.length > 3 ? ", ..." : ""})`
