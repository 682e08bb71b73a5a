/**
 * A COPY in its own protocol (manual, 55.2.6), on a statement of the driver: the
 * driver sends it and reads its end, and what is between is heard here.
 *
 * The driver ends each statement with a Sync. During a COPY FROM STDIN the server
 * ignores one, but after a failure it waits for one, and which of the two it is when
 * both happen at once nobody can tell from here. So the driver's Sync does not
 * leave: exactly one is sent, when the statement has failed, or has been completed,
 * or its data has ended. The connection can then never be a message off.
 */
import { Buffer } from "node:buffer"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import type { SqlError } from "effect/sql/SqlError"
import type { CopySocket, Message } from "./inside.ts"

/** Where the messages of a COPY go. */
export interface Line {
  readonly socket: CopySocket
  /** False when the socket is full; it says so when it drains. */
  readonly write: (bytes: Uint8Array) => boolean
}

const message = (type: string, body: Uint8Array = new Uint8Array()): Uint8Array => {
  const head = Buffer.alloc(5)
  head.write(type, 0, "latin1")
  head.writeInt32BE(body.byteLength + 4, 1)
  return Buffer.concat([head, body])
}

const sync = message("S")
const flush = message("H")
const copyDone = message("c")
const copyFail = message("f", Buffer.from("ended by the client\0"))

/** The head of a CopyData message of so many bytes. */
export const dataHead = (length: number): Uint8Array => {
  const head = Buffer.alloc(5)
  head.write("d", 0, "latin1")
  head.writeInt32BE(length + 4, 1)
  return head
}

/** Not written yet; written, and the server is at it; exchanging data; and once the Sync has left. */
type State = "waiting" | "sent" | "copying" | "synced"

export abstract class Copying {
  #line: Line | undefined
  #state: State = "waiting"
  #isOver = false
  #isAbandoned = false
  /** Whether the server asked for the other direction. */
  isTurned = false

  /** Whether the COPY would wait for this fiber for ever, which waits for the COPY. */
  abstract isWaitingFor(fiber: Fiber.Fiber<unknown, unknown>): boolean

  /** Whether the server waits for this side, which does nothing. */
  abstract get isIdle(): boolean

  /** How often this side has done something. */
  moves = 0

  /** Whether it is known that nothing of it stays when its connection is lost now. */
  get isUndone(): boolean {
    return false
  }

  /** Whether data goes to the server, or comes from it. */
  protected abstract readonly opening: "CopyInResponse" | "CopyOutResponse"

  protected get line(): Line | undefined {
    return this.#line
  }

  protected get isAbandoned(): boolean {
    return this.#isAbandoned
  }

  /** Whether data may be exchanged now. */
  get isCopying(): boolean {
    return this.#state === "copying"
  }

  /** Whether the statement has ended, or never will do more. */
  get isOver(): boolean {
    return this.#isOver
  }

  /** Whether the statement copied in the direction that was asked for; known once it is over. */
  get hasCopied(): boolean {
    return this.hasOpened && !this.isTurned
  }

  protected hasOpened = false
  /** Whether the server has been told that no more data comes. */
  protected hasFinished = false

  /** Its turn on the connection has come. A transaction may begin again, and its first statement with it. */
  begin(line: Line): void {
    this.#line = line
    this.#state = "waiting"
    this.#isOver = false
  }

  /** What is written in place of the driver's statement. */
  leaveWith(frame: Uint8Array): Uint8Array {
    if (this.#state !== "waiting") return frame
    this.#state = "sent"
    return Buffer.concat([frame.subarray(0, frame.byteLength - sync.byteLength), flush])
  }

  /** True for what the driver must not hear. `isAhead` tells that it is the answer to what went ahead. */
  hear(message: Message, isAhead: boolean): boolean {
    switch (message._tag) {
      case "CopyInResponse":
      case "CopyOutResponse":
        this.#open(message._tag)
        return true
      case "CopyData":
        if (message.data !== undefined && !this.isTurned && !this.#isAbandoned) this.take(message.data)
        return true
      case "CopyDone":
        return true
      case "ErrorResponse":
        this.#sync()
        return false
      case "CommandComplete":
        if (!isAhead) this.#sync()
        return false
      default:
        return false
    }
  }

  /** The statement is over, whatever its end. One that did not open may be run once more. */
  end(exit: Exit.Exit<unknown, SqlError>): void {
    this.#isOver = true
    if (exit._tag === "Failure" && this.hasOpened) this.#spent = Effect.failCause(exit.cause)
    this.ended()
  }

  /** What it failed with once its data had begun: that cannot be had again. */
  get spent(): Effect.Effect<never, SqlError> | undefined {
    return this.#spent
  }

  #spent: Effect.Effect<never, SqlError> | undefined

  /** It is not run once more. */
  close(): void {
    this.#isOver = true
    this.closed()
  }

  /** Nobody wants it any more: it ends as soon as the server lets it. */
  abandon(): void {
    if (this.#isAbandoned) return
    this.#isAbandoned = true
    if (this.#state === "copying" && this.#takesData) this.#fail()
  }

  /** No more data comes. */
  protected finish(): void {
    if (this.#state !== "copying") return
    this.#state = "synced"
    this.hasFinished = true
    this.#line?.write(Buffer.concat([copyDone, sync]))
  }

  /** The exchange of data has begun. */
  protected opened(): void {}
  protected ended(): void {}
  protected closed(): void {}
  /** A view of bytes that the server has sent. */
  protected take(_data: Uint8Array): void {}

  /** Whether the server waits for data. */
  #takesData = false

  #open(tag: "CopyInResponse" | "CopyOutResponse"): void {
    this.#state = "copying"
    this.hasOpened = true
    this.#takesData = tag === "CopyInResponse"
    this.isTurned = tag !== this.opening
    if (this.#takesData && (this.isTurned || this.#isAbandoned)) return this.#fail()
    this.opened()
  }

  #fail(): void {
    this.#state = "synced"
    this.#line?.write(Buffer.concat([copyFail, sync]))
  }

  #sync(): void {
    if (this.#state === "synced") return
    this.#state = "synced"
    this.#line?.write(sync)
  }
}
