/** The client's side of COPY FROM STDIN: bytes go as fast as the server takes them. */
import { Buffer } from "node:buffer"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import { Copying, dataHead } from "./copying.ts"

/** The server reads a message as a whole into memory, and a socket takes the next when it has sent this one. */
const longestMessage = 1 << 20

/** The COPY that a fiber makes the data for. */
const Fed = Context.Reference<CopyIn | undefined>("pgkeel/connection/Fed", { defaultValue: () => undefined })

export class CopyIn extends Copying {
  protected readonly opening = "CopyInResponse"
  #whenOpen: (() => void) | undefined
  #whenClosed: (() => void) | undefined

  isWaitingFor(fiber: Fiber.Fiber<unknown, unknown>): boolean {
    return !this.isOver && Context.get(fiber.context, Fed) === this
  }

  get isIdle(): boolean {
    return this.isCopying && this.#whenDrained === undefined
  }

  /** The server keeps nothing before it has been told that the data has ended. */
  override get isUndone(): boolean {
    return this.hasOpened && !this.hasFinished
  }

  /** Runs what makes the data. */
  feed<A, E, R>(source: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> {
    return Effect.provideService(source, Fed, this)
  }

  /** Until the server takes data; false when it never will. */
  readonly whenOpen: Effect.Effect<boolean> = Effect.callback((resume) => {
    if (this.isCopying || this.#isClosed) return resume(Effect.succeed(this.isCopying))
    this.#whenOpen = () => resume(Effect.succeed(this.isCopying))
  })

  /** Until its statement has ended. */
  readonly whenClosed: Effect.Effect<void> = Effect.callback((resume) => {
    if (this.#isClosed) return resume(Effect.void)
    this.#whenClosed = () => resume(Effect.void)
  })

  /** Sends bytes, and waits until the socket has room for more. */
  send(parts: ReadonlyArray<Uint8Array>): Effect.Effect<void> {
    const bytes = Buffer.concat(parts)
    if (bytes.byteLength <= longestMessage) return this.#write(bytes)
    const count = Math.ceil(bytes.byteLength / longestMessage)
    return Effect.forEach(
      Array.from({ length: count }, (_, at) => bytes.subarray(at * longestMessage, (at + 1) * longestMessage)),
      (part) => this.#write(part),
      { discard: true }
    )
  }

  /** No more data comes; the statement succeeds if the server likes what it got. */
  readonly done: Effect.Effect<void> = Effect.sync(() => this.finish())

  protected override opened(): void {
    this.#whenOpen?.()
  }

  protected override ended(): void {
    this.#whenDrained?.()
  }

  protected override closed(): void {
    this.#isClosed = true
    this.#whenOpen?.()
    this.#whenClosed?.()
  }

  #isClosed = false

  #whenDrained: (() => void) | undefined

  #write(bytes: Uint8Array): Effect.Effect<void> {
    return Effect.callback((resume) => {
      const { line } = this
      // What the server has refused is not sent to its end; the statement's failure ends the sender.
      if (line === undefined || !this.isCopying || bytes.byteLength === 0) return resume(Effect.void)
      this.moves++
      if (line.write(Buffer.concat([dataHead(bytes.byteLength), bytes]))) return resume(Effect.void)
      const { socket } = line
      const drained = () => {
        this.#whenDrained = undefined
        socket.off("drain", drained)
        resume(Effect.void)
      }
      this.#whenDrained = drained
      socket.once("drain", drained)
      return Effect.sync(() => {
        this.#whenDrained = undefined
        socket.off("drain", drained)
      })
    })
  }
}
