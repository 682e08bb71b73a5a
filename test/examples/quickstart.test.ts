/** How the quickstart reads its options; how it runs is in the tests of processes. */
import { assert, describe, it } from "@effect/vitest"
import { parseOptions } from "../../examples/quickstart/options.ts"

describe("The quickstart", () => {
  it("understands --keep with a directory, without one, and with an equals sign", () => {
    assert.deepStrictEqual(
      [[], ["--keep"], ["--keep", "here"], ["--keep=here"]].map((args) => parseOptions(args, false)),
      [undefined, "", "here", "here"].map((keep) => ({ _tag: "Run" as const, keep }))
    )
  })

  const wrong: Record<string, string> = {
    "--kepe": "there is no option --kepe",
    here: "there is no option here",
    "--keep --verbose": "there is no option --verbose",
    "--keep here there": "--keep takes one directory, and there comes after it",
    "--keep=here there": "--keep takes one directory, and there comes after it",
    "--keep=": "--keep= names no directory"
  }
  for (const [args, problem] of Object.entries(wrong)) {
    it(`refuses ${args}`, () =>
      assert.deepStrictEqual(parseOptions(args.split(" "), false), { _tag: "Wrong", problem }))
  }

  it("refuses --keep, which is about the embedded server, together with DATABASE_URL", () =>
    assert.strictEqual(parseOptions(["--keep"], true)._tag, "Wrong"))
})
