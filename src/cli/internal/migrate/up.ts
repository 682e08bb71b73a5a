/** `pgkeel migrate up`. */
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { UpTarget } from "../../../migration/Migrator.ts"
import { answering, done } from "../answer.ts"
import { options, withMigrator } from "../database.ts"
import { dryRun, namespace } from "../flags.ts"
import { entry, isApplied, ranTable, statusEntry } from "../migration.ts"
import { withProgress } from "../progress.ts"
import { showPlan } from "../showPlan.ts"
import { count, paint } from "../table.ts"

/** How far up, for this command and for its plan. */
export const upFlags = {
  to: Flag.String("to").pipe(
    Flag.withMetavar("ID"),
    Flag.withDescription("The last migration that runs. Default: all run"),
    Flag.optional,
    Flag.map(Option.getOrUndefined)
  ),
  namespace: namespace("The namespace of the ID, or the last one that runs")
}

const apply = Effect.fnUntraced(function* (target: UpTarget) {
  const given = yield* options
  const all = target.to === undefined && target.namespace === undefined
  const { applied, pending } = yield* withProgress((progress) =>
    withMigrator({ ...given, progress }, ({ status, up }) =>
      Effect.flatMap(up(target), ({ applied }) =>
        // What is left is not asked for where nothing can be.
        Effect.map(all ? Effect.succeed([]) : status(), (left) => ({
          applied,
          pending: left.filter((each) => !isApplied(each))
        }))
      )
    )
  )
  const json = { applied: applied.map(entry), pending: pending.map(statusEntry) }
  const left = pending.length === 0 ? "" : `, ${pending.length} pending`
  if (applied.length === 0)
    return done(json, all ? "nothing to do: all migrations are applied" : `nothing to do${left}`)
  const text = ranTable(yield* paint, applied)
  return done(json, `${text}\n\n${count(applied.length, "migration")} applied${left}`)
})

export const up = Command.make("up", { ...upFlags, dryRun: dryRun("what would be applied") }, ({ dryRun, ...target }) =>
  answering(dryRun ? showPlan({ direction: "up", ...target }) : apply(target))
).pipe(
  Command.withDescription("Apply the migrations that are pending"),
  Command.withExamples([
    { command: "pgkeel migrate up", description: "Apply all of ./migrations" },
    { command: "pgkeel migrate up --dir app=./db --dir billing=./billing/db", description: "Of two namespaces" }
  ])
)
