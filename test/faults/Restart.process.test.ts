import { assert, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { randomInt } from "node:crypto"
import { EmbeddedPostgres } from "../../src/testing/EmbeddedPostgres.ts"
import { TestDatabase } from "../../src/testing/TestDatabase.ts"
import { chosenServer } from "../support/chosenServer.ts"
import { passed, summary } from "./report.ts"
import { killAndRestart } from "./Restarts.ts"
import { bySessions, run } from "./Run.ts"

const seed = randomInt(2 ** 31)

it.live(
  `Every operation takes effect exactly once while the server is killed and restarted (seed ${seed})`,
  () =>
    Effect.gen(function* () {
      const chosen = { operations: 1000, workers: 8, seed, restarts: 2 }
      const result = yield* run(chosen, bySessions(chosen.workers), (tally) =>
        killAndRestart(tally, chosen.restarts, chosen.seed)
      )
      assert.isTrue(passed(result), summary(result, chosen))
      assert.strictEqual(result.acknowledged, chosen.operations, summary(result, chosen))
    }).pipe(
      Effect.provide(
        TestDatabase.layer().pipe(
          Layer.provideMerge(EmbeddedPostgres.layer({ ...chosenServer(), settings: { synchronous_commit: "on" } }))
        ),
        { local: true }
      )
    ),
  120_000
)
