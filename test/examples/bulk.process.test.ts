/** The walk through many rows, as a process on the run's own server. */
import { assert, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { testServer } from "../support/Database.ts"
import { finished, start, stepsOf } from "./program.ts"

const tsx = fileURLToPath(new URL("../../node_modules/.bin/tsx", import.meta.url))

it.live("The example of many rows moves them in and out, and shares them among workers and readers", () =>
  Effect.gen(function* () {
    const env = { DATABASE_URL: Redacted.value(testServer().url) }
    const { code, errors, output } = yield* finished(start([tsx, join("examples", "bulk.ts")], env))
    assert.strictEqual(errors, "")
    assert.strictEqual(code, 0)
    assert.deepStrictEqual(stepsOf(output), [
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
