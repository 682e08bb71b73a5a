/** The quickstart once, on the run's own server; how it starts, stops and colours is in the tests of processes. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem, Redacted } from "effect"
import { NodeServices } from "@effect/platform-node"
import { parseOptions } from "../../examples/quickstart/options.ts"
import { testServer } from "../support/Database.ts"
import { removeQuickstart } from "./database.ts"
import { finished, quickstart } from "./program.ts"

describe("The quickstart", () => {
  it.live("shows the whole way, a step a line, and stops what it started", () =>
    Effect.gen(function* () {
      const state = yield* (yield* FileSystem.FileSystem).makeTempDirectoryScoped()
      const env = { DATABASE_URL: Redacted.value(testServer().url), XDG_STATE_HOME: state }
      const { code, errors, output } = yield* finished(quickstart([], env))
      assert.strictEqual(errors, "")
      assert.strictEqual(code, 0)
      for (const step of ["server", "provision", "start", "session", "typed error", "retry", "migrate down", "stop"]) {
        assert.match(output, new RegExp(`^✓ ${step} `, "m"))
      }
      assert.match(output, /^✓ retry .* in [3-9] runs: a serialization failure was retried/m)
    }).pipe(
      Effect.scoped,
      Effect.provide(NodeServices.layer),
      Effect.ensuring(Effect.suspend(() => removeQuickstart(testServer().url)))
    )
  )

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
