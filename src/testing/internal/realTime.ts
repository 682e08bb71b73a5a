/**
 * Waiting on the wall clock, also inside tests that run under a `TestClock`.
 *
 * A server process knows nothing of a test's clock: a layer that polled it on
 * virtual time would wait for ever, because nothing adjusts the clock while
 * layers are built.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"

export const inRealTime: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R> = Effect.provideService(
  Clock.Clock,
  Clock.Clock.defaultValue()
)
