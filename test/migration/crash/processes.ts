/** Processes that migrate, started before they are needed. */
import { Effect } from "effect"
import { type ChildProcess, spawn } from "node:child_process"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import type { Order } from "./runner.ts"

const program = fileURLToPath(new URL("runner.ts", import.meta.url))

/** Many of them are started, and most of what each of them does is to compile the same modules. */
const env = { ...process.env, NODE_COMPILE_CACHE: join(tmpdir(), "pgkeel-compile-cache") }

export interface Ended {
  /** `null` when it was killed. */
  readonly code: number | null
  /** What it ran, each as `<namespace>/<id>`. */
  readonly ran: ReadonlyArray<string>
}

export interface Runner {
  readonly kill: () => void
  readonly run: (order: Order) => Effect.Effect<Ended>
}

/** It has loaded everything and waits to be told what to do. */
export const runner = Effect.gen(function* () {
  const child = yield* Effect.acquireRelease(
    Effect.sync(() => spawn(process.execPath, [program], { env, stdio: ["pipe", "pipe", "inherit"] })),
    (child) => Effect.sync(() => child.kill("SIGKILL"))
  )
  const lines = createInterface(child.stdout)
  yield* Effect.callback<void>((resume) => void lines.once("line", () => resume(Effect.void)))
  return {
    kill: () => void child.kill("SIGKILL"),
    run: (order) =>
      Effect.callback<Ended>((resume) => {
        let ran: ReadonlyArray<string> = []
        lines.on("line", (line) => (ran = JSON.parse(line) as ReadonlyArray<string>))
        ended(child, (code) => resume(Effect.succeed({ code, ran })))
        child.stdin.write(`${JSON.stringify(order)}\n`)
      })
  } satisfies Runner
})

/** `close` comes after the last of its output. */
const ended = (child: ChildProcess, then: (code: number | null) => void) => child.once("close", then)
