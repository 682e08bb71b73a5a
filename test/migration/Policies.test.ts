import { assert, describe } from "@effect/vitest"
import { Effect, Logger, References } from "effect"
import type { MigrationPolicies } from "../../src/migration/MigrationPolicies.ts"
import { directory, exists, migratorOf, reasonOf, test, write } from "./support.ts"

const applied = {
  "1_a.up.sql": "CREATE TABLE a ();",
  "3_c.up.sql": "CREATE TABLE c ();",
  "5_e.up.sql": "CREATE TABLE e ();"
}

const ids = (results: ReadonlyArray<{ readonly id: string }>) => results.map(({ id }) => id)

/** One row of the documented table: how the sources change, what is refused, and what up does where that passes. */
const cases: Record<
  keyof MigrationPolicies,
  {
    readonly change: Record<string, string | undefined>
    readonly reason: string
    readonly message: string
    readonly runs: ReadonlyArray<string>
    readonly allow: boolean
  }
> = {
  late: {
    change: { "4_d.up.sql": "CREATE TABLE d ();" },
    reason: "OutOfOrder",
    message:
      'migration 4_d.up.sql (app) was not applied, and 5, which is later, was; give it an id after 5, or, if it may run after that one, give the migrator the policy late: "allow" (`--policy late=allow`)',
    runs: ["4"],
    allow: true
  },
  edited: {
    change: { "3_c.up.sql": "CREATE TABLE c (); -- with a comment" },
    reason: "ChecksumMismatch",
    message:
      "with other contents; restore the file and put the change in a new migration; or, where the edit changes nothing, such as a comment, accept it with `pgkeel migrate repair 3 --namespace app`",
    runs: [],
    allow: false
  },
  renamed: {
    change: { "3_c.up.sql": undefined, "3_see.up.sql": applied["3_c.up.sql"] },
    reason: "NameMismatch",
    message:
      'under the name "c", and 3_see.up.sql has the same id and the same contents; give the file its old name, or accept the new one with `pgkeel migrate repair 3 --namespace app`',
    runs: [],
    allow: true
  },
  missing: {
    change: { "3_c.up.sql": undefined },
    reason: "MissingFile",
    message:
      'its file is not here; restore it from version control, or, if it was removed on purpose, give the migrator the policy missing: "allow" (`--policy missing=allow`), or let the history forget it with `pgkeel migrate repair 3 --namespace app --forget-missing`',
    runs: [],
    allow: true
  },
  newer: {
    change: { "5_e.up.sql": undefined },
    reason: "MissingFile",
    message:
      'is later than every file here: the database is newer than this code; deploy the release that has the migration, or, if this code bears what it added, give the migrator the policy newer: "allow" (`--policy newer=allow`), or, if no release has it, let the history forget it with `pgkeel migrate repair 5 --namespace app --forget-missing`',
    runs: [],
    allow: true
  }
}

/** What it logs as warnings, beside what it returns. */
const withWarnings = Effect.fnUntraced(function* <A, E, R>(effect: Effect.Effect<A, E, R>) {
  const warnings: Array<string> = []
  const logger = Logger.make<unknown, void>(({ logLevel, message }) => {
    if (logLevel === "Warn") warnings.push(String(message))
  })
  const value = yield* effect.pipe(
    Effect.provide(Logger.layer([logger])),
    Effect.provideService(References.MinimumLogLevel, "Warn")
  )
  return { value, warnings }
})

for (const [policy, { allow, change, message, reason, runs }] of Object.entries(cases)) {
  describe(`The policy for what is ${policy}`, () => {
    test("refuses by default, before anything runs, and says what to do", () =>
      Effect.gen(function* () {
        const path = yield* directory(applied)
        const migrator = yield* migratorOf(path)
        yield* migrator.up()
        // With a later file the missing one would not be the newest any more.
        yield* write(path, policy === "newer" ? change : { ...change, "6_f.up.sql": "CREATE TABLE f ();" })
        for (const call of [migrator.up(), migrator.plan()] as const) {
          const refused = yield* reasonOf<unknown, unknown, never>(call)
          assert.strictEqual(refused._tag, reason)
          assert.include(refused.message, message)
        }
        assert.strictEqual(yield* exists("f"), false)
        const problems = (yield* migrator.status()).filter(({ problem }) => problem !== undefined)
        assert.deepStrictEqual(
          problems.map(({ problem, tolerated }) => `${problem?._tag} ${typeof tolerated}`),
          [`${reason} undefined`]
        )
      }))

    for (const answer of allow ? (["warn", "allow"] as const) : (["warn"] as const)) {
      test(`goes on ${answer === "warn" ? "with one warning" : "in silence"} where it says "${answer}"`, () =>
        Effect.gen(function* () {
          const path = yield* directory(applied)
          yield* (yield* migratorOf(path)).up()
          yield* write(path, change)
          const migrator = yield* migratorOf(path, { policies: { [policy]: answer } })
          const [told] = (yield* migrator.status()).filter(({ tolerated }) => tolerated !== undefined)
          assert.deepInclude(told, { problem: undefined })
          assert.strictEqual(told?.tolerated?.policy, answer)
          assert.strictEqual(told?.tolerated?.problem._tag, reason)
          assert.deepStrictEqual(ids(yield* migrator.plan()), runs)
          const { value, warnings } = yield* withWarnings(migrator.up())
          assert.deepStrictEqual(ids(value.applied), runs)
          assert.strictEqual(warnings.length, answer === "warn" ? 1 : 0)
          if (answer === "warn") assert.include(warnings[0], message)
        }))
    }
  })
}

// @ts-expect-error an edit is never let pass in silence
const silent: MigrationPolicies = { edited: "allow" }
assert.isDefined(silent)

describe("The policy for what is renamed", () => {
  test("never takes a file with other contents for what was applied", () =>
    Effect.gen(function* () {
      const path = yield* directory(applied)
      const migrator = yield* migratorOf(path, { policies: { renamed: "allow", edited: "warn" } })
      yield* migrator.up()
      yield* write(path, { "3_c.up.sql": undefined, "3_see.up.sql": "CREATE TABLE see ();" })
      const refused = yield* reasonOf(migrator.up())
      assert(refused._tag === "NameMismatch")
      assert.strictEqual(refused.contents, "other")
      assert.include(refused.message, "give the file its old name, or, if it is another migration, a new id")
    }))
})
