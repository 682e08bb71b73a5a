/**
 * Who may have a connection next: at most `max` at a time, the rest in the order
 * of their coming, each for at most the acquire timeout.
 *
 * Waiting costs one callback and no timer. All waiters share one sweeper, which
 * sleeps until the oldest of them has waited long enough; the timeout is the same
 * for all, so the oldest is always the first to give up.
 */
import type * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import type { SqlError } from "effect/sql/SqlError"
import { Roster } from "./roster.ts"
import type { Member } from "./roster.ts"

type Resume = (effect: Effect.Effect<void, SqlError>) => void

/** One user's place: it waits, is granted, or has ended. */
export class Ticket implements Member<Ticket> {
  ahead: Ticket | undefined
  behind: Ticket | undefined
  granted = false
  /** Whether a lease has it. */
  isTaken = false
  /** Whether it is the one that finds out whether the server is back. */
  probes = false
  /** Monotonic nanoseconds. */
  deadline = 0n
  #fiber: Fiber.Fiber<unknown, unknown> | undefined
  #resume: Resume | undefined

  waits(fiber: Fiber.Fiber<unknown, unknown>, resume: Resume): void {
    this.#fiber = fiber
    this.#resume = resume
  }

  /** Lets it go on, when all that the sockets had brought has been worked off. */
  resume(effect: Effect.Effect<void, SqlError>): void {
    const resume = this.#resume
    if (resume !== undefined) this.#fiber?.currentDispatcher.scheduleTask(() => resume(effect), 0)
  }
}

/** A place that was waited for before there was a lease to have it. */
export const Place = Context.Reference<Ticket | undefined>("pgkeel/connection/Place", { defaultValue: () => undefined })

/** The place that was waited for, once; else one that is still to be asked for. */
export const takePlace = (context: Context.Context<never>): Ticket => {
  const place = Context.get(context, Place)
  const ticket = place === undefined || place.isTaken ? new Ticket() : place
  ticket.isTaken = true
  return ticket
}

export interface AdmissionOptions {
  readonly max: number
  readonly timeoutNanos: bigint
  readonly clock: Clock.Clock
  /** Runs the sweeper in the pool's scope. */
  readonly fork: (effect: Effect.Effect<void>) => void
  /** What a waiter fails with after it has waited in vain. */
  readonly exhausted: () => SqlError
}

export class Admission {
  readonly #options: AdmissionOptions
  readonly #waiters = new Roster<Ticket>()
  #granted = 0
  #sweeping = false

  constructor(options: AdmissionOptions) {
    this.#options = options
  }

  get granted(): number {
    return this.#granted
  }

  get waiting(): number {
    return this.#waiters.size
  }

  /** Whether whoever comes now has to wait. */
  get isFull(): boolean {
    return this.#granted >= this.#options.max || this.#waiters.size > 0
  }

  /** Whether more than half of the places are taken. */
  get isBusy(): boolean {
    return this.#granted * 2 > this.#options.max
  }

  /** Grants at once when there is room and nobody waits. */
  tryEnter(ticket: Ticket): boolean {
    if (this.isFull) return false
    this.#granted++
    ticket.granted = true
    return true
  }

  /**
   * Waits for a place. The caller calls `leave` on every exit, granted or not. Whoever
   * is let in does not go on in the middle of another's end: a busy pool did a tenth less.
   */
  readonly enter = (ticket: Ticket): Effect.Effect<void, SqlError> =>
    Effect.withFiber((fiber) =>
      Effect.callback<void, SqlError>((resume) => {
        ticket.waits(fiber, resume)
        ticket.deadline = this.#options.clock.monotonicTimeNanosUnsafe() + this.#options.timeoutNanos
        this.#waiters.add(ticket)
        this.#startSweeping()
      })
    )

  /** Gives the place back, or leaves the queue. */
  leave(ticket: Ticket): void {
    if (!ticket.granted) {
      this.#waiters.delete(ticket)
      return
    }
    ticket.granted = false
    this.#granted--
    this.#admitNext()
  }

  /** Fails everyone who waits. */
  refuseAll(error: SqlError): void {
    for (const ticket of this.#waiters) {
      this.#waiters.delete(ticket)
      ticket.resume(Effect.fail(error))
    }
  }

  #admitNext(): void {
    const ticket = this.#waiters.first
    if (ticket === undefined || this.#granted >= this.#options.max) return
    this.#waiters.delete(ticket)
    this.#granted++
    ticket.granted = true
    ticket.resume(Effect.void)
  }

  #startSweeping(): void {
    if (this.#sweeping) return
    this.#sweeping = true
    this.#options.fork(this.#sweep)
  }

  /** Ends when nobody waits; the next waiter starts it again. */
  readonly #sweep: Effect.Effect<void> = Effect.suspend(() => {
    const now = this.#options.clock.monotonicTimeNanosUnsafe()
    for (const ticket of this.#waiters) {
      if (ticket.deadline > now) {
        return Effect.andThen(Effect.sleep(Duration.nanos(ticket.deadline - now)), this.#sweep)
      }
      this.#waiters.delete(ticket)
      ticket.resume(Effect.fail(this.#options.exhausted()))
    }
    this.#sweeping = false
    return Effect.void
  })
}
