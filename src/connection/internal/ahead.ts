/**
 * Statements on their way ahead of the next one on a connection, in the same write
 * and under the same Sync (manual, 53.2.3): when one of them is refused, the server
 * skips what follows up to the Sync, so nothing ever runs behind a BEGIN that failed.
 *
 * They hear what the server says to them, and then hand over to the one that follows.
 */
import { Buffer } from "node:buffer"
import { hasProperty } from "effect/Predicate"
import { SqlError, UnknownError } from "effect/sql/SqlError"
import { evictAll } from "./inside.ts"
import type { Consumer, Fields, Inside, Message } from "./inside.ts"
import { encodeInto, flush } from "./statement.ts"
import type { Answer, Statement } from "./statement.ts"

/** Not sent, done, refused by the server, or unknown since the session ended or its statement was given up. */
export type Fate = "unsent" | "done" | "refused" | "unknown"

/** Is told how many of them are done, and what the last of these returned. */
export type Heard = (done: number, answer: Answer) => void

/** That of a name that the server does not know any more: DEALLOCATE, DISCARD ALL. */
const unknownName = "26000"

/** Those of a name or a cached plan that the server no longer honours; the second also after a changed search path. */
const staleCodes: ReadonlySet<string | undefined> = new Set([unknownName, "0A000"])

/** Whether a statement was refused only because the server had forgotten its name. */
export const isForgotten = ({ reason: { cause } }: SqlError): boolean =>
  hasProperty(cause, "code") && cause.code === unknownName

const none: ReadonlyArray<string> = []

/** What the server sends of a text is the text; the bytes are gone once the next message is read. */
const textOf = (value: unknown): Answer =>
  value instanceof Uint8Array ? Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString() : undefined

export class Ahead implements Consumer {
  readonly #inside: Inside
  /** The texts of the statements that the server keeps under a name. */
  readonly #kept: Set<string>
  readonly #statements: ReadonlyArray<Statement>
  readonly #heard: Heard | undefined
  /** Those of them that have been given a name in this write. */
  #named: ReadonlyArray<string> = none
  #follower: Consumer | undefined
  #readField: unknown
  #hasLeft = false
  #done = 0
  readonly #answers: Array<Answer> = []
  #failure: Fields | undefined
  #status: Message["status"]

  constructor(inside: Inside, kept: Set<string>, statements: ReadonlyArray<Statement>, heard?: Heard) {
    this.#inside = inside
    this.#kept = kept
    this.#statements = statements
    this.#heard = heard
  }

  get fate(): Fate {
    if (!this.#hasLeft) return "unsent"
    if (this.#done === this.#statements.length) return "done"
    return this.#failure === undefined ? "unknown" : "refused"
  }

  /** How many of them the server has done. */
  get done(): number {
    return this.#done
  }

  /** What each of them returned. */
  get answers(): ReadonlyArray<Answer> {
    return this.#answers
  }

  /** Whether the server refused a statement only because it had forgotten it: trying again is safe. */
  get isForgotten(): boolean {
    const hasNames = this.#kept.size > 0 || this.#named.length > 0
    return staleCodes.has(this.#failure?.code) && this.#status !== undefined && hasNames
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

  /** Called by the write that takes them along. The driver has put the follower's consumer in place before it. */
  leaveWith(follower: Uint8Array): Uint8Array {
    const { consumer, prepared, session } = this.#inside
    this.#hasLeft = true
    this.#follower = consumer
    this.#readField = session.parser.readField
    // The rows of these statements are not those that the follower can read.
    session.parser.readField = undefined
    this.#inside.consumer = this
    const kept = prepared === undefined ? undefined : this.#kept
    const messages: Array<Uint8Array> = []
    for (const statement of this.#statements) {
      encodeInto(messages, statement, kept)
      if (statement.flush === true) messages.push(flush)
      // One that comes again further behind has its name by then.
      if (statement.kept && kept?.has(statement.text) === false) this.#name(kept, statement.text)
    }
    messages.push(follower)
    return Buffer.concat(messages)
  }

  /** Lets every statement be prepared anew: where the server has forgotten one, it has mostly forgotten all. */
  forget(): void {
    this.#kept.clear()
    evictAll(this.#inside)
  }

  onMessage(message: Message): void {
    switch (message._tag) {
      case "DataRow":
        this.#answers[this.#done] = textOf(message.values?.at(-1))
        return
      case "CommandComplete":
        if (++this.#done === this.#statements.length) this.#handOver()
        return this.#heard?.(this.#done, this.#answers[this.#done - 1])
      case "ErrorResponse":
        for (const text of this.#named) this.#kept.delete(text)
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

  #name(kept: Set<string>, text: string): void {
    kept.add(text)
    this.#named = [...this.#named, text]
  }

  #handOver(): void {
    this.#inside.consumer = this.#follower
    this.#inside.session.parser.readField = this.#readField
  }
}
