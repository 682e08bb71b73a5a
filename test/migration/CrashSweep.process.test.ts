import { assert, it, onTestFinished } from "@effect/vitest"
import { Effect } from "effect"
import { execFile } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { TestDatabase } from "../../src/testing/TestDatabase.ts"
import { testServer } from "../support/Database.ts"
import { sweep } from "./crash/Sweep.ts"

/** No multiple of three, so that all moments of a statement occur. `npm run crash-sweep` tries all of them. */
const every = 61

it.live(
  "A migration that was killed at any statement ends as an undisturbed one when it is run again, up and down",
  () =>
    Effect.gen(function* () {
      const result = yield* sweep((options) => TestDatabase.layerServer(testServer().url, options), {
        choose: (points) => points.filter((_, index) => index % every === 0),
        concurrency: 3
      })
      assert.isAtLeast(result.points, 10)
      assert.deepStrictEqual(result.diverged, [])
    }),
  300_000
)

it("`npm run crash-sweep -- --json FILE` writes how many points there were, and what became of them", async () => {
  const folder = mkdtempSync(join(tmpdir(), "pgkeel-crash-sweep-"))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const file = join(folder, "result.json")
  const command = fileURLToPath(new URL("crash/crashSweep.ts", import.meta.url))
  const { stdout } = await promisify(execFile)(process.execPath, [command, "--every", "301", "--json", file])
  const { converged, diverged, points, ...rest } = JSON.parse(readFileSync(file, "utf8"))
  assert.deepStrictEqual(rest, {})
  assert.isAbove(points, 1)
  assert.deepStrictEqual([converged, diverged], [points, 0])
  assert.include(stdout, `${points} points, ${converged} converged, 0 diverged`)
})
