/**
 * Runs a short command as the server's user and reports how it went.
 *
 * Whether that user can execute a file or write a directory depends on modes,
 * groups, access lists, mount options and the loader; trying is the only
 * question to which the answer is always right.
 */
import * as Effect from "effect/Effect"
import * as NodeChildProcess from "node:child_process"
import { spawnOptions } from "./guardedProcess.ts"
import type { ServerUser } from "./serverUser.ts"

export interface ProbeResult {
  readonly succeeded: boolean
  readonly output: string
}

/** Runs a shell script with arguments `$1`, `$2`, ...; the output is both streams, trimmed. */
export const probe = (user: ServerUser, script: string, ...args: ReadonlyArray<string>): Effect.Effect<ProbeResult> =>
  probeIn("/", user, script, ...args)

/** The same, started in a directory, which need not be one that the user could find by its name. */
export const probeIn = (
  directory: string,
  user: ServerUser,
  script: string,
  ...args: ReadonlyArray<string>
): Effect.Effect<ProbeResult> =>
  Effect.callback<ProbeResult>((resume) => {
    const child = NodeChildProcess.spawn("/bin/sh", ["-c", script, "pgkeel-probe", ...args], {
      ...spawnOptions(user, directory),
      stdio: ["ignore", "pipe", "pipe"]
    })
    let output = ""
    const append = (chunk: unknown) => {
      output += String(chunk)
    }
    child.stdout.on("data", append)
    child.stderr.on("data", append)
    child.on("error", (error) => resume(Effect.succeed({ succeeded: false, output: error.message })))
    child.on("close", (code) => resume(Effect.succeed({ succeeded: code === 0, output: output.trim() })))
    return Effect.sync(() => child.kill("SIGKILL"))
  })
