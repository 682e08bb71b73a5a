/** States of the server that pass, or that an operator must end. */
import * as Schema from "effect/Schema"
import { define, type ReasonTraits, serverReason } from "./reasonClass.ts"
import { said } from "./wording.ts"

/** The server has no space left (53100). */
export class DiskFull extends Schema.TaggedError<DiskFull, ReasonTraits>("pgkeel/error/DiskFull")(
  "DiskFull",
  serverReason("53100")
) {
  static {
    define(this, {
      code: "PGK6001",
      message: () => "the server's disk is full; free or add space, then run the transaction again"
    })
  }
}

/** The server ran out of memory for the statement (53200). */
export class OutOfMemory extends Schema.TaggedError<OutOfMemory, ReasonTraits>("pgkeel/error/OutOfMemory")(
  "OutOfMemory",
  serverReason("53200")
) {
  static {
    define(this, {
      code: "PGK6002",
      message: () =>
        "the server ran out of memory; run the transaction again later, with less work_mem or fewer connections"
    })
  }
}

/** Every connection that the server, the database or the role may have is taken (53300). */
export class TooManyConnections extends Schema.TaggedError<TooManyConnections, ReasonTraits>(
  "pgkeel/error/TooManyConnections"
)("TooManyConnections", serverReason("53300")) {
  static {
    define(this, {
      code: "PGK6003",
      category: "resources",
      transient: true,
      connectionLost: true,
      retryScope: "connection",
      message: (reason) =>
        `no connection is left${said(reason.serverMessage)}; close some, or raise max_connections or the CONNECTION LIMIT`
    })
  }
}

/** The server starts up, recovers, or is a standby that takes no connections yet (57P03). */
export class ServerStarting extends Schema.TaggedError<ServerStarting, ReasonTraits>("pgkeel/error/ServerStarting")(
  "ServerStarting",
  serverReason("57P03")
) {
  static {
    define(this, {
      code: "PGK6004",
      message: (reason) =>
        `the server takes no connections yet${said(reason.serverMessage)}; connect again in a moment (Retry.connection)`
    })
  }
}

/** An administrator ended the session or shut the server down (57P01). */
export class ServerShuttingDown extends Schema.TaggedError<ServerShuttingDown, ReasonTraits>(
  "pgkeel/error/ServerShuttingDown"
)("ServerShuttingDown", serverReason("57P01")) {
  static {
    define(this, {
      code: "PGK6005",
      message: (reason) =>
        `the server ended the session${said(reason.serverMessage)}; what was not committed is rolled back: connect again`
    })
  }
}

/** Another server process crashed, and the server ended all sessions to recover (57P02). */
export class ServerCrashed extends Schema.TaggedError<ServerCrashed, ReasonTraits>("pgkeel/error/ServerCrashed")(
  "ServerCrashed",
  serverReason("57P02")
) {
  static {
    define(this, {
      code: "PGK6006",
      message: () =>
        "a server process crashed and all sessions were ended; the server recovers by itself: connect again in a moment"
    })
  }
}

/** A write reached a server or a transaction that only reads (25006): a standby, or READ ONLY. */
export class ReadOnlyServer extends Schema.TaggedError<ReadOnlyServer, ReasonTraits>("pgkeel/error/ReadOnlyServer")(
  "ReadOnlyServer",
  serverReason("25006")
) {
  static {
    define(this, {
      code: "PGK6007",
      message: (reason) =>
        `a write in a read-only transaction or on a standby${said(reason.serverMessage)}; open the session for writing, on the primary`
    })
  }
}
