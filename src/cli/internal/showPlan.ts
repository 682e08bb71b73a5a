/** What a run would do: the answer of `plan`, and of `up`, `down` and `redo` to `--dry-run`. */
import * as Effect from "effect/Effect"
import type { PlannedMigration, PlannedStatement, PlanTarget } from "../../migration/Migrator.ts"
import { done } from "./answer.ts"
import { options, withMigrator } from "./database.ts"
import { firstLine, plannedEntry } from "./migration.ts"
import { count, paint, type Paint } from "./table.ts"

const marks: Readonly<Record<PlannedStatement["transaction"], string>> = {
  migration: "",
  statement: "  [a transaction of its own]",
  none: "  [outside a transaction]"
}

const titleOf = ({ done, namespace, statements, transaction }: PlannedMigration): string => {
  if (transaction) return `(${namespace}), in one transaction`
  const behind = done === 0 ? "" : `, going on behind statement ${done} of ${statements.length}`
  return `(${namespace}), without a transaction${behind}`
}

/** A statement is shown by its line in the file and its beginning. */
const shown = (paint: Paint, planned: PlannedMigration): string => {
  const { done, file, kind, statements, verify } = planned
  const width = String(statements.at(-1)?.line ?? 0).length
  const lines = statements
    .slice(done)
    .map(
      ({ line, text, transaction }) =>
        `  ${paint("dim", String(line).padStart(width))}  ${firstLine(text)}${paint("dim", marks[transaction])}`
    )
  const none = kind === "module" || kind === "code" ? "an Effect" : "no statement"
  const body = lines.length === 0 ? [`  ${paint("dim", none)}`] : lines
  const checked = verify === undefined ? [] : [`  ${paint("dim", `checked by ${verify}`)}`]
  return [`${paint("bold", file)} ${paint("dim", titleOf(planned))}`, ...body, ...checked].join("\n")
}

type Direction = "up" | "down" | "redo"

/** As what the run itself would print: what it has done is nothing, and what it would do has a field of its own. */
const documentOf = (direction: Direction, entries: ReadonlyArray<ReturnType<typeof plannedEntry>>) => {
  if (direction === "up") return { applied: [], pending: entries }
  return direction === "down" ? { reverted: [], planned: entries } : { reverted: [], applied: [], planned: entries }
}

const summary = (planned: ReadonlyArray<PlannedMigration>): string => {
  const downs = planned.filter(({ direction }) => direction === "down").length
  const ups = planned.length - downs
  if (downs === 0) return `${count(ups, "migration")} would be applied`
  return `${count(downs, "migration")} would be reverted${ups === 0 ? "" : `, ${ups} applied`}`
}

const nothing = { up: "applied", down: "reverted", redo: "reverted or applied again" } as const

/** What a plan comes to, for programs and for a person. */
export const answerOfPlan = Effect.fnUntraced(function* (
  direction: Direction,
  planned: ReadonlyArray<PlannedMigration>
) {
  const entries = planned.map(plannedEntry)
  const json = documentOf(direction, entries)
  if (planned.length === 0) return done(json, `nothing to do: nothing would be ${nothing[direction]}`)
  const colours = yield* paint
  const text = planned.map((each) => shown(colours, each)).join("\n\n")
  return done(json, `${text}\n\n${summary(planned)}; nothing was changed`)
})

export const showPlan = Effect.fnUntraced(function* (target: PlanTarget) {
  const planned = yield* withMigrator(yield* options, ({ plan }) => plan(target))
  return yield* answerOfPlan(target.direction ?? "up", planned)
})
