/** What a call would run, and in which transactions. Nothing is changed. */
import * as Effect from "effect/Effect"
import type { Connection } from "effect/sql/SqlConnection"
import { type DownTarget, revertible } from "./downTarget.ts"
import type { Row } from "./history.ts"
import * as Steps from "./historySteps.ts"
import type { Finding } from "./lint/engine.ts"
import type { Lock } from "./lint/lockModes.ts"
import type { Review } from "./lint/migrations.ts"
import { lintModule } from "./lintModule.ts"
import type { LoadedSource } from "./loader.ts"
import { refuse } from "./policies.ts"
import { type Direction, hasTransaction, type Prepared } from "./prepare.ts"
import { obstacle } from "./resume.ts"
import { again, prepareAgain, type RedoTarget } from "./redo.ts"
import type { Selected } from "./entry.ts"
import { review } from "./review.ts"
import { requireRole } from "./settings.ts"
import type { Statement } from "./splitter.ts"
import { pendingUpTo, type UpTarget } from "./upTarget.ts"
import { type Failure, type MigrationName, nameOf, type Workshop } from "./workshop.ts"

/** What to plan. Default: `up`, all of it. A `redo` is planned as its downs, and its ups behind them. */
export type PlanTarget =
  | ({ readonly direction?: "up" | undefined } & UpTarget)
  | ({ readonly direction: "down" } & DownTarget)
  | ({ readonly direction: "redo" } & RedoTarget)

export interface PlannedStatement {
  readonly text: string
  /** Where it begins in the file, counted from 1. */
  readonly line: number
  readonly column: number
  /**
   * `migration`: it shares one transaction with all others of the migration and
   * with its row of the history. `statement`: it has one of its own, with the note
   * that it has finished. `none`: it runs outside of any.
   */
  readonly transaction: "migration" | "statement" | "none"
  /** The locks that it takes on relations that are there before the migration, as far as its text and the catalogue tell. */
  readonly locks: ReadonlyArray<Lock>
}

/** A migration that would run. An Effect has no statements to show. */
export interface PlannedMigration extends MigrationName {
  readonly file: string
  readonly direction: Direction
  /** Whether all of it happens in one transaction, or nothing. */
  readonly transaction: boolean
  /** How many of the statements an earlier run has finished: those behind them run. */
  readonly done: number
  readonly statements: ReadonlyArray<PlannedStatement>
  /** What lint has against it. Of what reverts, nothing. */
  readonly findings: ReadonlyArray<Finding>
  /** The file of what checks it afterwards, if anything does. */
  readonly verify: string | undefined
}

export const plan = Effect.fnUntraced(function* (
  workshop: Workshop,
  target: PlanTarget
): Effect.fn.Return<ReadonlyArray<PlannedMigration>, Failure> {
  const loaded = yield* workshop.sources
  return yield* workshop.session.look(
    Effect.fnUntraced(function* (rows, connection) {
      const { prepare, selected } = yield* chosen(workshop, loaded, rows, target)
      const prepared = yield* prepare(selected.map(({ migration }) => migration))
      if (prepared.length > 0) yield* requireRole(connection, workshop.role)
      const { reviewAll } = yield* lintModule
      const reviews = yield* reviewAll(workshop, connection, prepared)
      return yield* Effect.forEach(prepared, (next, i) => planned(connection, next, selected, reviews[i]))
    })
  )
})

/** What the call itself would choose, and make ready to run. */
const chosen = Effect.fnUntraced(function* (
  workshop: Workshop,
  loaded: ReadonlyArray<LoadedSource>,
  rows: ReadonlyArray<Row>,
  target: PlanTarget
) {
  const { policies, prepareDowns, prepareUps } = workshop
  if (target.direction === "redo") {
    return { prepare: prepareAgain(workshop, loaded), selected: yield* again(policies, loaded, rows, target) }
  }
  const entries = review(loaded, rows)
  return target.direction === "down"
    ? { prepare: prepareDowns, selected: yield* revertible(entries, loaded, target) }
    : { prepare: prepareUps, selected: yield* pendingUpTo(yield* refuse(policies, entries), loaded, target) }
})

const planned = Effect.fnUntraced(function* (
  connection: Connection,
  prepared: Prepared,
  selected: ReadonlyArray<Selected>,
  { findings, locks }: Review = { findings: [], locks: [] }
) {
  const { direction, migration, script, work } = prepared
  const transaction = hasTransaction(prepared)
  const row = selected.find((one) => one.migration === migration)?.row
  const point = row?.partly === true ? yield* Steps.read(connection, { migration, id: row.id, direction }) : undefined
  const problem = point && obstacle(prepared, point)
  if (problem !== undefined) return yield* Effect.fail(problem)
  return {
    ...nameOf(migration),
    file: script.file,
    direction,
    transaction,
    done: point?.statements ?? 0,
    statements: work._tag === "Statements" ? work.statements.map(plannedStatement(transaction, locks)) : [],
    findings,
    verify: prepared.verify?.script.file
  } satisfies PlannedMigration
})

const plannedStatement =
  (shared: boolean, locks: Review["locks"]) =>
  ({ column, line, recovery, text }: Statement, index: number): PlannedStatement => {
    const alone = recovery !== undefined && recovery._tag !== "Setting"
    const transaction = shared ? "migration" : alone ? "none" : "statement"
    return { text, line, column, transaction, locks: locks[index] ?? [] }
  }
