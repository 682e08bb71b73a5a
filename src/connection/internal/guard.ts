/**
 * Keeps work from waiting for a server that is away: the circuit breaker, asked only
 * by those who would have to connect, since none of the pool's connections stands.
 */
import type * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import type * as Fiber from "effect/Fiber"
import type { SqlError } from "effect/sql/SqlError"
import { DatabaseError } from "../../error/DatabaseError.ts"
import { CircuitOpen } from "../../error/Reason.ts"
import { isConnectionRetryable } from "../../error/Retry.ts"
import type { Ticket } from "./admission.ts"
import { Breaker } from "./breaker.ts"
import type { Circuit, Refusal } from "./breaker.ts"
import { connectionError } from "./failure.ts"
import type { Slot } from "./slot.ts"
import type { Sockets } from "./sockets.ts"

/** Work that looks for the server by itself, as a start does, is never kept from asking. */
export const Persistent = Context.Reference<boolean>("pgkeel/connection/Persistent", { defaultValue: () => false })

export class Guard {
  readonly #clock: Clock.Clock
  readonly #breaker: Breaker
  readonly #standing = new Set<Slot>()
  readonly #sockets: Sockets
  #ended = 0
  #counted: SqlError | undefined

  constructor(clock: Clock.Clock, sockets: Sockets, onChange: (circuit: Circuit) => void) {
    this.#clock = clock
    this.#sockets = sockets
    this.#breaker = new Breaker(onChange)
  }

  /** `undefined` for one who may ask for a connection. */
  refusal(ticket: Ticket, fiber: Fiber.Fiber<unknown, unknown>): SqlError | undefined {
    if (this.#breaker.isClosed || this.standing > 0 || Context.get(fiber.context, Persistent)) return undefined
    const refusal = this.#breaker.refusal(this.#clock.monotonicTimeNanosUnsafe())
    ticket.probes = refusal === undefined
    return refusal === undefined ? undefined : circuitOpen(refusal)
  }

  /** How many connections of the pool stand. Only after one has ended is each of them looked at. */
  get standing(): number {
    const { ended } = this.#sockets
    if (ended !== this.#ended) {
      this.#ended = ended
      for (const slot of this.#standing) if (slot.wire.isDead) this.#standing.delete(slot)
    }
    return this.#standing.size
  }

  /** Those that stand, and those that have ended since somebody last asked how many do. */
  get slots(): Iterable<Slot> {
    return this.#standing
  }

  /** A connection was opened. */
  opened(slot: Slot): void {
    this.#standing.add(slot)
  }

  /** A connection was had. */
  succeeded(): void {
    this.#breaker.succeeded()
  }

  /** No connection was had; without an error, because nobody wanted it any more. */
  failed(ticket: Ticket, error: SqlError | undefined): void {
    const failure = error?.reason.operation === "connect" ? DatabaseError.fromSqlError(error) : undefined
    if (failure !== undefined && isConnectionRetryable(failure)) {
      // One attempt is one failure, however many have waited for it.
      if (error !== this.#counted) this.#breaker.failed(failure, this.#clock.monotonicTimeNanosUnsafe())
      this.#counted = error
    } else if (failure !== undefined && isAnswer(failure)) this.#breaker.succeeded()
    else if (ticket.probes) this.#breaker.abandoned()
  }
}

/** Whether somebody is there who does not want this login, or not like this. */
const isAnswer = ({ reason }: DatabaseError): boolean => reason._tag !== "LoginUnavailable"

const circuitOpen = ({ error: { message: failure }, retryAfterNanos }: Refusal): SqlError =>
  connectionError(new CircuitOpen({ retryAfterMillis: Math.ceil(Number(retryAfterNanos) / 1e6), failure }), "acquire")
