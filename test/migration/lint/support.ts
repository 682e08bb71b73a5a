/** How the tests of lint state what they expect. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { type Finding, lint, type Surroundings } from "../../../src/migration/internal/lint/engine.ts"

export const findings = (text: string, around?: Surroundings): Effect.Effect<ReadonlyArray<Finding>> =>
  lint({ file: "0001_change.sql", text }, around)

/** Something that a rule is against, and part of the fix that it must spell out for it. */
export interface Bad {
  readonly sql: string
  readonly fix: string
  /** Default: 1:1. */
  readonly at?: string
  readonly around?: Surroundings
}

/** Bad examples have this rule's finding and no other; good ones have none at all. */
export const examples = (
  rule: string,
  bad: ReadonlyArray<Bad>,
  good: ReadonlyArray<string | { readonly sql: string; readonly around: Surroundings }>
) =>
  describe(`lint rule ${rule}`, () => {
    it.effect.each(bad)("is against $sql", ({ around, at = "1:1", fix, sql }) =>
      Effect.map(findings(sql, around), (found) => {
        assert.deepStrictEqual(
          found.map((one) => ({ rule: one.rule, at: `${one.line}:${one.column}` })),
          [{ rule, at }],
          JSON.stringify(found)
        )
        assert.include(found[0]?.fix, fix)
      })
    )
    it.effect.each(good.map((one) => (typeof one === "string" ? { sql: one, around: {} } : one)))(
      "has nothing against $sql",
      ({ around, sql }) => Effect.map(findings(sql, around), (found) => assert.deepStrictEqual(found, []))
    )
  })
