import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { PgClient } from "@effect/sql-pg"
import { randomInt } from "node:crypto"
import { freshDatabase } from "../support/Database.ts"
import { FaultProxy } from "./FaultProxy.ts"
import { passed, summary } from "./report.ts"
import { run } from "./Run.ts"
import type { Work } from "./Run.ts"
import { runWorkload, statements } from "./Workload.ts"

const workers = 8

const options = (operations: number, seed: number) => ({ operations, workers, seed, restarts: 0 })

describe("Under a network that cuts, resets and stalls", () => {
  // The second is another one in each run, and in the test's name so that a hang tells it too.
  for (const seed of [20_261, randomInt(2 ** 31)]) {
    it.live(`every operation takes effect exactly once, and is acknowledged (seed ${seed})`, () =>
      Effect.gen(function* () {
        const chosen = options(300, seed)
        const result = yield* run(chosen)
        assert.isTrue(passed(result), summary(result, chosen))
        assert.strictEqual(result.acknowledged, chosen.operations, summary(result, chosen))
        assert.isAbove(result.faults.faults, 20)
        assert.isAbove(result.faults.inCommit, 5)
        for (const [kind, { answer, request }] of Object.entries(result.faults.byKind)) {
          assert.isAbove(Math.min(answer, request), 0, kind)
        }
      }).pipe(Effect.provide(freshDatabase(), { local: true }))
    )
  }

  it.live("a client that repeats whatever failed is found out", () =>
    Effect.gen(function* () {
      const chosen = options(300, 7)
      const result = yield* run(chosen, blindly)
      assert.isAbove(result.duplicated, 0, summary(result, chosen))
      assert.isFalse(passed(result))
    }).pipe(Effect.provide(freshDatabase(), { local: true }))
  )
})

/** The driver's own client, run again until it says that it worked. */
const blindly: Work = (tally) =>
  Effect.gen(function* () {
    const sql = yield* PgClient.PgClient
    yield* runWorkload(tally, workers, (operation) =>
      sql.withTransaction(statements(sql, operation)).pipe(
        Effect.catchCause((cause) => Effect.fail(cause)),
        Effect.retry({ times: 100 })
      )
    )
    return []
  }).pipe(
    Effect.provide(
      Layer.unwrap(Effect.map(FaultProxy, ({ url }) => PgClient.layer({ url, ssl: false, maxConnections: workers }))),
      { local: true }
    )
  )
