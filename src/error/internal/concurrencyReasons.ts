/** Statements and transactions that others, or the clock, got in the way of. */
import * as Schema from "effect/Schema"
import { define, type ReasonTraits, serverReason } from "./reasonClass.ts"
import { said, tableOf } from "./wording.ts"

/** Concurrent transactions could not be put into one order (40001). */
export class SerializationFailure extends Schema.TaggedError<SerializationFailure, ReasonTraits>(
  "pgkeel/error/SerializationFailure"
)("SerializationFailure", serverReason("40001")) {
  static {
    define(this, {
      code: "PGK3001",
      message: () =>
        "the transaction conflicts with a concurrent one and was rolled back; run it again from its beginning (Retry.transaction)"
    })
  }
}

/** Two transactions waited for each other, and this one was chosen to give way (40P01). */
export class DeadlockDetected extends Schema.TaggedError<DeadlockDetected, ReasonTraits>(
  "pgkeel/error/DeadlockDetected"
)("DeadlockDetected", serverReason("40P01")) {
  static {
    define(this, {
      code: "PGK3002",
      message: () =>
        "the transaction was rolled back to end a deadlock; run it again from its beginning (Retry.transaction), and lock rows in one order everywhere"
    })
  }
}

/** A lock was not free, and the statement would not wait longer for it (55P03: NOWAIT, lock_timeout). */
export class LockNotAvailable extends Schema.TaggedError<LockNotAvailable, ReasonTraits>(
  "pgkeel/error/LockNotAvailable"
)("LockNotAvailable", serverReason("55P03")) {
  static {
    define(this, {
      code: "PGK3003",
      message: (reason) =>
        `a lock${reason.table === undefined ? "" : ` on ${tableOf(reason)}`} is held by another transaction${said(reason.serverMessage)}; run the transaction again, or wait longer (lock_timeout)`
    })
  }
}

/**
 * A statement ran for longer than statement_timeout allows (57014). Told from
 * `QueryCanceled` by the server's text, in the languages that PostgreSQL speaks.
 */
export class StatementTimeout extends Schema.TaggedError<StatementTimeout, ReasonTraits>(
  "pgkeel/error/StatementTimeout"
)("StatementTimeout", serverReason("57014")) {
  static {
    define(this, {
      code: "PGK3004",
      category: "timeout",
      message: () =>
        "the statement ran for longer than statement_timeout and was cancelled; make it faster, or allow it more time"
    })
  }
}

/**
 * Somebody cancelled the statement: pg_cancel_backend, or a cancel request (57014).
 * An effect that is interrupted here ends as interrupted, and never with this.
 */
export class QueryCanceled extends Schema.TaggedError<QueryCanceled, ReasonTraits>("pgkeel/error/QueryCanceled")(
  "QueryCanceled",
  serverReason("57014")
) {
  static {
    define(this, {
      code: "PGK3005",
      message: () => "the statement was cancelled on request; ask whoever watches the server before running it again"
    })
  }
}

/** A session sat in an open transaction for too long, and the server closed it (25P03). */
export class IdleInTransactionTimeout extends Schema.TaggedError<IdleInTransactionTimeout, ReasonTraits>(
  "pgkeel/error/IdleInTransactionTimeout"
)("IdleInTransactionTimeout", serverReason("25P03")) {
  static {
    define(this, {
      code: "PGK3006",
      message: () =>
        "the server closed a session that idled in a transaction for longer than idle_in_transaction_session_timeout; the transaction is rolled back: do slow work outside of it"
    })
  }
}

/** A transaction was open for longer than transaction_timeout (25P04, PostgreSQL 17 and later). */
export class TransactionTimeout extends Schema.TaggedError<TransactionTimeout, ReasonTraits>(
  "pgkeel/error/TransactionTimeout"
)("TransactionTimeout", serverReason("25P04")) {
  static {
    define(this, {
      code: "PGK3007",
      message: () =>
        "the server closed a session whose transaction was open for longer than transaction_timeout; it is rolled back: make it shorter, or allow it more time"
    })
  }
}

/** A prepared statement is gone or changed under the session (26000, 42P05, 0A000 of a cached plan). */
export class StalePreparedStatement extends Schema.TaggedError<StalePreparedStatement, ReasonTraits>(
  "pgkeel/error/StalePreparedStatement"
)("StalePreparedStatement", serverReason("26000")) {
  static {
    define(this, {
      code: "PGK3008",
      category: "stale_prepared",
      transient: true,
      retryScope: "statement",
      message: (reason) =>
        `a prepared statement no longer fits${said(reason.serverMessage)}; prepare it again, and behind a transaction pooler do not prepare by name`
    })
  }
}
