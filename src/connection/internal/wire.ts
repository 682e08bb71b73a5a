/**
 * One physical connection: what has been sent on it, what the server has said, and
 * what is to go out with the next write. It lives as long as the connection.
 */
import * as Effect from "effect/Effect"
import type { SqlError } from "effect/sql/SqlError"
import type * as PgConnection from "@effect/sql-pg/PgConnection"
import { Ahead, type Heard } from "./ahead.ts"
import type { Copying } from "./copying.ts"
import { copyInsideOf, deathOf, insideOf } from "./inside.ts"
import type { Fields, Inside, Message } from "./inside.ts"
import type { Statement } from "./statement.ts"
import type { Turns } from "./turns.ts"

export class Wire {
  readonly connection: PgConnection.PgConnection
  readonly #inside: Inside | undefined
  readonly #turns: Turns
  readonly #kept = new Set<string>()
  readonly #deathOf: () => SqlError | undefined
  #waiting: Ahead | undefined
  #copying: Copying | undefined
  #writes = 0
  #status: Message["status"]
  #statusAtWrite: Message["status"]
  #lastWords: Fields | undefined
  /** Of the server: who it is between two starts. Found out by the first transaction that needs it. */
  incarnation: string | undefined

  constructor(connection: PgConnection.PgConnection, turns: Turns) {
    this.connection = connection
    this.#turns = turns
    this.#deathOf = deathOf(connection)
    this.#inside = insideOf(connection)
    if (this.#inside === undefined) return
    this.#watch(this.#inside)
    this.#listen(this.#inside)
  }

  /** Whether this driver lets statements be sent ahead of another one. */
  get canSendAhead(): boolean {
    return this.#inside !== undefined
  }

  /** What the session died of; `undefined` while it lives. */
  get death(): SqlError | undefined {
    return this.#deathOf()
  }

  get isDead(): boolean {
    return this.death !== undefined
  }

  /** How many messages have been sent, to be compared later; `undefined` where that cannot be seen. */
  get sent(): number | undefined {
    return this.#inside === undefined ? undefined : this.#writes
  }

  /** Whether anything has been sent since then, or may have been. */
  hasSentSince(sent: number | undefined): boolean {
    return sent === undefined || sent !== this.sent
  }

  /** The transaction's status after the last statement: idle, open, or failed; `undefined` where that is not known. */
  get status(): Message["status"] {
    return this.#status
  }

  get isInTransaction(): boolean {
    return this.#status === "T" || this.#status === "E"
  }

  /** The same as it was when something was last sent. */
  get statusAtWrite(): Message["status"] {
    return this.#statusAtWrite
  }

  /**
   * What the server said as it ended the session. While a statement runs the driver
   * waits for the end of its answer, and then only reports a closed socket.
   */
  get lastWords(): object | undefined {
    return this.#lastWords
  }

  /** Puts statements in front of the next one; `undefined` where that is not possible. */
  sendAhead(statements: ReadonlyArray<Statement>, heard?: Heard): Ahead | undefined {
    if (this.#inside === undefined) return undefined
    this.#waiting = new Ahead(this.#inside, this.#kept, statements, heard)
    return this.#waiting
  }

  /** Takes statements back that have not left. */
  recall(ahead: Ahead): void {
    if (this.#waiting === ahead) this.#waiting = undefined
  }

  /**
   * Runs a COPY in its own protocol: `copying` hears the server from the moment the
   * statement is written until the connection is ready again. `undefined` where
   * this driver does not let it.
   */
  copy(statement: string, copying: Copying): Effect.Effect<PgConnection.Result, SqlError> | undefined {
    const inside = this.#inside
    const copyInside = inside === undefined ? undefined : copyInsideOf(inside)
    if (inside === undefined || copyInside === undefined) return undefined
    const { cycleOwned, owner, socket } = copyInside
    const write = this.#write
    const run = Effect.suspend((): Effect.Effect<PgConnection.Result, SqlError> => {
      if (copying.spent !== undefined) return copying.spent
      copying.begin({ socket, write })
      this.#copying = copying
      return Effect.map(cycleOwned(statement, [], true, undefined), ({ result }) => result)
    })
    return owner.withPermit(
      Effect.onExitPrimitive(run, (exit) => {
        this.#copying = undefined
        copying.end(exit)
        return undefined
      })
    )
  }

  /** Writes what belongs to the statement under way. */
  #write: (bytes: Uint8Array) => boolean = () => true

  /** A statement of the driver is one write, which may wait for its turn. */
  #watch({ session: { socket } }: Inside): void {
    const write = socket.write
    let waiting: Uint8Array | undefined
    const writeWaiting = () => {
      const frame = waiting
      waiting = undefined
      if (frame !== undefined && socket.writable) write.call(socket, frame)
    }
    this.#write = (bytes) => {
      writeWaiting()
      return write.call(socket, bytes)
    }
    socket.write = (chunk, encoding, callback) => {
      const frame = this.#frameOf(chunk)
      writeWaiting()
      if (callback !== undefined || !this.#turns.areTaken) return write.call(socket, frame, encoding, callback)
      waiting = frame
      this.#turns.next(writeWaiting)
      return true
    }
  }

  /** With what goes out ahead of it. From here on it counts as sent. */
  #frameOf(chunk: Uint8Array): Uint8Array {
    const ahead = this.#waiting
    const frame = this.#copying === undefined ? chunk : this.#copying.leaveWith(chunk)
    this.#writes++
    this.#statusAtWrite = this.#status
    this.#waiting = undefined
    return ahead === undefined ? frame : ahead.leaveWith(frame)
  }

  #listen(inside: Inside): void {
    const dispatch = inside.dispatch
    inside.dispatch = (message) => {
      const { _tag } = message
      if (_tag === "ReadyForQuery") {
        this.#status = message.status
        // The server goes on, so these were not the last.
        this.#lastWords = undefined
      } else if ((_tag === "ErrorResponse" || _tag === "NoticeResponse") && endsSession(message)) {
        this.#lastWords = { ...message.fields, severityUnlocalized: "FATAL" }
      }
      const copying = this.#copying
      // A message is heard some five times for every statement, and hardly ever in a COPY.
      if (copying === undefined || !copying.hear(message, inside.consumer instanceof Ahead)) {
        dispatch.call(inside, message)
      }
    }
  }
}

/**
 * A server that crashes, or is shut down at once, ends its sessions behind a warning
 * (57P02, 57P01). PgBouncer sends the severity only where a server translates it.
 */
const endsSession = ({ _tag, fields }: Message): boolean => {
  if (_tag === "NoticeResponse") return fields?.code === "57P01" || fields?.code === "57P02"
  const severity = fields?.severityUnlocalized ?? fields?.severity
  return severity === "FATAL" || severity === "PANIC"
}
