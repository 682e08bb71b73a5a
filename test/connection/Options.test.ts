/** Options of a manager and of its pools that no compiler has looked at. */
import { assert, layer } from "@effect/vitest"
import { Duration, Effect, Redacted } from "effect"
import { inspect } from "node:util"
import { ConnectionManager } from "../../src/connection/ConnectionManager.ts"
import { assertClean, config, connected } from "../support/Connected.ts"

const url = "postgres://ada:hunter2@db.example/shop"

const wrong: ReadonlyArray<readonly [options: unknown, said: string]> = [
  [{ maxConections: 3 }, `"maxConections" of ConnectionManager.createPool is not known: did you mean maxConnections?`],
  [{ maxConnections: "3" }, `"maxConnections" of ConnectionManager.createPool is a string: give a whole number`],
  [
    { acquireTimeout: "1 second" },
    `"acquireTimeout" of ConnectionManager.createPool is a string: give a duration, as Du`
  ],
  [{ password: "hunter2" }, `"password" of ConnectionManager.createPool is a plain string: give it wrapped`],
  [{ url: Redacted.make(url) }, `"url" of ConnectionManager.createPool is not known: give one of host, port, database`],
  [{ transformJson: 1 }, `"transformJson" of ConnectionManager.createPool is a number: give true or false`],
  [url, `the options of ConnectionManager.createPool are a string: give an object such as { maxConnections: 2 }`]
]

layer(connected({ maxConnections: 2 }), { excludeTestServices: true })("The options of a pool", (it) => {
  for (const [options, said] of wrong) {
    it.effect(`are refused before it is made: ${said}`, () =>
      Effect.gen(function* () {
        const { createPool } = yield* ConnectionManager
        const error = yield* Effect.flip(Effect.scoped(createPool(options as never)))
        assert.strictEqual(error.reason._tag, "InvalidOption")
        assert.include(error.message, said)
        assert.notInclude(inspect(error, { depth: 10 }), "hunter2")
        yield* assertClean
      })
    )
  }

  it.effect("may be all that there are", () =>
    Effect.gen(function* () {
      const { createPool } = yield* ConnectionManager
      const { client } = yield* createPool({ acquireTimeout: Duration.seconds(1), statementTimeout: undefined })
      assert.deepStrictEqual(yield* client`SELECT 1 AS one`, [{ one: 1 }])
    }).pipe(Effect.scoped)
  )

  it.effect("are refused of the manager itself as well", () =>
    Effect.gen(function* () {
      const misspelt = ConnectionManager.layer({ transformNames: String } as never)
      const error = yield* Effect.flip(Effect.provide(Effect.provide(ConnectionManager, misspelt), config()))
      assert(error._tag === "DatabaseError")
      assert.include(error.message, `"transformNames" of ConnectionManager.layer is not known: give one of transformR`)
    })
  )
})
