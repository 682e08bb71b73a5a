/** The walk through shared sessions, as a process on the run's own server. */
import { assert, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { testServer } from "../support/Database.ts"
import { finished, start, stepsOf } from "./program.ts"

const tsx = fileURLToPath(new URL("../../node_modules/.bin/tsx", import.meta.url))

it.live("The example of sessions shows what joins what, what is undone, and who may end it", () =>
  Effect.gen(function* () {
    const env = { DATABASE_URL: Redacted.value(testServer().url) }
    const { code, errors, output } = yield* finished(start([tsx, join("examples", "sessions.ts")], env))
    assert.strictEqual(errors, "")
    assert.strictEqual(code, 0)
    assert.deepStrictEqual(stepsOf(output), [
      "together ada orders lamp",
      "all or nothing SoldOut, and the journal still says: ada orders lamp",
      "rollback only RollbackOnly",
      "nested ada orders lamp, grace is put on the waiting list",
      "requires-new ada orders lamp, grace is put on the waiting list, mallory tried it",
      "hooks mail, then no mail",
      "run again 2 chairs after 3 runs of two sessions",
      "timeouts StatementTimeout, SessionTimeout",
      "administrator session (export) has been closed (maintenance): create another one"
    ])
  })
)
