/**
 * One soak: short sessions on a small pool, each statement of which looks whether the
 * database sees its own actor and tenant, and nothing but them.
 */
import { NodeServices } from "@effect/platform-node"
import { Duration, Effect, Fiber, Layer, Schedule } from "effect"
import { SqlClient } from "effect/sql"
import { DatabaseConfig } from "../../src/config/DatabaseConfig.ts"
import { ConnectionManager } from "../../src/connection/ConnectionManager.ts"
import type { SessionOptions } from "../../src/session/Session.ts"
import { SessionFactory } from "../../src/session/SessionFactory.ts"
import { TestDatabase } from "../../src/testing/TestDatabase.ts"
import { heldBytes, residentBytes } from "../support/Memory.ts"
import { Ledger } from "./Ledger.ts"
import { planOf } from "./Plan.ts"
import type { Identity } from "./Plan.ts"

export interface SoakOptions {
  readonly sessions: number
  readonly seed: number
  /** How many are under way at once: more than there are connections. Default: 32. */
  readonly workers?: number
  /** Default: 10. */
  readonly connections?: number
  /** How long what is left over may take to end. Default: 30 seconds. */
  readonly patience?: Duration.Input
}

export interface Result {
  readonly sessions: number
  readonly ledger: Ledger
  readonly leakedConnections: number
  readonly residentBytesStart: number
  readonly residentBytesEnd: number
  /** What is held in and beside the heap: the process keeps of the machine's memory what it once needed. */
  readonly heldBytesStart: number
  readonly heldBytesEnd: number
  readonly seconds: number
}

/** What a session is opened by: `withSession`, or something that is to be found out. */
export type Open = (
  options: SessionOptions
) => <A, E>(effect: Effect.Effect<A, E>) => Effect.Effect<A, unknown, SqlClient.SqlClient | SessionFactory>

const bySession: Open = (options) => (effect) =>
  Effect.flatMap(SessionFactory, ({ withSession }) => withSession(options)(effect))

const look = (sql: SqlClient.SqlClient) =>
  Effect.map(
    sql<Identity>`
      SELECT coalesce(current_setting('pgkeel.actor', true), '') AS actor,
        coalesce(current_setting('pgkeel.tenant', true), '') AS tenant`,
    ([row]) => row ?? { actor: "no row", tenant: "no row" }
  )

const nobody: Identity = { actor: "", tenant: "" }

/** The session with this number, to its end. */
const runOne = Effect.fnUntraced(function* (ledger: Ledger, open: Open, seed: number, index: number) {
  const sql = yield* SqlClient.SqlClient
  const { ending, identity, interruptedAfter, looks, looksOutside } = planOf(seed, index)
  const body = Effect.gen(function* () {
    for (let time = 0; time < looks; time++) ledger.look(identity, yield* look(sql), `session ${index}`)
    yield* ending.last(sql)
  })
  const options = identity.actor === "" ? ending.options : { ...ending.options, ...identity }
  const session = open(options)(body)
  if (interruptedAfter === undefined) {
    ledger.end(index, ending, yield* Effect.exit(session))
  } else {
    const fiber = yield* Effect.forkChild(session, { startImmediately: true })
    for (let turn = 0; turn < interruptedAfter.turns; turn++) yield* Effect.yieldNow
    if (interruptedAfter.millis > 0) yield* Effect.sleep(interruptedAfter.millis)
    yield* Fiber.interrupt(fiber)
    ledger.end(index, ending, yield* Fiber.await(fiber))
  }
  if (looksOutside) ledger.look(nobody, yield* look(sql), `a statement after session ${index}`)
})

/** Sessions from one number up to another, by workers that each run one at a time. */
const runRange = (
  ledger: Ledger,
  open: Open,
  { seed, workers = 32 }: SoakOptions,
  [from, to]: readonly [number, number]
) => {
  let next = from
  const worker = Effect.whileLoop({
    while: () => next < to,
    body: () =>
      Effect.catchCause(runOne(ledger, open, seed, next++), (cause) =>
        Effect.sync(() => ledger.surprise(`a statement outside of a session failed: ${String(cause)}`))
      ),
    step: () => {}
  })
  return Effect.all(
    Array.from({ length: workers }, () => worker),
    { concurrency: "unbounded", discard: true }
  )
}

/** What is still taken when nothing runs any more: in the pool, or at the server. */
const taken = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const { poolStatus } = yield* ConnectionManager
  const { activeSessions } = yield* SessionFactory
  const { inUse, max, total, waiting } = yield* poolStatus
  const inTransaction = yield* sql`
    SELECT 1 FROM pg_catalog.pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start IS NOT NULL
      AND backend_type = 'client backend'`
  return inUse + waiting + Math.max(0, total - max) + (yield* activeSessions).length + inTransaction.length
})

/** A socket that is being closed, and a statement that was cancelled, may take a moment. */
const leaked = Effect.fnUntraced(function* (patience: Duration.Input) {
  const left = yield* Effect.repeat(taken, {
    schedule: Schedule.spaced("50 millis").pipe(Schedule.upTo({ duration: patience })),
    until: (count) => count === 0
  })
  return typeof left === "number" ? left : yield* taken
})

const application = (connections: number) =>
  SessionFactory.layer.pipe(
    Layer.provideMerge(ConnectionManager.layer()),
    Layer.provide(
      Layer.unwrap(
        Effect.map(TestDatabase, ({ url }) =>
          DatabaseConfig.layer({ url, sslMode: "disable", maxConnections: connections, acquireTimeout: "2 minutes" })
        )
      )
    ),
    Layer.provide(NodeServices.layer)
  )

/** Runs it, with `beside` before its end is judged. */
export const run = Effect.fnUntraced(function* <E = never>(
  options: SoakOptions,
  ledger: Ledger = new Ledger(),
  open: Open = bySession,
  beside: Effect.Effect<unknown, E, SqlClient.SqlClient> = Effect.void
) {
  const { connections = 10, patience = "30 seconds", sessions } = options
  // What is loaded and made once is in memory when it is measured first.
  const warm = Math.min(20_000, Math.ceil(sessions / 10))
  return yield* Effect.gen(function* () {
    const [took, measured] = yield* Effect.timed(
      Effect.gen(function* () {
        yield* runRange(ledger, open, options, [0, warm])
        const [heldBytesStart, residentBytesStart] = [heldBytes(), residentBytes()]
        yield* runRange(ledger, open, options, [warm, sessions])
        return { heldBytesStart, heldBytesEnd: heldBytes(), residentBytesStart, residentBytesEnd: residentBytes() }
      })
    )
    yield* beside
    const result: Result = {
      sessions,
      ledger,
      ...measured,
      leakedConnections: yield* leaked(patience),
      seconds: Duration.toMillis(took) / 1000
    }
    return result
  }).pipe(Effect.scoped, Effect.provide(application(connections), { local: true }))
})
