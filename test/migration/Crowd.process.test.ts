import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { freshDatabase } from "../support/Database.ts"
import { crowd } from "./crash/Crowd.ts"

it.live(
  "20 processes that migrate at once all succeed, and run each migration once, from nothing and from half of them",
  () =>
    Effect.gen(function* () {
      // `npm run migrate-at-once` takes 50 rounds.
      assert.deepStrictEqual(yield* crowd(freshDatabase(), { processes: 20, rounds: 1 }), [])
    }),
  300_000
)
