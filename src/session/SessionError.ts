/** What a session refuses. The failures of its statements are `DatabaseError`s. */
import * as Schema from "effect/Schema"

/** The session has ended. */
export class SessionClosed extends Schema.TaggedError<SessionClosed>()("SessionClosed", {
  session: Schema.String
}) {
  override get message() {
    return `session ${this.session} has been closed: create another one`
  }
}

/** A session was opened inside another one that acts for somebody else, or under weaker rules. */
export class SessionConflict extends Schema.TaggedError<SessionConflict>()("SessionConflict", {
  session: Schema.String,
  option: Schema.String
}) {
  override get message() {
    return (
      `a session with another ${this.option} was opened inside session ${this.session}, whose transaction is open: ` +
      `open it outside, or leave ${this.option} out to join`
    )
  }
}

/** A session was opened inside a transaction that has none, so its context could not be set with BEGIN. */
export class TransactionAlreadyOpen extends Schema.TaggedError<TransactionAlreadyOpen>()("TransactionAlreadyOpen", {
  session: Schema.String
}) {
  override get message() {
    return (
      `session ${this.session} was opened inside sql.withTransaction, where it could not say who acts: ` +
      `open the session outside, and use sql.withTransaction inside it for a savepoint`
    )
  }
}

/** A session was asked for with options that are none, or not of their type. */
export class InvalidSessionOption extends Schema.TaggedError<InvalidSessionOption>()("InvalidSessionOption", {
  /** `undefined` when what was given for the options is none. */
  option: Schema.UndefinedOr(Schema.String),
  problem: Schema.String,
  accepted: Schema.String
}) {
  override get message() {
    const what = this.option === undefined ? "the options of a session" : `the session option "${this.option}"`
    const next = this.accepted.endsWith("?") ? this.accepted : `give ${this.accepted}`
    return `${what} ${this.problem}: ${next}`
  }
}

export class SessionError extends Schema.TaggedError<SessionError>()("SessionError", {
  reason: Schema.Union([SessionClosed, SessionConflict, TransactionAlreadyOpen, InvalidSessionOption])
}) {
  override get message() {
    return this.reason.message
  }
}
