/**
 * What each session of a soak does and how it is ended, drawn from the seed and its
 * number, so that a run can be repeated. When an interruption strikes is up to the
 * machine.
 */
import { Effect } from "effect"
import type { SqlClient } from "effect/sql"
import type { SessionOptions } from "../../src/session/Session.ts"
import { generator } from "../faults/FaultPlan.ts"

/** Who a session says that it is; nobody is ''. */
export interface Identity {
  readonly actor: string
  readonly tenant: string
}

/** How a session ends, and what it may fail with: anything else is a finding. */
export interface Ending {
  readonly share: number
  readonly options: SessionOptions
  /** The last thing that its body does. */
  readonly last: (sql: SqlClient.SqlClient) => Effect.Effect<unknown, unknown>
  /** The tag of the failure's reason, or of the failure; `undefined` for a commit. */
  readonly failure: string | undefined
  readonly isInterrupted?: boolean
}

/**
 * Much longer than what ends it. It ends by itself, though: a server that has not
 * begun with a statement forgets a request to cancel it (manual, 55.2.8).
 */
const asleep = (sql: SqlClient.SqlClient) => sql`SELECT pg_catalog.pg_sleep(4)`

export const endings: Readonly<Record<string, Ending>> = {
  committed: { share: 0.55, options: {}, last: () => Effect.void, failure: undefined },
  failed: { share: 0.1, options: {}, last: () => Effect.fail({ _tag: "Unwanted" }), failure: "Unwanted" },
  refused: { share: 0.08, options: {}, last: (sql) => sql`SELECT 1 / 0`, failure: "InvalidValue" },
  swallowed: {
    share: 0.04,
    options: {},
    last: (sql) => Effect.ignore(sql`SELECT 1 / 0`),
    failure: "CommitRolledBack"
  },
  undoneInside: {
    share: 0.05,
    options: {},
    last: (sql) => Effect.ignore(sql.withTransaction(Effect.andThen(sql`SELECT 1`, Effect.fail("undone")))),
    failure: undefined
  },
  timedOut: { share: 0.005, options: { timeout: "3 millis" }, last: asleep, failure: "SessionTimeout" },
  stoppedByServer: {
    share: 0.005,
    options: { statementTimeout: "30 seconds" },
    last: (sql) => Effect.andThen(sql`SELECT set_config('statement_timeout', '3ms', true)`, asleep(sql)),
    failure: "StatementTimeout"
  },
  interruptedAsleep: { share: 0.01, options: {}, last: asleep, failure: undefined, isInterrupted: true },
  interrupted: { share: 0.16, options: {}, last: () => Effect.void, failure: undefined, isInterrupted: true }
}

export interface Planned {
  readonly identity: Identity
  readonly ending: Ending
  /** How often it looks who it is. */
  readonly looks: number
  /** After so many turns of the scheduler and milliseconds, if at all. */
  readonly interruptedAfter: { readonly turns: number; readonly millis: number } | undefined
  /** Whether a statement outside of any session follows. */
  readonly looksOutside: boolean
}

const drawEnding = (chance: number): Ending => {
  let sum = 0
  for (const ending of Object.values(endings)) {
    sum += ending.share
    if (chance < sum) return ending
  }
  return endings["committed"] as Ending
}

export const planOf = (seed: number, index: number): Planned => {
  const random = generator(seed, index)
  const below = (limit: number) => Math.floor(random() * limit)
  const ending = drawEnding(random())
  const isNobody = random() < 0.1
  return {
    identity: isNobody ? { actor: "", tenant: "" } : { actor: `actor-${below(1000)}`, tenant: `tenant-${below(50)}` },
    ending,
    looks: 1 + below(3),
    interruptedAfter:
      ending.isInterrupted === true ? { turns: below(40), millis: random() < 0.5 ? 0 : below(4) } : undefined,
    looksOutside: random() < 0.2
  }
}
