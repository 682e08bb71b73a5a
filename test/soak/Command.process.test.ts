/** `npm run soak -- --json FILE`, at a small size. */
import { assert, it, onTestFinished } from "@effect/vitest"
import { execFile } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"

const command = fileURLToPath(new URL("soak.ts", import.meta.url))

it("writes what became of the sessions, and prints the same", async () => {
  const folder = mkdtempSync(join(tmpdir(), "pgkeel-soak-"))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const file = join(folder, "result.json")
  const options = ["--sessions", "200", "--seed", "7", "--json", file]
  const { stdout } = await promisify(execFile)(process.execPath, [command, ...options])
  const result = JSON.parse(readFileSync(file, "utf8"))
  const { committed, interrupted, residentBytesEnd, residentBytesStart, rolledBack, ...rest } = result
  assert.deepStrictEqual(rest, { sessions: 200, mismatches: 0, leakedConnections: 0 })
  assert.strictEqual(committed + rolledBack + interrupted, 200)
  assert.isAbove(Math.min(committed, rolledBack), 0)
  assert.isAbove(Math.min(residentBytesStart, residentBytesEnd), 0)
  assert.match(stdout, /nothing is left\. Seed 7\./)
})
