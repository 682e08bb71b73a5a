/**
 * Connections are opened one after another, as other pools do it (HikariCP).
 *
 * Whoever waits shares the failure of the one who tries: a server that is away costs
 * everybody one timeout, and not each their own. It is also what keeps the pool of
 * Effect alive: when many attempts fail while dead connections are taken out of it,
 * all who wait in it can fall asleep for good.
 */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import type { SqlError } from "effect/sql/SqlError"
import { errorOf } from "./failure.ts"

interface Waiter {
  readonly resume: (effect: Effect.Effect<void, SqlError>) => void
  readonly isNext: () => void
}

export class Turnstile {
  readonly #waiters = new Set<Waiter>()
  #busy = false

  /** Runs `open` when it is its turn; whose turn does not come in time fails with `late`. */
  pass<A, R>(
    open: Effect.Effect<A, SqlError, R>,
    patience: Duration.Duration,
    late: Effect.Effect<never, SqlError>
  ): Effect.Effect<A, SqlError, R> {
    return Effect.suspend(() => {
      let isOpening = false
      const wait = Effect.callback<void, SqlError>((resume) => {
        if (!this.#busy) {
          this.#busy = true
          isOpening = true
          return resume(Effect.void)
        }
        const waiter: Waiter = { resume, isNext: () => void (isOpening = true) }
        this.#waiters.add(waiter)
        return Effect.sync(() => this.#waiters.delete(waiter))
      })
      const turn = Effect.timeoutOrElse(wait, { duration: patience, orElse: () => late })
      return Effect.onExitPrimitive(Effect.andThen(turn, open), (exit) => {
        if (isOpening) this.#leave(exit)
        return undefined
      })
    })
  }

  /** A connection has become free: whoever has waited longest need not wait for a new one. */
  offer(): void {
    if (this.#waiters.size > 0) this.#first()?.resume(Effect.void)
  }

  #leave(exit: Exit.Exit<unknown, SqlError>): void {
    const error = errorOf(exit)
    if (error === undefined) {
      const next = this.#first()
      this.#busy = next !== undefined
      next?.isNext()
      next?.resume(Effect.void)
      return
    }
    this.#busy = false
    for (let waiter = this.#first(); waiter !== undefined; waiter = this.#first()) waiter.resume(Effect.fail(error))
  }

  #first(): Waiter | undefined {
    for (const waiter of this.#waiters) {
      this.#waiters.delete(waiter)
      return waiter
    }
    return undefined
  }
}
