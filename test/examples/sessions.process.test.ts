/** The walk through shared sessions, as a process on the run's own server. */
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { walk } from "./program.ts"

it.live("The example of sessions shows what joins what, what is undone, and who may end it", () =>
  Effect.gen(function* () {
    assert.deepStrictEqual(yield* walk("sessions.ts"), [
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
