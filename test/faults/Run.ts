/**
 * One run: operations through a proxy that injects faults, and the verdict on
 * what they left behind.
 */
import { NodeServices } from "@effect/platform-node"
import { Duration, Effect, Layer, Random } from "effect"
import type { SqlClient } from "effect/sql"
import { DatabaseConfig } from "../../src/config/DatabaseConfig.ts"
import { ConnectionManager } from "../../src/connection/ConnectionManager.ts"
import { RetryBudget } from "../../src/error/RetryBudget.ts"
import { SessionFactory } from "../../src/session/SessionFactory.ts"
import { TestDatabase } from "../../src/testing/TestDatabase.ts"
import { FaultProxy } from "./FaultProxy.ts"
import type { FaultCounts } from "./FaultProxy.ts"
import { Tally } from "./Tally.ts"
import { judgeDatabase } from "./Verdict.ts"
import type { Verdict } from "./Verdict.ts"
import { createTables, runWorkload, sessionWriter } from "./Workload.ts"

export interface RunOptions {
  readonly operations: number
  readonly workers: number
  readonly seed: number
}

export interface Result extends Verdict {
  readonly operations: number
  readonly acknowledged: number
  readonly failed: number
  readonly unknown: number
  readonly seconds: number
  readonly faults: FaultCounts
  /** What operations failed with, and how often. */
  readonly reasons: ReadonlyArray<readonly [name: string, count: number]>
  /** What was still taken, waited for or open after the last operation. */
  readonly left: ReadonlyArray<string>
}

/** What a session holds after the work is done is a leak. */
const leftBehind = Effect.gen(function* () {
  const { activeConnections, poolStatus } = yield* ConnectionManager
  const { activeSessions } = yield* SessionFactory
  const { inUse, waiting } = yield* poolStatus
  const sessions = (yield* activeSessions).map(({ id }) => `session ${id}`)
  const connections = (yield* activeConnections).map(({ holder, kind }) => `connection of ${holder} (${kind})`)
  return inUse + waiting === 0 ? sessions : [...sessions, ...connections, `${waiting} waiting`]
})

/**
 * pgkeel as an application has it, on the way through the proxy. Only the budget is
 * switched off that keeps retries from multiplying an outage: every operation is to
 * be tried until its outcome is known.
 */
const throughProxy = (workers: number) =>
  SessionFactory.layer.pipe(
    Layer.provideMerge(ConnectionManager.layer()),
    Layer.merge(RetryBudget.layer({ capacity: Number.POSITIVE_INFINITY })),
    Layer.provide(
      Layer.unwrap(
        Effect.map(FaultProxy, ({ url }) =>
          DatabaseConfig.layer({
            url,
            sslMode: "disable",
            maxConnections: workers,
            connectTimeout: "5 seconds",
            acquireTimeout: "10 seconds",
            shutdownTimeout: "5 seconds"
          })
        )
      )
    ),
    Layer.provide(NodeServices.layer)
  )

/** Does something on a connection that nothing disturbs. */
const undisturbed = <A, E, R>(effect: Effect.Effect<A, E, R | SqlClient.SqlClient>) =>
  Effect.provide(effect, TestDatabase.layerClient, { local: true })

/** What works through the faults, and what it has left when it is done. */
export type Work = (tally: Tally) => Effect.Effect<ReadonlyArray<string>, unknown, FaultProxy>

/** The operations by sessions of pgkeel. */
export const bySessions =
  (workers: number): Work =>
  (tally) =>
    Effect.gen(function* () {
      yield* runWorkload(tally, workers, yield* sessionWriter)
      return yield* leftBehind
    }).pipe(Effect.provide(throughProxy(workers), { local: true }))

/** Runs `work`, with `beside` beside it, and judges. */
export const run = Effect.fnUntraced(function* <E = never, R = never>(
  { operations, seed, workers }: RunOptions,
  work: Work = bySessions(workers),
  beside: (tally: Tally) => Effect.Effect<unknown, E, R> = () => Effect.void
) {
  yield* undisturbed(createTables(workers))
  const tally = new Tally(operations)
  const [took, { counts, left }] = yield* Effect.gen(function* () {
    const { counts } = yield* FaultProxy
    const [left] = yield* Effect.all([work(tally), beside(tally)], { concurrency: "unbounded" })
    return { left, counts: yield* counts }
  }).pipe(Effect.provide(FaultProxy.layer(seed), { local: true }), Random.withSeed(seed), Effect.timed)
  const verdict = yield* undisturbed(judgeDatabase(tally))
  const result: Result = {
    ...verdict,
    operations,
    acknowledged: tally.count("acknowledged"),
    failed: tally.count("failed"),
    unknown: tally.count("unknown"),
    seconds: Duration.toMillis(took) / 1000,
    faults: counts,
    reasons: tally.reasons,
    left
  }
  return result
})
