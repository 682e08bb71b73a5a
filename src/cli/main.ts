/** The process: its arguments, its services, and the code that it ends with. */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as NodeSink from "@effect/platform-node/NodeSink"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { systemError } from "effect/PlatformError"
import * as Stdio from "effect/Stdio"
import { interrupted } from "./internal/answer.ts"
import { run } from "./internal/program.ts"

const { stderr, stdout } = process

// Standard output is for the answer alone: what a migration or a configuration file writes there goes beside it.
Object.defineProperty(process, "stdout", { value: stderr, configurable: true, enumerable: true })

const answersTo =
  (stream: NodeJS.WriteStream): Stdio.Stdio["stdout"] =>
  (options) =>
    NodeSink.fromWritable({
      evaluate: () => stream,
      onError: (cause) => systemError({ module: "Stdio", method: "stdout", _tag: "Unknown", cause }),
      endOnDone: options?.endOnDone ?? false
    })

const program = Effect.gen(function* () {
  const stdio = yield* Stdio.Stdio
  return yield* Effect.provideService(run(yield* stdio.args), Stdio.Stdio, {
    ...stdio,
    stdoutIsTerminal: Effect.succeed(stdout.isTTY === true),
    stdout: answersTo(stdout)
  })
}).pipe(Effect.provide(NodeServices.layer))

/** How long what a migration or a configuration file has left running may keep the process. */
const patienceMillis = 1_000

/**
 * Lets the process end by itself, with everything written: `process.exit` may wait for
 * good for a thread of V8 that waits for it (nodejs/node#54918).
 */
const endWith = (code: number): void => {
  process.exitCode = code
  setTimeout(() => process.exit(), patienceMillis).unref()
}

NodeRuntime.runMain(program, {
  disableErrorReporting: true,
  // A program that was interrupted has answered, too.
  teardown: (exit) => endWith(Exit.isSuccess(exit) ? Number(exit.value) : interrupted)
})
