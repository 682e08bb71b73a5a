/** How the tests of lint state what they expect. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { type Finding, lint, type Surroundings } from "../../../src/migration/internal/lint/engine.ts"
import type { Rule } from "../../../src/migration/internal/lint/rule.ts"

export const findings = (text: string, around?: Surroundings): Effect.Effect<ReadonlyArray<Finding>> =>
  lint({ file: "0001_change.sql", text }, around)

/** Something that a rule is against, and part of the fix that it must spell out for it. */
export interface Bad {
  readonly sql: string
  readonly fix: string | RegExp
  /** Part of what it says of the statement. */
  readonly says?: string | RegExp
  /** Default: 1:1. */
  readonly at?: string
  readonly around?: Surroundings
  /** Other rules that may be against it too. */
  readonly also?: ReadonlyArray<string>
}

const holds = (text: string, part: string | RegExp) =>
  typeof part === "string" ? assert.include(text, part) : assert.match(text, part)

/** The first line of a file whose statements have a transaction each. */
export const directive = "-- pgkeel:no-transaction\n"

/** How many bad and good examples a file has of each rule. */
const counts = new Map<string, { bad: number; good: number }>()

/** At the end of a file: each of the rules has bad and good examples in it, so that none comes in without. */
export const allHaveExamples = (rules: ReadonlyArray<Rule>) =>
  describe("each rule has bad and good examples:", () => {
    it.each(rules.map(({ name }) => name))("%s", (name) => {
      const { bad, good } = counts.get(name) ?? { bad: 0, good: 0 }
      assert.isAbove(bad, 0, `bad examples of ${name}`)
      assert.isAbove(good, 0, `good examples of ${name}`)
    })
  })

/**
 * Bad examples have this rule's finding, and no other but of the rules named; good ones have none at all.
 * What a fix says is SQL that the rule has nothing against.
 */
export const examples = (
  rule: string,
  bad: ReadonlyArray<Bad>,
  good: ReadonlyArray<string | { readonly sql: string; readonly around: Surroundings }>
) => {
  const before = counts.get(rule) ?? { bad: 0, good: 0 }
  counts.set(rule, { bad: before.bad + bad.length, good: before.good + good.length })
  describe(`lint rule ${rule}`, () => {
    it.effect.each(bad)("is against $sql", ({ also = [], around, at = "1:1", fix, says = "", sql }) =>
      Effect.gen(function* () {
        const found = yield* findings(sql, around)
        const [own, others] = [found.filter((one) => one.rule === rule), found.filter((one) => one.rule !== rule)]
        assert.deepStrictEqual(
          own.map(({ column, line }) => `${line}:${column}`),
          [at],
          JSON.stringify(found)
        )
        const unexpected = others.filter((one) => !also.includes(one.rule))
        assert.deepStrictEqual(unexpected, [])
        const written = own[0]?.fix ?? ""
        holds(written, fix)
        holds(own[0]?.message ?? "", says)
        const still = yield* findings(written, around)
        assert.deepStrictEqual(
          still.filter((one) => one.rule === rule || one.rule === "syntax"),
          [],
          written
        )
      })
    )
    it.effect.each(good.map((one) => (typeof one === "string" ? { sql: one, around: {} } : one)))(
      "has nothing against $sql",
      ({ around, sql }) => Effect.map(findings(sql, around), (found) => assert.deepStrictEqual(found, []))
    )
  })
}
