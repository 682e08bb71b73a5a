/** The walk through the errors, as a process on the run's own server. */
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { walk } from "./program.ts"

it.live("The example of typed errors shows what each handler and each policy makes of a failure", () =>
  Effect.gen(function* () {
    assert.deepStrictEqual(yield* walk("typed-errors.ts"), [
      "success Ada has seat 1",
      "unique no: that number is taken",
      "check no: against seats_of_the_house",
      "retried LockNotAvailable, LockNotAvailable, LockNotAvailable; gave up (attempts): somebody is changing that seat",
      "in a transaction run once, and given up: transaction_open",
      "for the log PGK4004 SqlSyntaxError, transient: false",
      "for a user Something went wrong. The problem has been recorded."
    ])
  })
)
