/**
 * A circuit breaker around connecting: while a server is known to be away, work
 * that needs a connection fails at once instead of waiting for a timeout each.
 *
 * `effect/persistence` has a breaker for calls over a network, with a store and a
 * scope for each of them. This one stands on the way of every statement, where as
 * long as the circuit is closed it may cost no more than looking at a field.
 */
import * as Duration from "effect/Duration"
import type { DatabaseError } from "../../error/DatabaseError.ts"

/** So many attempts to connect fail one after another before the circuit opens. */
export const threshold = 5

/** How long it stays open at first; twice as long after each probe that fails. */
const firstPause = Duration.toNanosUnsafe("500 millis")
const longestPause = Duration.toNanosUnsafe("5 seconds")

/** Closed: connections are opened. Open: they are not, for a while. Half-open: one is, to see. */
export type Circuit =
  | { readonly _tag: "Closed" }
  | { readonly _tag: "Open"; readonly error: DatabaseError; readonly retryAfterNanos: bigint }
  | { readonly _tag: "HalfOpen"; readonly error: DatabaseError }

/** What the server was last away with, and for how long nobody asks it. */
export interface Refusal {
  readonly error: DatabaseError
  readonly retryAfterNanos: bigint
}

export class Breaker {
  readonly #onChange: (circuit: Circuit) => void
  #failures = 0
  #openings = 0
  /** What the server was last away with; `undefined` while the circuit is closed. */
  #error: DatabaseError | undefined
  #openUntil = 0n
  #probing = false

  constructor(onChange: (circuit: Circuit) => void) {
    this.#onChange = onChange
  }

  get isClosed(): boolean {
    return this.#error === undefined
  }

  /** `undefined` for one who may ask. */
  refusal(now: bigint): Refusal | undefined {
    if (this.#error === undefined) return undefined
    if (now < this.#openUntil) return { error: this.#error, retryAfterNanos: this.#openUntil - now }
    // How long the look takes is not known.
    if (this.#probing) return { error: this.#error, retryAfterNanos: firstPause }
    this.#probing = true
    this.#onChange({ _tag: "HalfOpen", error: this.#error })
    return undefined
  }

  /** A connection stands, or the server has said why there is none. */
  succeeded(): void {
    this.#failures = 0
    if (this.#error === undefined) return
    this.#error = undefined
    this.#openings = 0
    this.#probing = false
    this.#onChange({ _tag: "Closed" })
  }

  /** The server could not be connected to. */
  failed(error: DatabaseError, now: bigint): void {
    this.#failures++
    if (this.#error === undefined ? this.#failures < threshold : !this.#probing) return
    const pause = firstPause * 2n ** BigInt(this.#openings)
    const retryAfterNanos = pause < longestPause ? pause : longestPause
    this.#openings = Math.min(this.#openings + 1, 10)
    this.#openUntil = now + retryAfterNanos
    this.#error = error
    this.#probing = false
    this.#onChange({ _tag: "Open", error, retryAfterNanos })
  }

  /** The probe was given up before it had an answer: the next one may ask. */
  abandoned(): void {
    if (!this.#probing || this.#error === undefined) return
    this.#probing = false
    this.#onChange({ _tag: "Open", error: this.#error, retryAfterNanos: 0n })
  }
}
