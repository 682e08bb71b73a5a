/**
 * `npm run exactly-once`: every operation takes effect exactly once, or is known
 * to have failed, whatever the network and the server do meanwhile.
 *
 *     npm run exactly-once -- [--operations N] [--workers W] [--seed S] [--restarts K] [--json FILE]
 *
 * It starts a server of its own, which has to keep what it confirmed: a
 * temporary one does so when it is killed, if not when its host crashes.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect, Layer } from "effect"
import { randomInt } from "node:crypto"
import { writeFile } from "node:fs/promises"
import { parseArgs } from "node:util"
import { EmbeddedPostgres } from "../../src/testing/EmbeddedPostgres.ts"
import { TestDatabase } from "../../src/testing/TestDatabase.ts"
import { FaultProxy } from "./FaultProxy.ts"
import { json, passed, summary } from "./report.ts"
import { killAndRestart } from "./Restarts.ts"
import { bySessions, run } from "./Run.ts"
import type { Work } from "./Run.ts"
import type { Tally } from "./Tally.ts"

const usage = `npm run exactly-once -- [--operations N] [--workers W] [--seed S] [--restarts K] [--json FILE]

  --operations N  how many, 20000 unless given
  --workers W     how many write at a time, 16 unless given
  --seed S        of the faults; a random one unless given
  --restarts K    how often the server is killed with SIGKILL and started again, 0 unless given
  --json FILE     writes {"operations", "acknowledged", "failed", "unknown", "lost", "duplicated", "seconds"}

Ends with code 0 when nothing was lost, duplicated or left unknown, and with 1 otherwise.`

const { values } = parseArgs({
  options: {
    operations: { type: "string", default: "20000" },
    workers: { type: "string", default: "16" },
    seed: { type: "string", default: String(randomInt(2 ** 31)) },
    restarts: { type: "string", default: "0" },
    json: { type: "string" },
    help: { type: "boolean", default: false }
  }
})

const options = {
  operations: Number(values.operations),
  workers: Number(values.workers),
  seed: Number(values.seed),
  restarts: Number(values.restarts)
}

const areUsable =
  Object.values(options).every((value) => Number.isSafeInteger(value) && value >= 0) &&
  options.operations > 0 &&
  options.workers > 0

const progress = (tally: Tally) =>
  Effect.gen(function* () {
    const { faults } = yield* (yield* FaultProxy).counts
    yield* Console.error(`${tally.ended} of ${options.operations} operations, ${faults} faults`)
  }).pipe(Effect.delay("10 seconds"), Effect.forever)

const work: Work = (tally) => Effect.raceFirst(bySessions(options.workers)(tally), progress(tally))

const restarts = (tally: Tally) => killAndRestart(tally, options.restarts, options.seed)

const main = Effect.gen(function* () {
  const result = yield* run(options, work, restarts)
  yield* Console.log(summary(result, options))
  const file = values.json
  if (file !== undefined) yield* Effect.tryPromise(() => writeFile(file, json(result)))
  if (!passed(result)) process.exitCode = 1
}).pipe(
  Effect.provide(
    TestDatabase.layer().pipe(
      Layer.provideMerge(EmbeddedPostgres.layer({ settings: { synchronous_commit: "on", max_connections: "300" } }))
    )
  )
)

const misused = Effect.andThen(
  Console.error(usage),
  Effect.sync(() => void (process.exitCode = 2))
)

NodeRuntime.runMain(values.help ? Console.log(usage) : areUsable ? main : misused)
