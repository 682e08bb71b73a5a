/**
 * Limits on the age and the idleness of sessions: a warning at three quarters, the
 * end after the whole.
 *
 * One fiber looks after all sessions that have limits. It sleeps until the next
 * moment at which something can be due, and ends when there are none, so a session
 * without limits costs nothing.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { describeSession } from "../Session.ts"
import type { SessionInfo } from "../Session.ts"
import { SessionError, SessionTimeout } from "../SessionError.ts"
import type { OpenSession } from "./openSession.ts"

type Limit = "maxAge" | "maxIdle"

interface Watched {
  readonly session: OpenSession
  readonly limit: Limit
  readonly millis: number
  warned: boolean
}

const warnedAt = 0.75

/** How often one is looked at whose limit cannot be told now, because a statement runs. */
const busyMillis = 1_000

/** Since when a limit counts; `undefined` while it does not. */
const since = ({ limit, session }: Watched): number | undefined =>
  limit === "maxAge" ? session.info.openedAt : session.idleSince

const limitsOf = (session: OpenSession): ReadonlyArray<Watched> =>
  (["maxAge", "maxIdle"] as const).flatMap((limit) => {
    const given: SessionInfo[Limit] = session.info[limit]
    if (given === undefined) return []
    const millis = Duration.toMillis(Duration.fromInputUnsafe(given))
    return Number.isFinite(millis) ? [{ session, limit, millis, warned: false }] : []
  })

export const hasLimits = ({ info }: OpenSession): boolean => info.maxAge !== undefined || info.maxIdle !== undefined

/** Watches over sessions with limits; `fork` runs in the scope of all of them. */
export class Limits {
  readonly #fork: (effect: Effect.Effect<void>) => Fiber.Fiber<void>
  readonly #end: (session: OpenSession, why: SessionError) => Effect.Effect<void>
  readonly #watched = new Map<OpenSession, ReadonlyArray<Watched>>()
  #watcher: { readonly fiber: Fiber.Fiber<void>; readonly wakesAt: number } | undefined

  constructor(
    fork: (effect: Effect.Effect<void>) => Fiber.Fiber<void>,
    end: (session: OpenSession, why: SessionError) => Effect.Effect<void>
  ) {
    this.#fork = fork
    this.#end = end
  }

  watch(session: OpenSession): void {
    const limits = limitsOf(session)
    if (limits.length === 0) return
    this.#watched.set(session, limits)
    // The watcher knows of the others.
    this.#schedule(limits, session.clock.currentTimeMillisUnsafe())
  }

  forget(session: OpenSession): void {
    this.#watched.delete(session)
  }

  /** Lets the watcher wake at the next moment that counts for these, unless it wakes before that anyway. */
  #schedule(limits: ReadonlyArray<Watched>, now: number): void {
    if (limits.length === 0) return
    const wakesAt = limits.reduce((first, watched) => Math.min(first, nextOf(watched, now)), Infinity)
    if (this.#watcher !== undefined) {
      if (this.#watcher.wakesAt <= wakesAt) return
      this.#watcher.fiber.interruptUnsafe()
    }
    const wait = Effect.sleep(Math.max(1, wakesAt - now))
    this.#watcher = {
      wakesAt,
      fiber: this.#fork(
        Effect.andThen(
          wait,
          Effect.suspend(() => this.#sweep())
        )
      )
    }
  }

  #sweep(): Effect.Effect<void> {
    this.#watcher = undefined
    const due: Array<Effect.Effect<void>> = []
    let now = 0
    for (const watched of Array.from(this.#watched.values()).flat()) {
      now = watched.session.clock.currentTimeMillisUnsafe()
      const from = since(watched)
      if (from === undefined) watched.warned = false
      else if (now - from >= watched.millis) due.push(this.#expire(watched))
      else if (now - from >= watched.millis * warnedAt && !watched.warned) due.push(warn(watched))
      else if (now - from < watched.millis * warnedAt) watched.warned = false
    }
    this.#schedule(Array.from(this.#watched.values()).flat(), now)
    // One that takes long to end must not keep the others waiting, nor go down with this watcher.
    for (const effect of due) this.#fork(effect)
    return Effect.void
  }

  #expire(watched: Watched): Effect.Effect<void> {
    const { limit, millis, session } = watched
    this.forget(session)
    const name = describeSession(session.info)
    const why = new SessionError({ reason: new SessionTimeout({ session: name, limit, millis }) })
    return Effect.andThen(
      Effect.logWarning(`session ${name} is ended: its ${limit} of ${millis} ms has passed`),
      this.#end(session, why)
    )
  }
}

const nextOf = (watched: Watched, now: number): number => {
  const from = since(watched)
  if (from === undefined) return now + Math.min(busyMillis, watched.millis)
  return from + watched.millis * (watched.warned ? 1 : warnedAt)
}

const warn = (watched: Watched): Effect.Effect<void> => {
  const { limit, millis, session } = watched
  watched.warned = true
  return Effect.logWarning(
    `session ${describeSession(session.info)} is near its end: three quarters of its ${limit} of ${millis} ms have passed`
  )
}
