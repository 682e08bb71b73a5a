/** What other linters of migrations are against, lint is against too, or says why not. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { own } from "../../../src/migration/internal/lint/engine.ts"
import { rules } from "../../../src/migration/internal/lint/rules.ts"
import { findings } from "./support.ts"
import { theirs } from "./theirs.ts"

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

  it("names a rule once, in kebab case, with a reason that is a sentence", () => {
    const names = [...rules, ...Object.values(own)].map(({ name }) => name)
    assert.deepStrictEqual([...new Set(names)], names)
    for (const { name, reason } of rules) {
      assert.match(name, /^[a-z]+(?:-[a-z]+)*$/u)
      assert.match(reason, /^[A-Z].*\.$|^[a-z]+.*\.$/su, name)
    }
  })
})
