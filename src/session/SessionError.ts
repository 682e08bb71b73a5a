/** What a session refuses. The failures of its statements are `DatabaseError`s. */
import * as Schema from "effect/Schema"

/** The session has ended, by itself or by `closeSession`, which rolls back what is open in it. */
export class SessionClosed extends Schema.TaggedError<SessionClosed>()("SessionClosed", {
  session: Schema.String,
  /** What `closeSession` was given as the reason. */
  why: Schema.UndefinedOr(Schema.String)
}) {
  override get message() {
    const why = this.why === undefined ? "" : ` (${this.why})`
    return `session ${this.session} has been closed${why}: create another one`
  }
}

/** A session was opened inside another one that acts for somebody else, or under weaker rules. */
export class SessionConflict extends Schema.TaggedError<SessionConflict>()("SessionConflict", {
  session: Schema.String,
  option: Schema.String
}) {
  override get message() {
    return (
      `a session that asks for another ${this.option} was opened inside session ${this.session}, whose transaction is ` +
      `open: open it outside or with propagation "requires-new", or leave ${this.option} out to join`
    )
  }
}

/**
 * A part that had joined the session failed, and its failure was caught: what the part did before can only be
 * rolled back with the rest.
 */
export class RollbackOnly extends Schema.TaggedError<RollbackOnly>()("RollbackOnly", {
  session: Schema.String,
  /** The name of the part, or the session's own where it has none. */
  part: Schema.String,
  /** What it failed with. */
  failure: Schema.Defect()
}) {
  override get message() {
    return (
      `session ${this.session} was rolled back although its effect succeeded, because ${this.part} had joined it and ` +
      `failed (${String(this.failure)}): let that failure through, or open what may fail with propagation "nested"`
    )
  }
}

/** A session that only joins was opened where none is. */
export class SessionRequired extends Schema.TaggedError<SessionRequired>()("SessionRequired", {
  session: Schema.String
}) {
  override get message() {
    return `session ${this.session} has propagation "mandatory" and no session is open: open one around it`
  }
}

/** An effect that must not run in a transaction was run in one. */
export class SessionForbidden extends Schema.TaggedError<SessionForbidden>()("SessionForbidden", {
  session: Schema.String
}) {
  override get message() {
    return (
      `session ${this.session} has propagation "never" and a transaction is open: run it outside, or with propagation ` +
      `"not-supported"`
    )
  }
}

/** A limit of the session has passed; what it did is rolled back. */
export class SessionTimeout extends Schema.TaggedError<SessionTimeout>()("SessionTimeout", {
  session: Schema.String,
  /** The option that set the limit. */
  limit: Schema.Literals(["timeout", "maxAge", "maxIdle"]),
  millis: Schema.Finite
}) {
  override get message() {
    return (
      `session ${this.session} was rolled back because its ${this.limit} of ${this.millis} ms has passed: do less in ` +
      `it, or give a longer ${this.limit}`
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
  reason: Schema.Union([
    SessionClosed,
    SessionConflict,
    RollbackOnly,
    SessionRequired,
    SessionForbidden,
    SessionTimeout,
    TransactionAlreadyOpen,
    InvalidSessionOption
  ])
}) {
  override get message() {
    return this.reason.message
  }
}
