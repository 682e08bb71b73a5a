import * as Effect from "effect/Effect"

/**
 * Runs what must not wait for other statements that are still under way: they are
 * cancelled, again and again, since one may be about to be sent. A request that has
 * been sent is waited for: late, it would find whatever statement comes next.
 */
export const hurried = <A, E>(
  effect: Effect.Effect<A, E>,
  isBusy: () => boolean,
  cancel: Effect.Effect<void>
): Effect.Effect<A, E> => {
  const cancelAll = Effect.suspend(() => (isBusy() ? Effect.uninterruptible(cancel) : Effect.void))
  return Effect.suspend(() =>
    isBusy() ? Effect.raceFirst(effect, Effect.forever(Effect.andThen(cancelAll, Effect.sleep("10 millis")))) : effect
  )
}
