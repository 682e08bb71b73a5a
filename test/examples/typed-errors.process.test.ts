/** The walk through the errors, as a process on the run's own server. */
import { assert, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { testServer } from "../support/Database.ts"
import { finished, start } from "./program.ts"

const tsx = fileURLToPath(new URL("../../node_modules/.bin/tsx", import.meta.url))

it.live("The example of typed errors shows what each handler and each policy makes of a failure", () =>
  Effect.gen(function* () {
    const env = { DATABASE_URL: Redacted.value(testServer().url) }
    const { code, errors, output } = yield* finished(start([tsx, join("examples", "typed-errors.ts")], env))
    assert.strictEqual(errors, "")
    assert.strictEqual(code, 0)
    const lines = output
      .split("\n")
      .filter((text) => text.startsWith("✓"))
      .map((text) => text.slice(2).replace(/ {2,}/u, " ").trim())
    assert.deepStrictEqual(lines, [
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
