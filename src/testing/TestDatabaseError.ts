/** Why a test could not have a database of its own. */
import * as Schema from "effect/Schema"

/** An option that does not exist or has a wrong type. */
export class InvalidOption extends Schema.TaggedError<InvalidOption>()("InvalidOption", {
  /** What is wrong, with what to give instead; nothing of a value. */
  description: Schema.String
}) {
  override get message() {
    return this.description
  }
}

/** The URL of the server is not one. The URL itself is left out, since it holds a password. */
export class ServerUrlInvalid extends Schema.TaggedError<ServerUrlInvalid>()("ServerUrlInvalid", {}) {
  override get message() {
    return "the server's URL is not of the form postgresql://user:password@host:port/database"
  }
}

/** No session with the server: it is down, it is elsewhere, or it refuses the login. */
export class ServerUnavailable extends Schema.TaggedError<ServerUnavailable>()("ServerUnavailable", {
  host: Schema.String,
  port: Schema.Int,
  username: Schema.String,
  detail: Schema.String
}) {
  override get message() {
    return `no session as "${this.username}" on ${this.host}:${this.port}: ${this.detail}; check that the server runs and that the login is right`
  }
}

/** Another process builds the same template, and did not finish in time. */
export class TemplateLocked extends Schema.TaggedError<TemplateLocked>()("TemplateLocked", {
  key: Schema.String,
  seconds: Schema.Finite
}) {
  override get message() {
    return `the template "${this.key}" has been under construction by another session for more than ${this.seconds} seconds; look for a hanging test process`
  }
}

/** The server refused to create, mark or drop a database. */
export class DatabaseRefused extends Schema.TaggedError<DatabaseRefused>()("DatabaseRefused", {
  action: Schema.String,
  database: Schema.String,
  sqlState: Schema.UndefinedOr(Schema.String),
  detail: Schema.String
}) {
  override get message() {
    const hint =
      this.sqlState === "42501" ? "; the login needs CREATEDB, and to be a superuser or the owner of the template" : ""
    return `could not ${this.action} the database "${this.database}": ${this.detail}${hint}`
  }
}

export const Reason = Schema.Union([
  InvalidOption,
  ServerUrlInvalid,
  ServerUnavailable,
  TemplateLocked,
  DatabaseRefused
])

export type Reason = typeof Reason.Type

/** The one failure of `TestDatabase`; `reason` says which. */
export class TestDatabaseError extends Schema.TaggedError<TestDatabaseError>()("TestDatabaseError", {
  reason: Reason
}) {
  override get message() {
    return this.reason.message
  }
}
