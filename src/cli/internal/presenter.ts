/** What the parser of the command line has to say, as answers: help, version, completions, wrong usage. */
import * as CliError from "effect/cli/CliError"
import * as CliOutput from "effect/cli/CliOutput"
import * as Completions from "effect/cli/Completions"
import * as GlobalFlag from "effect/cli/GlobalFlag"
import type { HelpDoc } from "effect/cli/HelpDoc"
import { TerminalCapabilities } from "effect/cli/TerminalCapabilities"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { nearest } from "../../config/internal/nearest.ts"
import { type Answer, done, type Reply } from "./answer.ts"
import { answerOf, usage } from "./failure.ts"
import { paint } from "./table.ts"

/** Flags that take no value are shown without one, however they are parsed; what may be chosen is said once. */
export const tidy = (doc: HelpDoc): HelpDoc => {
  const flags = (given: HelpDoc["flags"]) =>
    given.map((flag) => {
      if (flag.type === "[=boolean]") return { ...flag, type: "boolean" }
      const description = Option.map(flag.description, (text) => text.replace(/ ?\(choices: .*\)$/u, ""))
      return flag.type.includes("|") ? { ...flag, description } : flag
    })
  return {
    ...doc,
    flags: flags(doc.flags),
    inheritedFlags: flags(doc.inheritedFlags ?? []),
    globalFlags: flags(doc.globalFlags ?? [])
  }
}

const wrongUsage = Effect.fnUntraced(function* (messages: ReadonlyArray<string>, path: ReadonlyArray<string>) {
  const failure = usage(messages.join("\n"))
  const hint = `Run '${path.join(" ")} --help' for what it takes`
  return answerOf({ ...failure, excerpt: hint }, yield* paint)
})

/** The parser looks for what was meant among a command's own flags only, and most of ours are shared by several. */
const suggesting =
  ({ flags, globalFlags = [], inheritedFlags = [] }: HelpDoc) =>
  (error: CliError.NonShowHelpErrors): CliError.NonShowHelpErrors => {
    if (error._tag !== "UnrecognizedOption" || error.suggestions.length > 0) return error
    const known = [...flags, ...inheritedFlags, ...globalFlags].map(({ name }) => `--${name}`)
    const meant = nearest(error.option, known)
    return meant === undefined
      ? error
      : new CliError.UnrecognizedOption({ option: error.option, command: error.command, suggestions: [meant] })
  }

const answer = Effect.fnUntraced(function* (event: CliOutput.Presenter.Event) {
  const { canColor } = yield* TerminalCapabilities
  const formatter = CliOutput.defaultFormatter({ colors: canColor, inheritedFlags: "full", globalFlags: "full" })
  switch (event._tag) {
    case "Version":
      return done({ version: event.version }, event.version)
    case "InvalidInvocation":
      return yield* wrongUsage(
        event.errors.map(suggesting(event.helpDoc)).map(({ message }) => message),
        event.commandPath
      )
    case "Help": {
      const text = formatter.formatHelpDoc(tidy(event.helpDoc))
      // The name alone asks what there is; a command without its subcommand was meant to do something.
      if (event.reason === "Requested" || event.commandPath.length === 1) return done({ help: text }, text)
      const asked = yield* wrongUsage([`${event.commandPath.join(" ")} needs a subcommand`], event.commandPath)
      return { ...asked, text } satisfies Answer
    }
  }
})

export const presenter = ({ give }: Reply["Service"]): CliOutput.Presenter => ({
  present: (event) => Effect.flatMap(answer(event), give)
})

/** Those of the parser, except for its wizard, which asks questions; a completion script is an answer like any other. */
export const builtIns = ({ give }: Reply["Service"]): ReadonlyArray<GlobalFlag.BuiltIn> => [
  GlobalFlag.Help,
  GlobalFlag.Version,
  GlobalFlag.Action({
    flag: GlobalFlag.Completions.flag,
    run: (shell, { command }) =>
      Option.match(shell, {
        onNone: () => Effect.void,
        onSome: (shell) => {
          const script = Completions.generate(command.name, shell, Completions.fromCommand(command))
          return give(done({ completions: script }, script))
        }
      })
  }),
  GlobalFlag.LogLevel
]
