/** A short soak, and soaks of clients that leak, which have to be found out. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { randomInt } from "node:crypto"
import { SessionFactory } from "../../src/session/SessionFactory.ts"
import { freshDatabase } from "../support/Database.ts"
import { Ledger } from "./Ledger.ts"
import { passed, summary } from "./report.ts"
import { run } from "./Run.ts"
import type { Open } from "./Run.ts"

/** Sets the context for the connection and not for the transaction, as a careless client does. */
const forever: Open =
  ({ actor = "", tenant = "" }) =>
  (effect) =>
    Effect.flatMap(SqlClient.SqlClient, (sql) =>
      sql.withTransaction(
        Effect.andThen(
          sql`SELECT set_config('pgkeel.actor', ${actor}, false), set_config('pgkeel.tenant', ${tenant}, false)`,
          effect
        )
      )
    )

/** Opens every session in one and the same name. */
const asOne: Open = () => (effect) =>
  Effect.flatMap(SessionFactory, ({ withSession }) => withSession({ actor: "everybody" })(effect))

/** Keeps what was begun, whatever it fails with. */
const regardless: Open = (options) => (effect) =>
  Effect.flatMap(SessionFactory, ({ withSession }) =>
    withSession(options)(Effect.catch(effect, () => Effect.succeed(undefined as never)))
  )

describe("Short sessions that fail, time out and are interrupted at random", () => {
  // The second is another one in each run, and in the test's name so that a hang tells it too.
  for (const seed of [20_261, randomInt(2 ** 31)]) {
    it.live(`see their own actor and tenant only, and leave nothing (seed ${seed})`, () =>
      Effect.gen(function* () {
        const options = { sessions: 500, seed }
        const result = yield* run(options)
        assert.isTrue(passed(result), summary(result, options))
      }).pipe(Effect.provide(freshDatabase(), { local: true }))
    )
  }

  for (const [client, open] of Object.entries({ forever, asOne })) {
    it.live(`are found out when a client leaks its context (${client})`, () =>
      Effect.gen(function* () {
        const result = yield* run({ sessions: 100, seed: 7, connections: 1, workers: 2 }, new Ledger(), open)
        assert.isAbove(result.ledger.mismatches, 0)
        assert.isFalse(passed(result))
      }).pipe(Effect.provide(freshDatabase(), { local: true }))
    )
  }

  it.live("are found out when they commit what failed", () =>
    Effect.gen(function* () {
      const result = yield* run({ sessions: 100, seed: 7 }, new Ledger(), regardless)
      assert.isAbove(result.ledger.unexpected, 0)
      assert.isFalse(passed(result))
    }).pipe(Effect.provide(freshDatabase(), { local: true }))
  )

  it.live("are found out when a connection is kept", () =>
    Effect.gen(function* () {
      const kept = Effect.flatMap(SqlClient.SqlClient, (sql) => sql.reserve)
      const result = yield* run(
        { sessions: 20, seed: 7, patience: "300 millis" },
        new Ledger(),
        undefined,
        kept as never
      )
      assert.strictEqual(result.leakedConnections, 1)
      assert.isFalse(passed(result))
    }).pipe(Effect.provide(freshDatabase(), { local: true }))
  )
})
