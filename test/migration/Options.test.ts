/** Options in code, as they come where no compiler has looked at them. */
import { assert, describe } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import * as Backfill from "../../src/migration/Backfill.ts"
import { MigrationError } from "../../src/migration/MigrationError.ts"
import { Migrator } from "../../src/migration/Migrator.ts"
import { changingNothing, makeMigrator, reasonOf, scalar } from "./support.ts"

type Call = Exclude<keyof Migrator["Service"], "status">

const howFar = `give one of { steps: 1 }, { to: "0003" } or { all: true }`

/** Of each call, options that are wrong and what is said of all of them. */
const cases: Readonly<Record<Call, ReadonlyArray<readonly [given: unknown, says: string]>>> = {
  up: [
    [{ too: "1" }, "too is not an option: did you mean to?"],
    [{ to: 1 }, "to is a number: give the id of a migration, as text"],
    [null, `what was given for the options is null: give an object such as { to: "0003" }`],
    [{ direction: "down", to: "1" }, `direction is another direction: give "up"`],
    [{ sources: [] }, "sources is not an option: known are to, namespace, direction"]
  ],
  down: [
    [{ step: 1 }, "step is not an option: did you mean steps?"],
    [{ steps: "1" }, "steps is a string: give a whole number"],
    [{ all: false }, "all is a boolean: give true, or leave it out"],
    [{}, `what was given for the options has none of steps, to and all: ${howFar}`],
    [{ steps: undefined }, `what was given for the options has none of steps, to and all: ${howFar}`],
    [{ to: "1", all: true }, `what was given for the options has to and all: ${howFar}`],
    [undefined, `what was given for the options is undefined: give an object such as ${howFar.slice(12)}`]
  ],
  redo: [
    [
      { step: 2, Namespace: "app" },
      "step is not an option: did you mean steps?; Namespace is not an option: did you mean namespace?"
    ]
  ],
  plan: [
    [{ direction: "dwon", to: "1" }, `direction is a string that is no direction: give "up", "down", "redo"`],
    [{ direction: "down" }, `what was given for the options has none of steps, to and all: ${howFar}`],
    [{ direction: "redo", to: "1" }, "to is not an option: known are steps, namespace, direction"]
  ],
  lint: [[{ which: "applied" }, `which is a string that is neither: give "pending", "all"`]],
  shadow: [
    [{ url: "postgres://u:hunter2@h/d" }, "url is a plain string: give it wrapped, as Redacted.make(url)"],
    [
      { templat: "d" },
      "templat is not an option: did you mean template?; url is not set: give it wrapped, as Redacted.make(url)"
    ]
  ],
  baseline: [
    [
      { dryrun: true },
      "dryrun is not an option: did you mean dryRun?; to is not set: give the id of a migration, as text"
    ]
  ],
  adopt: [
    [
      { from: "flywy" },
      `from is a string that is no tool which is known: give "effect", "drizzle", "prisma", "node-pg-migrate", "flyway", "golang-migrate"`
    ]
  ],
  repair: [
    [
      { halfDone: "start-over", dryRun: "no" },
      `halfDone is a string that is neither: give "startOver", "done"; dryRun is a string: give true or false`
    ]
  ]
}

const source = { namespace: "app", migrations: [{ id: "1", name: "a", up: Effect.void }] }

/** What a compiler would not let pass. */
const untyped = (call: unknown, given: unknown): Effect.Effect<unknown, unknown> =>
  Reflect.apply(Object(call), undefined, [given])

changingNothing((it) => {
  describe("The options of a call that are wrong", () => {
    for (const [call, wrong] of Object.entries(cases)) {
      for (const [given, says] of wrong) {
        it.effect(`are refused by Migrator.${call} before anything is sent: ${says}`, () =>
          Effect.gen(function* () {
            const migrator = yield* makeMigrator({ sources: [source] })
            const refused = yield* reasonOf(untyped(Reflect.get(migrator, call), given))
            assert.strictEqual(refused._tag, "InvalidOptions")
            assert.strictEqual(refused.message, `the options of Migrator.${call} are wrong: ${says}`)
            assert.isFalse(yield* scalar("SELECT to_regclass('pgkeel.migrations') IS NOT NULL"))
          })
        )
      }
    }

    const ofLayer: ReadonlyArray<readonly [given: unknown, says: string]> = [
      [
        { source: [source] },
        "source is not an option: did you mean sources?; sources is not set: give sources such as"
      ],
      [
        { sources: [source], lockTimeout: "5 parsecs" },
        `lockTimeout is no duration: give a duration such as "5 seconds"`
      ],
      [{ sources: [source], lockAttempts: 0 }, "lockAttempts is no number from 1 on: give a whole number above 0"],
      [
        { sources: [source], policies: { edited: "allow" } },
        `policies is an object whose "edited" is a string that is no policy`
      ],
      [{ sources: [source], progress: {} }, "progress is an object: give a function from an event to an Effect"],
      [
        { sources: [{ ...source, migrations: [{ ...source.migrations[0], transacton: false }] }] },
        `"transacton" is not known (did you mean transaction?)`
      ],
      [
        { sources: [{ ...source, migrations: [{ id: "1", name: "a", up: () => Effect.void }] }] },
        `an object whose "up" is a function, and no Effect at [0]`
      ]
    ]
    for (const [given, says] of ofLayer) {
      it.effect(`are refused by Migrator.layer: ${says}`, () =>
        Effect.gen(function* () {
          const layer: unknown = Reflect.apply(Migrator.layer, undefined, [given])
          assert(Layer.isLayer(layer))
          const error = yield* Effect.flip(Effect.scoped(Layer.build(layer as ReturnType<typeof Migrator.layer>)))
          assert(error instanceof MigrationError)
          assert.strictEqual(error.code, "PGK8307")
          assert.include(error.message, `the options of Migrator.layer are wrong: `)
          assert.include(error.message, says)
        })
      )
    }

    const ofBackfill: ReadonlyArray<readonly [given: unknown, says: string]> = [
      [{ batchSzie: 5 }, "batchSzie is not an option: did you mean batchSize?"],
      [{ name: undefined }, "name is not set: give the name under which its place is kept, as text"],
      [{ batchSize: Infinity }, "batchSize is no number of rows: give a whole number above 0"],
      [{ batchSize: Number.NaN }, "batchSize is no number from 1 on: give a whole number above 0"],
      [{ update: Effect.void }, "update is an object: give a function from a batch to an Effect"],
      [{ table: ["shop", 5] }, `table is an array with a number at [1]: give the name of a table`],
      [{ pause: "a while" }, `pause is no duration: give a duration such as "5 seconds"`]
    ]
    for (const [given, says] of ofBackfill) {
      it.effect(`are refused by Backfill.run: ${says}`, () =>
        Effect.gen(function* () {
          const sql = yield* SqlClient.SqlClient
          const right = { name: "items", table: "item", update: () => Effect.void }
          const call = (options: unknown) =>
            Effect.provideService(untyped(Backfill.run, options), SqlClient.SqlClient, sql)
          const refused = yield* reasonOf(call({ ...right, ...Object(given) }))
          assert.strictEqual(refused._tag, "InvalidOptions")
          assert.include(refused.message, `the options of Backfill.run are wrong: ${says}`)
        })
      )
    }
  })
})
