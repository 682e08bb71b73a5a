import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { TestDatabase } from "../../src/testing/TestDatabase.ts"
import { testServer } from "../support/Database.ts"
import { sweep } from "./crash/Sweep.ts"

/** No multiple of three, so that all moments of a statement occur. `npm run crash-sweep` tries all of them. */
const every = 61

it.live(
  "A migration that was killed at any statement ends as an undisturbed one when it is run again, up and down",
  () =>
    Effect.gen(function* () {
      const result = yield* sweep((options) => TestDatabase.layerServer(testServer().url, options), {
        choose: (points) => points.filter((_, index) => index % every === 0),
        concurrency: 3
      })
      assert.isAtLeast(result.points, 10)
      assert.deepStrictEqual(result.diverged, [])
    }),
  300_000
)
