/** `pgkeel migrate plan`. */
import * as Command from "effect/cli/Command"
import * as Effect from "effect/Effect"
import type { PlannedMigration } from "../../../migration/Migrator.ts"
import { answering, done } from "../answer.ts"
import { options, withMigrator } from "../database.ts"
import { firstLine, plannedEntry } from "../migration.ts"
import { count, paint, type Paint } from "../table.ts"

/** A statement is shown by its line in the file and its beginning. */
const shown = (paint: Paint, { file, kind, namespace, statements }: PlannedMigration): string => {
  const width = String(statements.at(-1)?.line ?? 0).length
  const lines = statements.map(
    ({ line, text }) => `  ${paint("dim", String(line).padStart(width))}  ${firstLine(text)}`
  )
  const body = lines.length === 0 ? [`  ${paint("dim", kind === "sql" ? "no statement" : "an Effect")}`] : lines
  return [`${paint("bold", file)} ${paint("dim", `(${namespace})`)}`, ...body].join("\n")
}

export const showPlan = Effect.gen(function* () {
  const planned = yield* withMigrator(yield* options, ({ plan }) => plan())
  const json = { applied: [], pending: planned.map(plannedEntry) }
  if (planned.length === 0) return done(json, "nothing to do: all migrations are applied")
  const colours = yield* paint
  const text = planned.map((each) => shown(colours, each)).join("\n\n")
  return done(json, `${text}\n\n${count(planned.length, "migration")} would be applied; nothing was changed`)
})

export const plan = Command.make("plan", {}, () => answering(showPlan)).pipe(
  Command.withDescription("Show exactly what up would run, and change nothing")
)
