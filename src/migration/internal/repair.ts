/**
 * Puts the history right where it says something that is known to be otherwise.
 * It changes rows of the history and nothing else.
 *
 * | found | repaired to |
 * |---|---|
 * | an applied file was edited | its present contents count as what was applied |
 * | it was renamed, with the same contents (with others only if `id` names it) | its present name does |
 * | a try failed, and nothing of it is in the database | as if it had not been tried; a repeatable one is what it was before |
 * | a migration without a transaction stopped half-way | what `halfDone` says; else it is left alone, because `up` goes on there |
 * | its file is gone | forgotten if `forgetMissing`; one that is later than all files only if `id` names it |
 */
import * as Effect from "effect/Effect"
import type { Connection } from "effect/sql/SqlConnection"
import { isApplied, type Row } from "./history.ts"
import * as Edits from "./historyEdits.ts"
import type { LoadedSource } from "./loader.ts"
import { isRepeatable, type Migration } from "./migration.ts"
import type { Entry } from "./entry.ts"
import { differenceOf, isDue, review } from "./review.ts"
import { isAmong, namespaceOf, unknownTarget } from "./target.ts"
import type { Failure, Workshop } from "./workshop.ts"

export interface RepairOptions {
  /** Default: all namespaces of the sources; with `id`, the application's if there is one only. */
  readonly namespace?: string | undefined
  /** Only this migration. Default: all. */
  readonly id?: string | undefined
  /**
   * What has become of migrations without a transaction that stopped half-way:
   * `startOver` says that what they had done was undone by hand, `done` that the
   * rest was done by hand. With `id`, `done` says so of any that failed.
   * Default: nothing has, and they are left as they are.
   */
  readonly halfDone?: "startOver" | "done" | undefined
  /**
   * Whether applied migrations whose files are gone are forgotten. What they did stays in the database. Those that are
   * later than all files are only where `id` names them: the database may be newer than this code. Default: `false`.
   */
  readonly forgetMissing?: boolean | undefined
  /** Only says what would be changed. Default: `false`. */
  readonly dryRun?: boolean | undefined
}

export interface Repair {
  readonly namespace: string
  readonly id: string
  readonly name: string
  readonly action: "checksum" | "name" | "failure" | "startOver" | "done" | "forgotten"
  /** What it means, for whoever reads it. */
  readonly description: string
}

interface Change {
  readonly repair: Repair
  readonly write: (connection: Connection) => Effect.Effect<void, Failure>
}

export const repair = Effect.fnUntraced(function* (
  { session, sources }: Workshop,
  options: RepairOptions
): Effect.fn.Return<{ readonly repaired: ReadonlyArray<Repair> }, Failure> {
  const loaded = yield* sources
  const look = (rows: ReadonlyArray<Row>) => find(loaded, rows, options)
  const write = (connection: Connection, changes: ReadonlyArray<Change>) =>
    Effect.forEach(changes, (change) => change.write(connection), { discard: true })
  const changes = yield* options.dryRun === true ? session.propose(look) : session.amend(look, write)
  return { repaired: changes.map(({ repair }) => repair) }
})

const find = Effect.fnUntraced(function* (
  loaded: ReadonlyArray<LoadedSource>,
  rows: ReadonlyArray<Row>,
  options: RepairOptions
) {
  const entries = yield* chosen(review(loaded, rows), loaded, options)
  return entries.flatMap((entry): ReadonlyArray<Change> =>
    entry.row === undefined ? [] : changesOf(entry, entry.row, options).filter((one) => one !== undefined)
  )
})

const chosen = Effect.fnUntraced(function* (
  entries: ReadonlyArray<Entry>,
  loaded: ReadonlyArray<LoadedSource>,
  { id, namespace }: RepairOptions
) {
  if (id === undefined && namespace === undefined) return entries
  const one = yield* namespaceOf(loaded, namespace, id ?? "")
  const inNamespace = entries.filter((entry) => entry.namespace === one)
  if (id === undefined) return inNamespace
  const found = inNamespace.filter((entry) => entry.id === id || isAmong(id, [entry.id]))
  return found.length === 0
    ? yield* unknownTarget(id, "no migration has this id; `pgkeel migrate status` lists them")
    : found
})

const changesOf = (entry: Entry, row: Row, options: RepairOptions): ReadonlyArray<Change | undefined> => {
  const { migration } = entry
  if (migration === undefined) return [forgotten(entry, row, options)]
  if (!isApplied(row)) return [stoppedUp(row, migration, options)]
  if (row.error !== null && isDue(migration, row) && options.id !== undefined && options.halfDone === "done") {
    return [countedAsApplied(row, migration)]
  }
  const stopped = stoppedDown(row, options)
  return stopped?.repair.action === "done" ? [stopped] : [stopped, accepted(row, migration, options)]
}

const change = (
  { id, name, namespace }: Row,
  action: Repair["action"],
  description: string,
  write: (connection: Connection, place: Edits.Place) => Effect.Effect<void, Failure>
): Change => ({
  repair: { namespace, id, name, action, description },
  write: (connection) => write(connection, { namespace, id })
})

const forgotten = ({ problem }: Entry, row: Row, { forgetMissing, id }: RepairOptions): Change | undefined => {
  const newer = problem?._tag === "MissingFile" && problem.newer
  return forgetMissing === true && (!newer || id !== undefined)
    ? change(row, "forgotten", "its file is gone, and the history forgets it", Edits.forget)
    : undefined
}

const countedAsApplied = (row: Row, migration: Migration): Change =>
  change(row, "done", "it counts as applied", (connection, place) => Edits.finishUp(connection, place, migration))

const stoppedUp = (row: Row, migration: Migration, { halfDone, id }: RepairOptions): Change | undefined => {
  if (row.state === "reverted") return undefined
  if (halfDone === "done" && (row.partly || id !== undefined)) {
    return countedAsApplied(row, migration)
  }
  if (row.partly) {
    return halfDone === "startOver"
      ? change(row, "startOver", "the next up begins with its first statement", Edits.startOver)
      : undefined
  }
  return change(row, "failure", "its failed try is forgotten, and it is pending", Edits.forget)
}

const stoppedDown = (row: Row, { halfDone }: RepairOptions): Change | undefined => {
  if (row.partly) {
    if (halfDone === "done") return change(row, "done", "it counts as reverted", Edits.finishDown)
    return halfDone === "startOver"
      ? change(
          row,
          "startOver",
          "it counts as applied, and the next down begins with its first statement",
          Edits.settle
        )
      : undefined
  }
  if (row.error === null) return undefined
  const description = isRepeatable(row.id)
    ? "the failed try of its present contents is forgotten, and it is pending"
    : "it is applied, and the failed try to revert it is forgotten"
  return change(row, "failure", description, Edits.settle)
}

const accepted = (row: Row, migration: Migration, { id }: RepairOptions): Change | undefined => {
  const problem = differenceOf(migration, row)
  const write = (connection: Connection, place: Edits.Place) => Edits.accept(connection, place, migration)
  if (problem?._tag === "ChecksumMismatch") {
    return change(row, "checksum", `the present contents of ${problem.file} count as what was applied`, write)
  }
  return problem?._tag === "NameMismatch" && (problem.contents === "same" || id !== undefined)
    ? change(row, "name", `${problem.file} counts as what was applied as "${row.name}"`, write)
    : undefined
}
