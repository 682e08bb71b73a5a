/**
 * The private parts of the driver that pgkeel leans on, in one place.
 *
 * `@effect/sql-pg` shows neither whether a session has died nor a way to send
 * statements ahead of another one. Both are possible from inside. What is used
 * here is looked for first, and where a later driver lacks it the caller gets what
 * is slower and just as right; `test/connection/driver.test.ts` fails when that
 * happens.
 */
import { Buffer } from "node:buffer"
import * as Predicate from "effect/Predicate"
import { SqlError, UnknownError } from "effect/sql/SqlError"
import type * as PgConnection from "@effect/sql-pg/PgConnection"
import { encodeInto } from "./ahead.ts"
import type { Answer, Statement } from "./ahead.ts"

const internalsKey = "~@effect/sql-pg/PgConnection/internals"

/** What the session died of; `undefined` while it lives, or where the driver does not say. */
export const deathOf = (connection: PgConnection.PgConnection): SqlError | undefined => {
  const internals: unknown = Reflect.get(connection, internalsKey)
  return Predicate.hasProperty(internals, "deadError") && Predicate.isFunction(internals.deadError)
    ? internals.deadError()
    : undefined
}

/** Whether the session behind a connection is gone: its socket closed, or the server ended it. */
export const isDead = (connection: PgConnection.PgConnection): boolean => deathOf(connection) !== undefined

interface Fields {
  readonly code?: string | undefined
  readonly message?: string | undefined
  readonly severityUnlocalized?: string | undefined
}

interface Message {
  readonly _tag: string
  readonly fields?: Fields
  readonly status?: string
  readonly values?: ReadonlyArray<unknown>
}

/** Who hears what the server says. */
interface Consumer {
  onMessage(message: Message): void
  onFatal(error: SqlError): void
}

/** The inside of a session: who hears the server's messages, how rows are read, and where our bytes go. */
interface Inside {
  consumer: Consumer | undefined
  /** The driver's own prepared statements; `undefined` where it is told to keep none. */
  readonly prepared: unknown
  readonly session: {
    readonly parser: { readField: unknown }
    readonly socket: { write(this: unknown, chunk: Uint8Array, ...rest: ReadonlyArray<unknown>): boolean }
  }
}

const isInside = (connection: object): connection is Inside => {
  const session: unknown = Reflect.get(connection, "session")
  return (
    Predicate.hasProperty(session, "socket") &&
    Predicate.hasProperty(session.socket, "write") &&
    Predicate.hasProperty(session, "parser") &&
    Predicate.hasProperty(session.parser, "readField") &&
    Reflect.get(connection, "multiplex") === false &&
    "prepared" in connection &&
    "consumer" in connection
  )
}

/** Whether this driver can send statements ahead of another one. */
export const canSendAhead = (connection: PgConnection.PgConnection): boolean => isInside(connection)

const lastWords = new WeakMap<object, Fields>()

/**
 * Hears what the server says as it ends the session. While a statement runs the
 * driver waits for the end of its answer, and then only reports a closed socket.
 */
export const hearLastWords = (connection: object): void => {
  const dispatch: unknown = Reflect.get(connection, "dispatch")
  if (!Predicate.isFunction(dispatch)) return
  Reflect.set(connection, "dispatch", (message: Message) => {
    if (message._tag === "ErrorResponse" && message.fields?.severityUnlocalized === "FATAL") {
      lastWords.set(connection, message.fields)
    }
    dispatch.call(connection, message)
  })
}

/** What the server said as it ended the session, if it said something. */
export const lastWordsOf = (connection: object): object | undefined => lastWords.get(connection)

/** The way out of one connection: what waits there for the next write, and which statements the server keeps. */
interface Gate {
  waiting: Ahead | undefined
  readonly kept: Set<string>
}

const gates = new WeakMap<object, Gate>()

/** A statement of the driver is one write, and its consumer is in place before it. */
const openGate = (inside: Inside): Gate => {
  const gate: Gate = { waiting: undefined, kept: new Set() }
  const { socket } = inside.session
  const write = socket.write
  socket.write = (chunk, ...rest) => {
    const ahead = gate.waiting
    if (ahead === undefined) return write.call(socket, chunk, ...rest)
    gate.waiting = undefined
    return write.call(socket, ahead.leaveWith(chunk), ...rest)
  }
  gates.set(inside, gate)
  return gate
}

/** What the server sends of a text is the text; the bytes are gone once the next message is read. */
const textOf = (value: unknown): Answer =>
  value instanceof Uint8Array ? Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString() : undefined

/** A cached plan or a name that the server no longer honours: DISCARD ALL, or a changed search path. */
const staleCodes: ReadonlySet<string | undefined> = new Set(["26000", "0A000"])

const evictAll = (prepared: unknown): void => {
  if (!Predicate.hasProperty(prepared, "statements") || !Predicate.hasProperty(prepared, "evict")) return
  const { evict, statements } = prepared
  if (!(statements instanceof Map) || !Predicate.isFunction(evict)) return
  for (const statement of Array.from(statements.values())) evict.call(prepared, statement)
}

/** Not sent, done, refused by the server, or unknown since the session ended or its statement was given up. */
type Outcome = "unsent" | "done" | "refused" | "unknown"

/**
 * Statements on their way ahead of the next one on a connection. It hears what the
 * server says to them, and then hands over to the one that follows.
 */
export class Ahead implements Consumer {
  readonly #inside: Inside
  readonly #gate: Gate
  readonly #statements: ReadonlyArray<Statement>
  #follower: Consumer | undefined
  #readField: unknown
  #left = false
  #done = 0
  readonly #answers: Array<Answer> = []
  #failure: Fields | undefined
  #status: string | undefined

  constructor(inside: Inside, gate: Gate, statements: ReadonlyArray<Statement>) {
    this.#inside = inside
    this.#gate = gate
    this.#statements = statements
    gate.waiting = this
  }

  /** What became of them. */
  get outcome(): Outcome {
    if (!this.#left) return "unsent"
    if (this.#done === this.#statements.length) return "done"
    return this.#failure === undefined ? "unknown" : "refused"
  }

  /** What each of them returned. */
  get answers(): ReadonlyArray<Answer> {
    return this.#answers
  }

  /** Whether the server refused a statement only because it had forgotten it: trying again is safe. */
  get isForgotten(): boolean {
    return staleCodes.has(this.#failure?.code) && this.#status !== undefined && this.#gate.kept.size > 0
  }

  /** Whether the server waits for the ROLLBACK of a transaction that failed. */
  get isInFailedTransaction(): boolean {
    return this.#status === "E"
  }

  /** The server's refusal. */
  get error(): SqlError {
    return new SqlError({
      reason: new UnknownError({
        cause: Object.assign(new Error(this.#failure?.message), this.#failure),
        message: "the transaction could not begin",
        operation: "query"
      })
    })
  }

  /** Called by the write that takes them along. */
  leaveWith(follower: Uint8Array): Uint8Array {
    const { consumer, prepared, session } = this.#inside
    this.#left = true
    this.#follower = consumer
    this.#readField = session.parser.readField
    // The rows of these statements are not those that the follower can read.
    session.parser.readField = undefined
    this.#inside.consumer = this
    const kept = prepared === undefined ? undefined : this.#gate.kept
    const messages: Array<Uint8Array> = []
    for (const statement of this.#statements) encodeInto(messages, statement, kept)
    messages.push(follower)
    return Buffer.concat(messages)
  }

  /** Takes them back if they have not left, and says what became of them. */
  recall(): Outcome {
    if (this.#gate.waiting === this) this.#gate.waiting = undefined
    return this.outcome
  }

  /** Lets every statement be prepared anew: where the server has forgotten one, it has mostly forgotten all. */
  forget(): void {
    this.#gate.kept.clear()
    evictAll(this.#inside.prepared)
  }

  onMessage(message: Message): void {
    switch (message._tag) {
      case "DataRow":
        this.#answers[this.#done] = textOf(message.values?.at(-1))
        return
      case "CommandComplete":
        if (++this.#done === this.#statements.length) this.#handOver()
        return
      case "ErrorResponse":
        this.#failure = message.fields ?? {}
        // Without its code, which could move the driver to try the follower again on its own.
        return this.#follower?.onMessage({ ...message, fields: { ...message.fields, code: undefined } })
      case "ReadyForQuery":
        this.#status = message.status
        return this.#follower?.onMessage(message)
    }
  }

  onFatal(error: SqlError): void {
    this.#follower?.onFatal(error)
  }

  #handOver(): void {
    if (this.#inside.prepared !== undefined) {
      for (const { kept, text } of this.#statements) if (kept) this.#gate.kept.add(text)
    }
    this.#inside.consumer = this.#follower
    this.#inside.session.parser.readField = this.#readField
  }
}

/** Puts statements in front of the next one on a connection that nobody else uses; `undefined` where that is not possible. */
export const sendAhead = (
  connection: PgConnection.PgConnection,
  statements: ReadonlyArray<Statement>
): Ahead | undefined =>
  isInside(connection) ? new Ahead(connection, gates.get(connection) ?? openGate(connection), statements) : undefined
