/** `pgkeel migrate adopt`. */
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { AdoptOptions, ForeignTool } from "../../../migration/Migrator.ts"
import { answering, done } from "../answer.ts"
import { options, withMigrator } from "../database.ts"
import { dryRun, namespace } from "../flags.ts"
import { namesTable, pendingEntry } from "../migration.ts"
import { count, paint } from "../table.ts"

/** Each with the words of `--from`; one that is added without a row does not compile. */
const tools = {
  effect: "@effect/sql",
  drizzle: "drizzle",
  prisma: "Prisma",
  "node-pg-migrate": "node-pg-migrate",
  flyway: "Flyway",
  "golang-migrate": "golang-migrate"
} as const satisfies Record<ForeignTool, string>

const isTool = (name: string): name is ForeignTool => Object.hasOwn(tools, name)

const takeOver = Effect.fnUntraced(function* (given: AdoptOptions) {
  const { adopted, from, table } = yield* withMigrator(yield* options, ({ adopt }) => adopt(given))
  const json = { from, table, adopted: adopted.map(pendingEntry) }
  const source = `the history of ${tools[from]} in ${table}`
  if (adopted.length === 0) return done(json, `nothing to do: all of ${source} counts as applied`)
  const text = namesTable(yield* paint, adopted)
  const taken = given.dryRun === true ? "would be taken over from" : "taken over from"
  const unchanged = given.dryRun === true ? "; nothing was changed" : ""
  return done(json, `${text}\n\n${count(adopted.length, "migration")} ${taken} ${source}${unchanged}`)
})

export const adopt = Command.make(
  "adopt",
  {
    from: Flag.Literals("from", Object.keys(tools).filter(isTool)).pipe(
      Flag.withMetavar("TOOL"),
      Flag.withDescription("Whose history it is. Default: the one whose table is there"),
      Flag.optional,
      Flag.map(Option.getOrUndefined)
    ),
    table: Flag.String("table").pipe(
      Flag.withMetavar("TABLE"),
      Flag.withDescription("Its table, such as tools.pgmigrations. Default: where the tool puts it"),
      Flag.optional,
      Flag.map(Option.getOrUndefined)
    ),
    namespace: namespace("Whose migrations they are. Default: the application's, if there is one namespace only"),
    dryRun: dryRun("what would be taken over")
  },
  (given) => answering(takeOver(given))
).pipe(
  Command.withDescription("Take over the history of another tool: what it has applied counts as applied"),
  Command.withExamples([{ command: "pgkeel migrate adopt --from drizzle --dry-run" }])
)
