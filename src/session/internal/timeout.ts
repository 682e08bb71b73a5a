/** The limit on the work of one transaction, or of a part that has joined one. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { describeSession } from "../Session.ts"
import type { SessionInfo, SessionOptions } from "../Session.ts"
import { SessionError, SessionTimeout } from "../SessionError.ts"

/**
 * Interrupts what takes too long, which cancels its statement on the server. COMMIT
 * is outside, so that what has been committed never reads as timed out.
 */
export const withinTimeout = <A, E, R>(
  { timeout }: SessionOptions,
  effect: Effect.Effect<A, E, R>,
  session: SessionInfo
): Effect.Effect<A, E | SessionError, R> => {
  if (timeout === undefined) return effect
  const duration = Duration.fromInputUnsafe(timeout)
  if (!Duration.isFinite(duration)) return effect
  return Effect.timeoutOrElse(effect, {
    duration,
    orElse: () => {
      const millis = Duration.toMillis(duration)
      const reason = new SessionTimeout({ session: describeSession(session), limit: "timeout", millis })
      return Effect.fail(new SessionError({ reason }))
    }
  })
}
