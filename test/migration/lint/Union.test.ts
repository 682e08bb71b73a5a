/** What other linters of migrations are against, lint is against too, or says why not. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { own } from "../../../src/migration/internal/lint/engine.ts"
import { compatibilityRules } from "../../../src/migration/internal/lint/compatibilityRules.ts"
import { habitRules } from "../../../src/migration/internal/lint/habitRules.ts"
import { lockRules } from "../../../src/migration/internal/lint/lockRules.ts"
import { rules } from "../../../src/migration/internal/lint/rules.ts"
import { findings } from "./support.ts"
import { bareName, published, theirs } from "./theirs.ts"

const named = (ours: (typeof theirs)[number]["ours"]): string | undefined =>
  typeof ours === "string" ? ours : undefined

describe("lint", () => {
  it.effect.each(theirs.filter(({ ours }) => typeof ours === "string"))(
    "is against what $of's $name is against, as $ours",
    ({ around, bad, ours }) =>
      Effect.map(findings(bad, around), (found) => {
        const rules = found.map(({ rule }) => rule)
        assert.include(rules, named(ours), bad)
      })
  )

  it.effect.each(theirs.filter(({ ours }) => typeof ours !== "string"))(
    "has nothing against what $of's $name is against, and says why",
    ({ around, bad }) => Effect.map(findings(bad, around), (found) => assert.deepStrictEqual(found, []))
  )

  it.each(Object.entries(published))("knows every rule that %s has", (of, names) => {
    const known = theirs.filter((one) => one.of === of).map(({ name }) => bareName(name))
    assert.deepStrictEqual([...new Set(known)].toSorted(), names.split(/\s+/u).toSorted())
  })

  it("has no rule but those of which each has bad and good examples", () =>
    assert.deepStrictEqual(rules, [...lockRules, ...compatibilityRules, ...habitRules]))

  it("names a rule once, in kebab case, with a reason that is a sentence", () => {
    const names = [...rules, ...Object.values(own)].map(({ name }) => name)
    assert.deepStrictEqual([...new Set(names)], names)
    for (const { name, reason } of rules) {
      assert.match(name, /^[a-z]+(?:-[a-z]+)*$/u)
      assert.match(reason, /^[A-Z].*\.$|^[a-z]+.*\.$/su, name)
    }
  })
})
