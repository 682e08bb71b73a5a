/**
 * A temporary directory for one test file, so that it sees only the servers
 * that it started itself. Others may enter it, as they may enter /tmp.
 */
import { Effect } from "effect"
import { chmodSync, mkdtempSync, realpathSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll } from "vitest"
import { canSeeProcesses, eventually, processesOf } from "./processes.ts"

export const ownTmpdir = (): string => {
  const before = process.env["TMPDIR"]
  const directory = realpathSync(mkdtempSync(join(tmpdir(), "pgkeel-tmp-")))
  chmodSync(directory, 0o1777)
  process.env["TMPDIR"] = directory
  afterAll(async () => {
    // The server of a process that a test has killed may still be shutting down in here.
    if (canSeeProcesses) await Effect.runPromise(eventually(() => processesOf(directory).length === 0))
    if (before === undefined) delete process.env["TMPDIR"]
    else process.env["TMPDIR"] = before
    rmSync(directory, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })
  })
  return directory
}
