/** `pgkeel migrate baseline`. */
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Effect from "effect/Effect"
import type { BaselineTarget } from "../../../migration/Migrator.ts"
import { answering, done } from "../answer.ts"
import { options, withMigrator } from "../database.ts"
import { dryRun, namespace } from "../flags.ts"
import { namesTable, pendingEntry } from "../migration.ts"
import { count, paint } from "../table.ts"

const mark = Effect.fnUntraced(function* (target: BaselineTarget) {
  const { baselined } = yield* withMigrator(yield* options, ({ baseline }) => baseline(target))
  const json = { baselined: baselined.map(pendingEntry) }
  if (baselined.length === 0) return done(json, `nothing to do: what comes up to ${target.to} counts as applied`)
  const text = namesTable(yield* paint, baselined)
  const marked = target.dryRun === true ? "would count as applied; nothing was changed" : "count as applied now"
  return done(json, `${text}\n\n${count(baselined.length, "migration")} ${marked}`)
})

export const baseline = Command.make(
  "baseline",
  {
    to: Argument.String("ID").pipe(Argument.withDescription("The last migration whose work the database has")),
    namespace: namespace("The namespace of the ID. Default: the application's, if there is one only"),
    dryRun: dryRun("what would be marked")
  },
  (target) => answering(mark(target))
).pipe(
  Command.withDescription("Mark what a database has already, up to an id, as applied, and run nothing"),
  Command.withExamples([{ command: "pgkeel migrate baseline 0042 --dry-run" }])
)
