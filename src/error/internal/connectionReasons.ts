/** Failures between this process and a server that takes statements. */
import * as Schema from "effect/Schema"
import type { Phase } from "../RetryScope.ts"
import { anyReason, define, type ReasonTraits } from "./reasonClass.ts"
import { at, said, to } from "./wording.ts"

const connectionReason = {
  ...anyReason,
  host: Schema.optional(Schema.String),
  port: Schema.optional(Schema.Number)
}

/** The server does not accept the login: wrong password, unknown role, no line in pg_hba.conf (class 28). */
export class AuthenticationFailed extends Schema.TaggedError<AuthenticationFailed, ReasonTraits>(
  "pgkeel/error/AuthenticationFailed"
)("AuthenticationFailed", connectionReason) {
  static {
    define(this, {
      code: "PGK1001",
      category: "authentication",
      transient: false,
      connectionLost: true,
      retryScope: "never",
      message: (reason) =>
        `the server${at(reason)} refused the login${said(reason.serverMessage ?? reason.failure)}; check user name, password and pg_hba.conf`
    })
  }
}

/** The database does not exist, or was dropped (3D000, 57P04). */
export class DatabaseMissing extends Schema.TaggedError<DatabaseMissing, ReasonTraits>("pgkeel/error/DatabaseMissing")(
  "DatabaseMissing",
  connectionReason
) {
  static {
    define(this, {
      code: "PGK1002",
      category: "configuration",
      transient: false,
      retryScope: "never",
      message: (reason) =>
        `the database does not exist${said(reason.serverMessage)}; create it (Provisioner.apply does), or correct the name`
    })
  }
}

/** Nothing listens there, or the way is barred. */
export class ConnectionRefused extends Schema.TaggedError<ConnectionRefused, ReasonTraits>(
  "pgkeel/error/ConnectionRefused"
)("ConnectionRefused", connectionReason) {
  static {
    define(this, {
      code: "PGK1003",
      category: "connection",
      transient: true,
      connectionLost: true,
      retryScope: "connection",
      message: (reason) =>
        `no server answers${at(reason)} (${reason.systemCode ?? "refused"}); start it, or check host, port and firewall`
    })
  }
}

/** The host name has no address. */
export class HostNotFound extends Schema.TaggedError<HostNotFound, ReasonTraits>("pgkeel/error/HostNotFound")(
  "HostNotFound",
  connectionReason
) {
  static {
    define(this, {
      code: "PGK1004",
      category: "connection",
      transient: true,
      connectionLost: true,
      retryScope: "connection",
      message: (reason) =>
        `the host name${reason.host === undefined ? "" : ` ${reason.host}`} has no address (${reason.systemCode ?? "not found"}); check the name and the resolver`
    })
  }
}

/** No encrypted connection came about: no TLS on the server, or a certificate that does not verify. */
export class TlsFailure extends Schema.TaggedError<TlsFailure, ReasonTraits>("pgkeel/error/TlsFailure")(
  "TlsFailure",
  connectionReason
) {
  static {
    define(this, {
      code: "PGK1005",
      category: "configuration",
      transient: false,
      connectionLost: true,
      retryScope: "never",
      message: (reason) =>
        `no TLS connection${to(reason)}${said(reason.failure)}; check sslmode, the certificate and its authority`
    })
  }
}

/** The server did not finish the handshake in time. */
export class ConnectTimeout extends Schema.TaggedError<ConnectTimeout, ReasonTraits>("pgkeel/error/ConnectTimeout")(
  "ConnectTimeout",
  connectionReason
) {
  static {
    define(this, {
      code: "PGK1006",
      category: "connection",
      transient: true,
      connectionLost: true,
      retryScope: "connection",
      message: (reason) =>
        `the server${at(reason)} did not take the connection in time; check that it is reachable and not overloaded, or allow more time`
    })
  }
}

/** A connection that worked is gone. What may be run again depends on how far it had come. */
export class ConnectionLost extends Schema.TaggedError<ConnectionLost, ReasonTraits>("pgkeel/error/ConnectionLost")(
  "ConnectionLost",
  connectionReason
) {
  static {
    define(this, {
      code: "PGK1007",
      category: "connection",
      transient: true,
      retryScope: "by_phase",
      connectionLost: true,
      message: (reason) =>
        `the connection${to(reason)} was lost${said(reason.serverMessage ?? reason.failure)}; ${fate(reason.phase)}`
    })
  }
}

/** One side sent what the protocol does not allow at that point (08P01). */
export class ProtocolViolation extends Schema.TaggedError<ProtocolViolation, ReasonTraits>(
  "pgkeel/error/ProtocolViolation"
)("ProtocolViolation", connectionReason) {
  static {
    define(this, {
      code: "PGK1008",
      category: "protocol",
      transient: false,
      connectionLost: true,
      retryScope: "never",
      message: (reason) =>
        `the protocol was violated${said(reason.serverMessage ?? reason.failure)}; check poolers and proxies on the way`
    })
  }
}

/** What listens there does not speak the PostgreSQL protocol. */
export class NotPostgres extends Schema.TaggedError<NotPostgres, ReasonTraits>("pgkeel/error/NotPostgres")(
  "NotPostgres",
  connectionReason
) {
  static {
    define(this, {
      code: "PGK1009",
      category: "configuration",
      transient: false,
      connectionLost: true,
      retryScope: "never",
      message: (reason) =>
        `what answers${at(reason)} is not a PostgreSQL server${said(reason.failure)}; check host and port`
    })
  }
}

/** The options or the URL of the connection make no sense; nothing was sent. */
export class InvalidConnectionOptions extends Schema.TaggedError<InvalidConnectionOptions, ReasonTraits>(
  "pgkeel/error/InvalidConnectionOptions"
)("InvalidConnectionOptions", connectionReason) {
  static {
    define(this, {
      code: "PGK1010",
      category: "configuration",
      transient: false,
      retryScope: "never",
      message: (reason) =>
        `the connection options are not valid${said(reason.serverMessage ?? reason.failure)}; correct the configuration`
    })
  }
}

const fate = (phase: Phase | undefined): string => {
  switch (phase) {
    case "connecting":
      return "it was not open yet, and nothing was sent: connect again"
    case "idle":
      return "it was idle, and nothing was sent: run the statement again"
    case "transaction_open":
      return "its transaction is rolled back: run it again from its beginning"
    default:
      return "whether the last statement was applied is not known: look before running it again"
  }
}
