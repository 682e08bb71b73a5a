/** The process: its arguments, its services, and the code that it ends with. */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Stdio from "effect/Stdio"
import { interrupted } from "./internal/answer.ts"
import { run } from "./internal/program.ts"

const program = Effect.flatMap(
  Stdio.Stdio.use(({ args }) => args),
  run
).pipe(Effect.provide(NodeServices.layer))

NodeRuntime.runMain(program, {
  disableErrorReporting: true,
  // A program that was interrupted has answered, too.
  teardown: (exit, onExit) => onExit(Exit.isSuccess(exit) ? Number(exit.value) : interrupted)
})
