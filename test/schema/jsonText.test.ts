import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import { parseJson } from "../../src/schema/internal/jsonText.ts"

const wrong: ReadonlyArray<readonly [text: string, problem: string]> = [
  ["", "line 1, column 1: Unexpected end of"],
  [`{ "dir": `, "line 1, column 9: Unexpected end of"],
  [`{\n  "dir": "a",\n}`, "line 3, column 1: Expected double-quoted property name"],
  [`{\r\n  "dir" "a"\r\n}`, "line 2, column 9: Expected ':' after property name"],
  [`{\n  "dir": s3cret }`, "line 2, column 10: Unexpected token 's'"],
  [`{\n  "dir": "a", "url": nulx, "dir": oops }`, "line 2, column 25: Unexpected token 'x'"],
  [`{\n  "😀": 'a' }`, "line 2, column 8: Unexpected token '''"],
  [`[1, 2`, "line 1, column 6: Expected ',' or ']' after array element"],
  [`[\n<<<<<<< HEAD\n1\n=======\n2\n>>>>>>> b\n]`, "line 2, column 1: Unexpected token '<'"],
  [`-- schema`, "line 1, column 2: No number after minus sign"]
]

describe("JSON that is none", () => {
  for (const [text, problem] of wrong) {
    it(`is told by its line and column: ${JSON.stringify(text)}`, () => {
      const found = Result.getOrElse(Result.flip(parseJson(text)), () => "it is JSON")
      assert.isTrue(found.startsWith(problem), found)
      assert.notInclude(found, "s3cret")
    })
  }

  it("is found in a file of many megabytes", () => {
    const lines = Array.from({ length: 100_000 }, (_, index) => `"${String(index).padStart(40)}"`)
    assert.deepStrictEqual(
      parseJson(`[${lines.join(",\n")},\nx]`),
      Result.fail("line 100001, column 1: Unexpected token 'x'")
    )
  })

  it("is what it holds where it is some", () =>
    assert.deepStrictEqual(parseJson(`{"a":[1]}`), Result.succeed({ a: [1] })))
})
