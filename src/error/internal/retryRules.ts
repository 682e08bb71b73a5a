/**
 * Which policy runs what again: one row a policy, and one function that asks it.
 *
 * `always` is at once the set of reasons that the policy takes out of the error's
 * type. A reason belongs there when its tag alone says that it was not applied;
 * what depends on how far the connection had come stays in the type.
 */
import * as Context from "effect/Context"
import type { Reason } from "../Reason.ts"
import type { Phase, RetryScope } from "../RetryScope.ts"
import type { Tag } from "./retried.ts"

export interface Rule<K extends Tag = Tag> {
  readonly name: string
  /** Run again wherever they strike. */
  readonly always: ReadonlyArray<K>
  /** What else is run again when it is transient, by its retry scope. */
  readonly scopes: (phase: Phase | undefined) => ReadonlyArray<RetryScope>
  /** Whether what was committed before the failure may be run again with the rest. */
  readonly repeatsAll?: true
  /** Whether the effect is, or may be, a part of a transaction that is open. */
  readonly isPart: (phase: Phase | undefined, isTransactionOpen: boolean) => boolean
}

/** No connection came about, so nothing was sent. */
const unconnected = ["ConnectionRefused", "HostNotFound", "ConnectTimeout", "CircuitOpen"] as const

/** The server took the connection and sent it away. Foreign servers, whose errors come through ours, do that too. */
const turnedAway = ["TooManyConnections", "ServerStarting"] as const

const wholes: ReadonlyArray<RetryScope> = ["statement", "transaction", "connection"]

const isOpenBy = (phase: Phase | undefined): boolean => phase === "transaction_open" || phase === "commit_sent"

export const transaction = {
  name: "transaction",
  always: [
    "SerializationFailure",
    "DeadlockDetected",
    "LockNotAvailable",
    "StalePreparedStatement",
    "OutOfMemory",
    "ReadOnlyServer",
    "PoolExhausted",
    ...unconnected,
    ...turnedAway
  ],
  scopes: () => wholes,
  isPart: (_, isTransactionOpen) => isTransactionOpen
} as const satisfies Rule

export const session = { ...transaction, name: "when_safe" } as const satisfies Rule

export const idempotent = {
  ...session,
  repeatsAll: true,
  scopes: () => ["statement", "transaction", "connection", "by_phase"]
} as const satisfies Rule

export const connection = {
  name: "connection",
  always: [...unconnected, ...turnedAway],
  scopes: () => ["connection"],
  // Connecting is no part of what is open elsewhere, unless the failure says so.
  isPart: isOpenBy
} as const satisfies Rule

export const statement = {
  name: "statement",
  always: ["StalePreparedStatement", "PoolExhausted", ...unconnected],
  // Whoever does not know the phase does not know either whether a transaction was open.
  scopes: (phase) => (phase === undefined ? ["statement", "connection"] : wholes),
  isPart: (phase, isTransactionOpen) => isTransactionOpen || isOpenBy(phase)
} as const satisfies Rule

export type AlwaysOf<R extends Rule> = R["always"][number]

/** Where an effect stands: in a transaction that is open around it, behind something of its own that stays. */
export interface Standing {
  readonly isTransactionOpen: boolean
  readonly isPartlyApplied: boolean
}

const alone: Standing = { isTransactionOpen: false, isPartlyApplied: false }

/**
 * What becomes of a failure: it is run `again`; it is given up because it is
 * `part` of an open transaction, or because a part of it is `applied`; it is told as
 * an `unknown` outcome; or it passes as it is.
 */
export type Verdict = "again" | "part" | "applied" | "unknown" | "pass"

export const decide = (rule: Rule, reason: Reason, standing: Standing = alone): Verdict => {
  const { _tag, phase, retryScope, transient } = reason
  const isAlways = rule.always.includes(_tag)
  // A server that ends the session with such a reason leaves open what became of the rest.
  if (retryScope === "unknown_outcome") return isAlways ? "unknown" : "pass"
  if (!isAlways && !(transient && rule.scopes(phase).includes(retryScope))) return "pass"
  if (rule.isPart(phase, standing.isTransactionOpen)) return isAlways ? "part" : "pass"
  if (standing.isPartlyApplied && rule.repeatsAll !== true) return isAlways ? "applied" : "pass"
  return "again"
}

/** Effect's own mark of the innermost transaction that any client has opened around a fiber. */
const CurrentTransaction = Context.Reference<Context.Key<never, object> | undefined>(
  "effect/sql/CurrentTransactionService",
  { defaultValue: () => undefined }
)

export const isTransactionOpen = (context: Context.Context<never>): boolean => {
  const service = Context.get(context, CurrentTransaction)
  return service !== undefined && Context.getOrUndefined(context, service) !== undefined
}
