/** What the connection manager itself refuses. */
import * as Schema from "effect/Schema"
import { contextFields, define, type ReasonTraits } from "./reasonClass.ts"
import { said } from "./wording.ts"

/** The pool was closed before, or while, a connection was asked for. */
export class PoolClosed extends Schema.TaggedError<PoolClosed, ReasonTraits>("pgkeel/error/PoolClosed")(
  "PoolClosed",
  contextFields
) {
  static {
    define(this, {
      code: "PGK7005",
      category: "pool",
      transient: false,
      connectionLost: false,
      retryScope: "never",
      message: () => "the pool is closed: the application shuts down, or the scope that owned the pool has ended"
    })
  }
}

/** The server could not be connected to several times in a row, and is left alone for a moment; nothing was sent. */
export class CircuitOpen extends Schema.TaggedError<CircuitOpen, ReasonTraits>("pgkeel/error/CircuitOpen")(
  "CircuitOpen",
  {
    ...contextFields,
    /** When it is tried again. */
    retryAfterMillis: Schema.Number,
    /** What the last attempt failed with. */
    failure: Schema.optional(Schema.String)
  }
) {
  static {
    define(this, {
      code: "PGK7006",
      category: "connection",
      transient: true,
      connectionLost: false,
      retryScope: "connection",
      message: ({ failure, retryAfterMillis }) =>
        `the server is away${said(failure)}; it is tried again in ${retryAfterMillis} ms`
    })
  }
}

/** The server is older than what is supported. */
export class UnsupportedServer extends Schema.TaggedError<UnsupportedServer, ReasonTraits>(
  "pgkeel/error/UnsupportedServer"
)("UnsupportedServer", { ...contextFields, version: Schema.String, oldest: Schema.String }) {
  static {
    define(this, {
      code: "PGK7201",
      category: "unsupported",
      transient: false,
      connectionLost: false,
      retryScope: "never",
      message: ({ oldest, version }) =>
        `the server is PostgreSQL ${version}; pgkeel needs ${oldest} or later: upgrade the server`
    })
  }
}

/** Whatever should have said which login to use did not. */
export class LoginUnavailable extends Schema.TaggedError<LoginUnavailable, ReasonTraits>(
  "pgkeel/error/LoginUnavailable"
)("LoginUnavailable", { ...contextFields, failure: Schema.optional(Schema.String) }) {
  static {
    define(this, {
      code: "PGK7202",
      category: "authentication",
      transient: false,
      connectionLost: false,
      retryScope: "never",
      message: ({ failure }) => `there is no login for a new connection${said(failure)}`
    })
  }
}
