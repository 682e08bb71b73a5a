/** `npm run exactly-once -- --json FILE`, at a small size. */
import { assert, it, onTestFinished } from "@effect/vitest"
import { execFile } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"

const command = fileURLToPath(new URL("exactlyOnce.ts", import.meta.url))

it("writes what became of the operations, and prints what was done to them", async () => {
  const folder = mkdtempSync(join(tmpdir(), "pgkeel-exactly-once-"))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const file = join(folder, "result.json")
  const options = ["--operations", "200", "--workers", "4", "--seed", "7", "--json", file]
  const { stdout } = await promisify(execFile)(process.execPath, [command, ...options])
  const { seconds, ...counts } = JSON.parse(readFileSync(file, "utf8"))
  assert.isAbove(seconds, 0)
  assert.deepStrictEqual(counts, {
    operations: 200,
    acknowledged: 200,
    failed: 0,
    unknown: 0,
    lost: 0,
    duplicated: 0
  })
  assert.match(stdout, /faults on .* connections/)
  assert.match(stdout, /Exactly once\. Seed 7\./)
})
