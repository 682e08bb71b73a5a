/**
 * Runs a command line to its end and prints its one answer: with `--json` one
 * document on standard output, also when the command failed, was misspelt or was
 * interrupted. Everything else goes to standard error.
 */
import * as CliConfig from "effect/cli/CliConfig"
import * as CliOutput from "effect/cli/CliOutput"
import * as Command from "effect/cli/Command"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Logger from "effect/Logger"
import * as References from "effect/References"
import * as Stdio from "effect/Stdio"
import * as Stream from "effect/Stream"
import { version } from "../version.ts"
import { type Answer, done, type ExitCode, Reply } from "./answer.ts"
import { answerOf, failureOf } from "./failure.ts"
import { asksForJson } from "./flags.ts"
import { builtIns, presenter } from "./presenter.ts"
import { cleared, writeError } from "./progress.ts"
import { hiding } from "./secrets.ts"
import { paint } from "./table.ts"
import { pgkeel } from "./tree.ts"

/** Runs what the arguments say. It never fails: how it ended is its code. */
export const run = (args: ReadonlyArray<string>): Effect.Effect<ExitCode, never, Command.Environment> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.gen(function* () {
      const reply = yield* Reply.make
      const exit = yield* Effect.exit(restore(command(args, reply)))
      const answer = yield* answerTo(exit, reply)
      yield* print(answer, args)
      return answer.code
    })
  )

const command = Effect.fnUntraced(function* (args: ReadonlyArray<string>, reply: Reply["Service"]) {
  const json = asksForJson(args)
  const stdio = yield* Stdio.Stdio
  // The line that shows how a run goes on gives way to what is logged.
  const format = json ? Logger.formatLogFmt : words((yield* stdio.stderrIsTerminal) ? cleared : "")
  yield* Command.runWith(pgkeel, { version: yield* version })(args).pipe(
    Effect.provideService(Reply, reply),
    Effect.provideService(CliOutput.Presenter, presenter(reply)),
    Effect.provideService(CliConfig.CliConfig, { builtIns: builtIns(reply) }),
    Effect.provideService(References.MinimumLogLevel, json ? "Info" : "Warn"),
    Effect.provide(Logger.layer([Logger.withConsoleError(Logger.map(format, hiding(args)))]))
  )
})

/** A log line for a person. */
const words = (before: string) =>
  Logger.make(({ logLevel, message }) => {
    const parts: ReadonlyArray<unknown> = Array.isArray(message) ? message : [message]
    return `${before}${logLevel.toLowerCase()}: ${parts.map(String).join(": ")}`
  })

const answerTo = Effect.fnUntraced(function* (exit: Exit.Exit<void, unknown>, reply: Reply["Service"]) {
  const given = yield* reply.given
  if (given !== undefined) return given
  if (Exit.isSuccess(exit)) return done({}, "")
  const failure = failureOf(exit.cause)
  const excerpt = (yield* reply.excerpt) ?? failure.excerpt
  return answerOf({ ...failure, excerpt }, yield* paint, yield* reply.notes)
})

const print = Effect.fnUntraced(function* (answer: Answer, args: ReadonlyArray<string>) {
  const hide = answer.verbatim === true ? (text: string) => text : hiding(args)
  const hidden = (value: unknown): unknown => (typeof value === "string" ? hide(value) : value)
  const { stdout } = yield* Stdio.Stdio
  const write = (text: string) => Effect.ignore(Stream.run(Stream.make(text), stdout()))
  if (asksForJson(args)) return yield* write(`${JSON.stringify(answer.json, (_, value) => hidden(value))}\n`)
  if (answer.text === "") return
  yield* answer.to === "stdout" ? write(`${hide(answer.text)}\n`) : writeError(`${hide(answer.text)}\n`)
})
