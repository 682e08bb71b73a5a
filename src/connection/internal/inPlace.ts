import * as Effect from "effect/Effect"
import type { SqlError } from "effect/sql/SqlError"
import { Place, Ticket } from "./admission.ts"
import type { InstrumentedPool } from "./pool.ts"

/**
 * Where no place is free, waits for one before `use` begins, which leases a connection.
 * What `use` makes by then would be kept by all who wait, and the collector had twice
 * the work with it.
 */
export const inPlace = <A, E, R>(
  pool: InstrumentedPool,
  use: Effect.Effect<A, E, R>
): Effect.Effect<A, E | SqlError, R> =>
  Effect.withFiber((fiber): Effect.Effect<A, E | SqlError, R> => {
    if (!pool.admission.isFull) return use
    const ticket = new Ticket()
    const entered = Effect.suspend(() => {
      const refusal = pool.refusal(ticket, fiber)
      return refusal === undefined ? pool.admission.enter(ticket) : Effect.fail(refusal)
    })
    const waited = Effect.onExitPrimitive(entered, (exit) => {
      if (exit._tag === "Failure") pool.note(exit, undefined, ticket)
      return undefined
    })
    return Effect.onExitPrimitive(
      Effect.flatMap(waited, () => Effect.provideService(use, Place, ticket)),
      () => {
        if (!ticket.isTaken) pool.leave(ticket)
        return undefined
      }
    )
  })
