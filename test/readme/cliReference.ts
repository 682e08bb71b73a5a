/** The README's reference of the command line, as the commands themselves have it. */
import { NodeServices } from "@effect/platform-node"
import { Effect, Option } from "effect"
import { CliConfig, CliOutput, Command, type HelpDoc } from "effect/cli"
import { Reply } from "../../src/cli/internal/answer.ts"
import { builtIns, tidy } from "../../src/cli/internal/presenter.ts"
import { pgkeel } from "../../src/cli/internal/tree.ts"

type Doc = HelpDoc.HelpDoc

/** The help of a command, as a value. */
const helpOf = Effect.fnUntraced(function* (path: ReadonlyArray<string>) {
  const reply = yield* Reply.make
  let found: Doc | undefined
  yield* Command.runWith(pgkeel, { version: "" })([...path, "--help"]).pipe(
    Effect.provideService(Reply, reply),
    Effect.provideService(CliConfig.CliConfig, { builtIns: builtIns(reply) }),
    Effect.provideService(CliOutput.Presenter, {
      present: (event) =>
        Effect.sync(() => {
          if (event._tag === "Help") found = tidy(event.helpDoc)
        })
    })
  )
  return found ?? (yield* Effect.die(new Error(`${path.join(" ")} has no help`)))
})

interface Documented {
  readonly path: ReadonlyArray<string>
  readonly doc: Doc
}

/** A command, and every one below it. */
const walk = (path: ReadonlyArray<string>): Effect.Effect<ReadonlyArray<Documented>, unknown, Command.Environment> =>
  Effect.gen(function* () {
    const doc = yield* helpOf(path)
    const names = (doc.subcommands ?? []).flatMap(({ commands }) => commands.map(({ name }) => name))
    const below = yield* Effect.forEach(names, (name) => walk([...path, name]))
    return [{ path, doc }, ...below.flat()]
  })

const flagText = ({ aliases, name, type }: HelpDoc.FlagDoc): string => {
  const names = [`--${name}`, ...aliases].join(", ")
  return type === "boolean" ? names : `${names} ${type}`
}

// A bar would end the cell of a table.
const cell = (text: string): string => text.replaceAll("|", ", ")

const commandRow = ({ doc, path }: Documented): ReadonlyArray<string> => {
  const values = (doc.args ?? []).map(({ name, required }) => (required ? name : `[${name}]`))
  return [`\`${["pgkeel", ...path, ...values].join(" ")}\``, cell(doc.description)]
}

const flagRow = (of: string, flag: HelpDoc.FlagDoc): ReadonlyArray<string> => [
  `\`${cell(flagText(flag))}\``,
  of,
  cell(Option.getOrElse(flag.description, () => ""))
]

const reference = Effect.map(walk([]), (all) => {
  const leaves = all.filter(({ doc }) => doc.subcommands === undefined)
  const groups = all.filter(({ doc, path }) => doc.subcommands !== undefined && path.length > 0)
  return {
    commands: leaves.map(commandRow),
    flags: [
      ...leaves.flatMap(({ doc, path }) => doc.flags.map((flag) => flagRow(`\`${path.join(" ")}\``, flag))),
      ...groups.flatMap(({ doc, path }) => doc.flags.map((flag) => flagRow(`all of \`${path.join(" ")}\``, flag))),
      ...(all[0]?.doc.globalFlags ?? []).map((flag) => flagRow("all", flag))
    ]
  }
})

export const cliReference = Effect.runPromise(Effect.provide(reference, NodeServices.layer))
