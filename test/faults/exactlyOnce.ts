/**
 * `npm run exactly-once`: every operation takes effect exactly once, or is known
 * to have failed, whatever the network and the server do meanwhile.
 *
 * It starts a server of its own, which has to keep what it confirmed: a
 * temporary one does so when it is killed, if not when its host crashes.
 */
import { Console, Effect, Layer } from "effect"
import { Command } from "effect/cli"
import { randomInt } from "node:crypto"
import { EmbeddedPostgres } from "../../src/testing/EmbeddedPostgres.ts"
import { TestDatabase } from "../../src/testing/TestDatabase.ts"
import * as Program from "../support/program.ts"
import { FaultProxy } from "./FaultProxy.ts"
import { counts, passed, summary } from "./report.ts"
import { killAndRestart } from "./Restarts.ts"
import { bySessions, run } from "./Run.ts"
import type { Tally } from "./Tally.ts"

const flags = {
  operations: Program.count("operations", "How many", 20_000),
  workers: Program.count("workers", "How many write at a time", 16),
  seed: Program.seed("Of the faults", () => randomInt(2 ** 31)),
  restarts: Program.count("restarts", "How often the server is killed with SIGKILL and started again", 0, 0),
  json: Program.json(`{"operations", "acknowledged", "failed", "unknown", "lost", "duplicated", "seconds"}`)
}

const progress = (tally: Tally, operations: number) =>
  Effect.gen(function* () {
    const { faults } = yield* (yield* FaultProxy).counts
    yield* Console.error(`${tally.ended} of ${operations} operations, ${faults} faults`)
  }).pipe(Effect.delay("10 seconds"), Effect.forever)

const exactlyOnce = Command.make(
  "npm run exactly-once --",
  flags,
  Effect.fnUntraced(
    function* ({ json, ...options }) {
      const { operations, restarts, seed, workers } = options
      const result = yield* run(
        options,
        (tally) => Effect.raceFirst(bySessions(workers)(tally), progress(tally, operations)),
        (tally) => killAndRestart(tally, restarts, seed)
      )
      yield* Console.log(summary(result, options))
      yield* Program.writeJson(json, counts(result))
      if (!passed(result)) process.exitCode = 1
    },
    Effect.provide(
      TestDatabase.layer().pipe(
        Layer.provideMerge(EmbeddedPostgres.layer({ settings: { synchronous_commit: "on", max_connections: "300" } }))
      )
    )
  )
).pipe(
  Command.withDescription(
    "Writes through a proxy that cuts, resets and stalls. Ends with 0 when nothing was lost, duplicated or left unknown."
  )
)

Program.main(exactlyOnce)
