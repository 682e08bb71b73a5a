/** `npm run bench -- --json FILE`, with the quickest of the benchmarks. */
import { assert, it, onTestFinished } from "@effect/vitest"
import { execFile } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"

const main = fileURLToPath(new URL("main.ts", import.meta.url))

it("writes every figure that the benchmark prints", async () => {
  const folder = mkdtempSync(join(tmpdir(), "pgkeel-bench-"))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const file = join(folder, "figures.json")
  const options = ["--quick", "--only", "template", "--json", file]
  const { stdout } = await promisify(execFile)(process.execPath, [main, ...options])
  const figures = Object.entries(JSON.parse(readFileSync(file, "utf8")) as Record<string, Record<string, unknown>>)
  assert.strictEqual(figures.length, 1)
  for (const [name, { against, ours, ratio, theirs, unit, ...more }] of figures) {
    assert.include(stdout, name)
    assert.isString(against)
    assert.isString(unit)
    for (const value of [ours, ratio, theirs]) assert.isAbove(Number(value), 0)
    assert.deepStrictEqual(more, {})
  }
})
