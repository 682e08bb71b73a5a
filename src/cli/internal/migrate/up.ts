/** `pgkeel migrate up`. */
import * as Command from "effect/cli/Command"
import * as Effect from "effect/Effect"
import { answering, done } from "../answer.ts"
import { options, withMigrator } from "../database.ts"
import { dryRun } from "../flags.ts"
import { entry, ranTable } from "../migration.ts"
import { progress } from "../progress.ts"
import { count, paint } from "../table.ts"
import { showPlan } from "./plan.ts"

const apply = Effect.gen(function* () {
  const given = { ...(yield* options), progress: yield* progress }
  const { applied } = yield* withMigrator(given, ({ up }) => up())
  const json = { applied: applied.map(entry), pending: [] }
  if (applied.length === 0) return done(json, "nothing to do: all migrations are applied")
  const text = ranTable(yield* paint, applied)
  return done(json, `${text}\n\n${count(applied.length, "migration")} applied`)
})

export const up = Command.make("up", { dryRun: dryRun("what would be applied") }, ({ dryRun }) =>
  answering(dryRun ? showPlan : apply)
).pipe(
  Command.withDescription("Apply the migrations that are pending"),
  Command.withExamples([
    { command: "pgkeel migrate up", description: "Apply all of ./migrations" },
    { command: "pgkeel migrate up --dir app=./db --dir billing=./billing/db", description: "Of two namespaces" }
  ])
)
