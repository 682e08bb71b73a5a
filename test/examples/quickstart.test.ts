/** The quickstart once, on the run's own server; how it starts, stops and colours is in the tests of processes. */
import { assert, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { testServer } from "../support/Database.ts"
import { removeQuickstart } from "./database.ts"
import { finished, quickstart } from "./program.ts"

it.live("The quickstart shows the whole way, a step a line, and stops what it started", () =>
  Effect.gen(function* () {
    const { code, errors, output } = yield* finished(quickstart([], { DATABASE_URL: Redacted.value(testServer().url) }))
    assert.strictEqual(errors, "")
    assert.strictEqual(code, 0)
    for (const step of ["server", "provision", "start", "session", "typed error", "retry", "migrate down", "stop"]) {
      assert.match(output, new RegExp(`^✓ ${step} `, "m"))
    }
  }).pipe(Effect.ensuring(removeQuickstart))
)
