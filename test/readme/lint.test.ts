/** What the README says of lint. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { readFileSync } from "node:fs"
import { findings } from "../migration/lint/support.ts"
import { tableOf } from "./blocks.ts"
import { leftOutRows, ruleRows } from "./lintRules.ts"

const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8")
const chapter = readme.slice(readme.indexOf("### Lint"))

describe("The README's chapter about lint", () => {
  it("lists every rule with its reason, and what other linters call it", () =>
    assert.deepStrictEqual(tableOf(readme, "Rule"), ruleRows))

  it("lists what other linters have and lint has not", () =>
    assert.deepStrictEqual(tableOf(readme, "Left out"), leftOutRows))

  it.effect("shows how something is allowed", () =>
    Effect.gen(function* () {
      const [, sql = ""] = /```sql\n([\s\S]*?)```/u.exec(chapter) ?? []
      assert.deepStrictEqual(yield* findings(sql), [])
      const found = yield* findings(sql.replace(/^--.*\n/u, ""))
      assert.deepStrictEqual(
        found.map(({ rule }) => rule),
        ["drop-column"]
      )
    })
  )
})
