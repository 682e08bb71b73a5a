/**
 * Who was acting where a failure struck, for whoever logs it.
 *
 * A session is opened two floors above and knows; this names the key under which
 * it is found, and as much of it as a log needs. It is read only once something
 * has failed, so a session pays nothing for it. What was found stays with the
 * failure, because a handler is as often outside of the session as inside.
 */
import * as Context from "effect/Context"
import type { Reason } from "./Reason.ts"

export interface ActiveSession {
  /** Unique in this process. */
  readonly id: string
  readonly name?: string | undefined
  readonly component?: string | undefined
  readonly actor?: string | undefined
  readonly tenant?: string | undefined
}

/** The session that is open where this is asked for; the same key as `Session` of `pgkeel/session/Session`. */
export const ActiveSession = Context.Reference<ActiveSession | undefined>("pgkeel/session/Session", {
  defaultValue: () => undefined
})

const sessions = new WeakMap<Reason, ActiveSession>()

/** Notes the session in which a failure struck. The innermost is the one that counts. */
export const noteSession = (reason: Reason, session: ActiveSession | undefined): void => {
  if (session !== undefined && !sessions.has(reason)) sessions.set(reason, session)
}

/** The session in which a failure struck, where one was open. */
export const sessionOf = (reason: Reason): ActiveSession | undefined => sessions.get(reason)
