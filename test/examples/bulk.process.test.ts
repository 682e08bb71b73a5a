/** The walk through many rows, as a process on the run's own server. */
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { walk } from "./program.ts"

it.live("The example of many rows moves them in and out, and shares them among workers and readers", () =>
  Effect.gen(function* () {
    assert.deepStrictEqual(yield* walk("bulk.ts"), [
      "loaded 100 sensors, 60000 readings",
      'refused InvalidValue at COPY reading, line 2, column sensor: "one"',
      "renamed 1 door, 100 roof",
      "archived 30000 readings, by way of CSV",
      "averaged 101 sensors, each in the cursor's own transaction",
      "queue 99 sensors by 4 workers, 99 different ones",
      "one state 20000 + 20000 + 20000",
      "alone a second importer is refused"
    ])
  })
)
