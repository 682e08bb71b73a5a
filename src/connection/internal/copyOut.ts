/** The client's side of COPY TO STDOUT: the socket is read as fast as somebody takes the bytes. */
import { Buffer } from "node:buffer"
import type * as Arr from "effect/Array"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import type { SqlError } from "effect/sql/SqlError"
import { Copying } from "./copying.ts"

/** How many bytes may wait for whoever takes them, beyond what one read of the socket brings. */
const most = 256 * 1024

type Bytes = Arr.NonEmptyReadonlyArray<Uint8Array>
type Pulled = Effect.Effect<Bytes, SqlError | Cause.Done>

export class CopyOut extends Copying {
  protected readonly opening = "CopyOutResponse"
  #buffer: Array<Uint8Array> = []
  #buffered = 0
  #isPaused = false
  #exit: Exit.Exit<unknown, SqlError> | undefined
  #pending: ((pulled: Pulled) => void) | undefined

  /** The next messages of the server, each of which is one row in the text and CSV formats. */
  readonly pull: Pulled = Effect.withFiber((fiber) => {
    this.#reader = fiber
    return this.#next
  })

  isWaitingFor(fiber: Fiber.Fiber<unknown, unknown>): boolean {
    return !this.isOver && this.#reader === fiber
  }

  get isIdle(): boolean {
    return this.#isPaused
  }

  #reader: Fiber.Fiber<unknown, unknown> | undefined

  readonly #next: Pulled = Effect.callback((resume) => {
    this.#pending = resume
    this.#pause(false)
    this.#deliver()
    return Effect.sync(() => {
      if (this.#pending === resume) this.#pending = undefined
    })
  })

  /** What the statement ended with. */
  settle(exit: Exit.Exit<unknown, SqlError>): void {
    this.#exit = exit
    this.#deliver()
  }

  override abandon(): void {
    super.abandon()
    this.#buffer = []
    this.#buffered = 0
    this.#pause(false)
  }

  protected override take(data: Uint8Array): void {
    this.#buffer.push(Buffer.from(data))
    this.#buffered += data.byteLength
    if (this.#pending !== undefined && this.#buffered >= most) this.#deliver()
    else if (this.#buffered >= most) this.#pause(true)
    else if (this.#pending !== undefined && !this.#isScheduled) this.#deliverSoon()
  }

  #isScheduled = false

  /** All that one read of the socket brings is delivered at once. */
  #deliverSoon(): void {
    this.#isScheduled = true
    queueMicrotask(() => {
      this.#isScheduled = false
      this.#deliver()
    })
  }

  #deliver(): void {
    const pending = this.#pending
    if (pending === undefined) return
    const [first, ...rest] = this.#buffer
    if (first !== undefined) {
      this.moves++
      this.#pending = undefined
      this.#buffer = []
      this.#buffered = 0
      return pending(Effect.succeed([first, ...rest]))
    }
    if (this.#exit === undefined) return
    this.#pending = undefined
    pending(this.#exit._tag === "Failure" ? Effect.failCause(this.#exit.cause) : Cause.done())
  }

  #pause(paused: boolean): void {
    if (this.#isPaused === paused) return
    this.#isPaused = paused
    if (paused) this.line?.socket.pause()
    else this.line?.socket.resume()
  }
}
