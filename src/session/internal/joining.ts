/** Whether a session may be a part of the one that is open, and why not. */
import type { Isolation, SessionInfo, SessionOptions } from "../Session.ts"
import { describeSession } from "../Session.ts"
import { SessionConflict, SessionError } from "../SessionError.ts"

const strictness: Readonly<Record<Isolation, number>> = {
  "read committed": 0,
  "repeatable read": 1,
  serializable: 2
}

/** A server's own default counts as the laxest, since nobody here knows it. */
const strictnessOf = (isolation: Isolation | undefined): number => (isolation === undefined ? 0 : strictness[isolation])

const differs = (open: string | undefined, wanted: string | undefined): boolean =>
  wanted !== undefined && wanted !== open

/** The first option that the open session cannot grant. A wish for less, or for nothing, is granted. */
const ungranted = (open: SessionInfo, wanted: SessionOptions): keyof SessionOptions | undefined => {
  if (differs(open.actor, wanted.actor)) return "actor"
  if (differs(open.tenant, wanted.tenant)) return "tenant"
  if (differs(open.role, wanted.role)) return "role"
  if (strictnessOf(wanted.isolation) > strictnessOf(open.isolation)) return "isolation"
  if (wanted.readOnly === false && open.readOnly === true) return "readOnly"
  return wanted.deferrable === true && open.deferrable !== true ? "deferrable" : undefined
}

export const conflict = (open: SessionInfo, wanted: SessionOptions): SessionError | undefined => {
  const option = ungranted(open, wanted)
  if (option === undefined) return undefined
  return new SessionError({ reason: new SessionConflict({ session: describeSession(open), option }) })
}
