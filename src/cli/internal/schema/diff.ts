/** `pgkeel schema diff`. */
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Effect from "effect/Effect"
import { answering, done, exitCodes } from "../answer.ts"
import { paint } from "../table.ts"
import { changeEntry, changeLines, differences } from "./changes.ts"
import { compared, ignore } from "./compared.ts"
import { options } from "./options.ts"
import { shownArgument, snapshotOf } from "./source.ts"

const compare = Effect.fnUntraced(function* (a: string, b: string, ignored: ReadonlyArray<string>) {
  const given = yield* options
  const { between, ignoring } = yield* compared(ignored, given)
  const changes = between(yield* snapshotOf(a, given), yield* snapshotOf(b, given))
  const sides = [shownArgument(a), shownArgument(b)] as const
  const json = { changes: changes.map(changeEntry) }
  if (changes.length === 0) return done(json, `no difference between ${sides.join(" and ")}${ignoring}`)
  const lines = changeLines(yield* paint, changes)
  const answer = done(json, `${lines}\n\n${differences(changes)} from ${sides.join(" to ")}${ignoring}`)
  return { ...answer, code: exitCodes.drift }
})

const side = (name: string) =>
  Argument.String(name).pipe(
    Argument.withDescription("A snapshot file, a .sql file, a directory of migrations, or the URL of a database")
  )

export const diff = Command.make("diff", { a: side("A"), b: side("B"), ignore }, ({ a, b, ignore }) =>
  answering(compare(a, b, ignore))
).pipe(
  Command.withDescription("Show what has to change for A to become B; exits with 4 if anything has"),
  Command.withExamples([
    {
      command: "pgkeel schema diff migrations/schema.json postgres://host/shop",
      description: "A snapshot, a database"
    },
    { command: "pgkeel schema diff dump.sql ./migrations --ignore owners", description: "A dump, what migrations make" }
  ])
)
