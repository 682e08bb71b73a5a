/** Processes that migrate, started before they are needed. */
import { Effect } from "effect"
import { spawn } from "node:child_process"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import type { Answer, Order } from "./runner.ts"

const program = fileURLToPath(new URL("runner.ts", import.meta.url))

/** Many of them are started, and most of what each of them does is to compile the same modules. */
const cache = fileURLToPath(new URL("../../../node_modules/.cache/pgkeel/compiled", import.meta.url))

const env = { ...process.env, NODE_COMPILE_CACHE: cache }

export interface Runner {
  readonly kill: () => void
  readonly run: (order: Order) => Effect.Effect<Answer>
}

/** It has loaded everything and waits to be told what to do. */
export const runner = Effect.gen(function* () {
  const child = yield* Effect.acquireRelease(
    Effect.sync(() => spawn(process.execPath, [program], { env, stdio: ["pipe", "pipe", "inherit"] })),
    (child) => Effect.sync(() => child.kill("SIGKILL"))
  )
  const lines = createInterface(child.stdout)
  yield* Effect.callback<void>((resume) => {
    lines.once("line", () => resume(Effect.void))
    child.once("close", (code) => resume(Effect.die(new Error(`a process that should migrate ended with ${code}`))))
  })
  return {
    kill: () => void child.kill("SIGKILL"),
    run: (order) =>
      Effect.callback<Answer>((resume) => {
        const finish = (answer: Answer) => {
          lines.off("line", heard)
          child.off("close", ended)
          resume(Effect.succeed(answer))
        }
        const heard = (line: string) => finish(JSON.parse(line) as Answer)
        const ended = () => finish({ ran: [], failure: "the process has ended" })
        lines.on("line", heard)
        child.on("close", ended)
        child.stdin.write(`${JSON.stringify(order)}\n`)
      })
  } satisfies Runner
})
