/**
 * Kills the server while operations are under way, and starts it again on the
 * same data. Each kill waits for its share of the operations and not for the
 * clock, so that all of them fall into the run however long it takes.
 */
import { Effect, Schedule } from "effect"
import { EmbeddedPostgres } from "../../src/testing/EmbeddedPostgres.ts"
import { generator } from "./FaultPlan.ts"
import type { Tally } from "./Tally.ts"

/** A stream of random numbers that no connection has. */
const stream = -2

/** Kills and restarts so many times; ends with the last restart. */
export const killAndRestart = Effect.fnUntraced(function* (tally: Tally, times: number, seed: number) {
  const { kill, restart } = yield* EmbeddedPostgres
  const random = generator(seed, stream)
  for (let index = 0; index < times; index++) {
    const due = ((index + random()) / times) * tally.operations * 0.98
    yield* Effect.repeat(
      Effect.sync(() => tally.ended),
      { schedule: Schedule.spaced("2 millis"), until: (ended) => ended >= due }
    )
    yield* kill
    yield* Effect.sleep(random() * 300)
    yield* restart
  }
})
