/**
 * Trying again what did not get its locks in time. A migration that waits for a
 * lock on a table makes everybody queue who comes after it, readers too: so it
 * waits for a short time only, goes out of the way, and comes back later.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { DatabaseError } from "../../error/DatabaseError.ts"
import type { MigrationError } from "../MigrationError.ts"

export interface Patience {
  /** How often it is tried at most. */
  readonly attempts: number
  /** Before the second attempt; it doubles with each. */
  readonly backoff: Duration.Duration
}

const longest = Duration.seconds(30)

type Failure = MigrationError | DatabaseError

/** `effect` leaves nothing behind when it fails. `report` is told before each wait. */
export const patiently = <A, R>(
  { attempts, backoff }: Patience,
  effect: Effect.Effect<A, Failure, R>,
  report: (cause: DatabaseError, attempt: number, wait: Duration.Duration) => Effect.Effect<void>
): Effect.Effect<A, Failure, R> => {
  const from = (attempt: number): Effect.Effect<A, Failure, R> =>
    Effect.catch(effect, (error) => {
      const cause = blockedBy(error)
      if (cause === undefined || attempt >= attempts) return Effect.fail(error)
      const wait = Duration.min(Duration.times(backoff, 2 ** (attempt - 1)), longest)
      return report(cause, attempt, wait).pipe(Effect.andThen(Effect.sleep(wait)), Effect.andThen(from(attempt + 1)))
    })
  return from(1)
}

/** A lock that was not there in time, or a deadlock: both were rolled back, and both pass. */
const blockedBy = (error: Failure): DatabaseError | undefined => {
  const cause = error._tag === "MigrationError" ? causeOf(error) : error
  const tag = cause?.reason._tag
  return tag === "LockNotAvailable" || tag === "DeadlockDetected" ? cause : undefined
}

const causeOf = ({ reason }: MigrationError): DatabaseError | undefined => {
  if (reason._tag === "StatementFailed") return reason.cause
  const isWork = reason._tag === "EffectFailed" || reason._tag === "VerifyFailed" || reason._tag === "HookFailed"
  return isWork && DatabaseError.isDatabaseError(reason.cause) ? reason.cause : undefined
}
