/** What a run would do: the answer of `plan`, and of `up`, `down` and `redo` to `--dry-run`. */
import * as Effect from "effect/Effect"
import type { PlannedMigration, PlannedStatement, PlanTarget } from "../../migration/Migrator.ts"
import { blocked } from "../../migration/internal/lint/lockModes.ts"
import { done } from "./answer.ts"
import { options, withMigrator } from "./database.ts"
import { firstLine, plannedEntry } from "./migration.ts"
import { count, paint, type Paint } from "./table.ts"

type PlannedLock = PlannedStatement["locks"][number]

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

/** What others have to wait for, and for how long: a rewrite or a read of all rows takes as long as the table is large. */
const lockText = (paint: Paint, { mode, relation, rewrites, scans }: PlannedLock): string => {
  const waits = blocked(mode)
  const work = rewrites ? ", and writes all of it anew" : scans ? ", and reads all of it" : ""
  const colour = rewrites || waits === "reads and writes" ? "yellow" : "dim"
  const others = waits === "nothing" ? "" : `, which blocks ${waits}`
  return paint(colour, `locks ${relation} in ${mode} mode${others}${work}`)
}

/** A statement is shown by its line in the file and its beginning, and the locks that it takes. */
const shown = (paint: Paint, planned: PlannedMigration): string => {
  const { done, file, findings, kind, statements, verify } = planned
  const width = String(statements.at(-1)?.line ?? 0).length
  const lines = statements
    .slice(done)
    .flatMap(({ line, locks, text, transaction }) => [
      `  ${paint("dim", String(line).padStart(width))}  ${firstLine(text)}${paint("dim", marks[transaction])}`,
      ...locks.map((lock) => `  ${" ".repeat(width)}    ${lockText(paint, lock)}`)
    ])
  const none = kind === "module" || kind === "code" ? "an Effect" : "no statement"
  const body = lines.length === 0 ? [`  ${paint("dim", none)}`] : lines
  const checked = verify === undefined ? [] : [`  ${paint("dim", `checked by ${verify}`)}`]
  const found = findings.map(({ line, message, rule }) => `  ${paint("red", rule)} at line ${line}: ${message}`)
  return [`${paint("bold", file)} ${paint("dim", titleOf(planned))}`, ...body, ...checked, ...found].join("\n")
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

/** Where more is said of what was found. */
const advice = (planned: ReadonlyArray<PlannedMigration>): string => {
  const findings = planned.reduce((sum, each) => sum + each.findings.length, 0)
  return findings === 0 ? "" : `; ${count(findings, "finding")}: \`pgkeel migrate lint\` says what to write instead`
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
  return done(json, `${text}\n\n${summary(planned)}; nothing was changed${advice(planned)}`)
})

export const showPlan = Effect.fnUntraced(function* (target: PlanTarget) {
  const planned = yield* withMigrator(yield* options, ({ plan }) => plan(target))
  return yield* answerOfPlan(target.direction ?? "up", planned)
})
