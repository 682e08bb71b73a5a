/**
 * Keeps a call from what a migration without a transaction stands on that has
 * stopped on its way. To revert an earlier one would take away what its first
 * statements made, and the next run would go on behind them as if it were there.
 */
import * as Effect from "effect/Effect"
import type { Connection } from "effect/sql/SqlConnection"
import { MigrationError } from "../MigrationError.ts"
import { HalfDone } from "../MigrationErrorReason.ts"
import { isApplied } from "./history.ts"
import { type Baseline, readUnfinished } from "./historyEdits.ts"
import { compareIds, idKey, isRepeatable, type Migration } from "./migration.ts"
import type { Direction } from "./prepare.ts"
import type { Entry, Selected } from "./review.ts"

/** `selected` is what the call is about, in either order. Asks the database only where there is something to run. */
export const refuseHalfDone = Effect.fnUntraced(function* (
  connection: Connection,
  entries: ReadonlyArray<Entry>,
  selected: ReadonlyArray<Selected>,
  direction: Direction
) {
  const candidates = entries.filter(isInTheWay(selected, direction))
  if (candidates.length === 0) return
  const isPartly = yield* partly(connection)
  const found = candidates.find(isPartly)
  if (found === undefined) return
  const { id, migration, namespace, row } = found
  const name = row?.name ?? migration?.name ?? ""
  const stopped = direction === "up" ? "down" : "up"
  yield* Effect.fail(
    new MigrationError({ reason: new HalfDone({ namespace, id, name, direction: stopped, marked: false }) })
  )
})

/** Marked as applied, the rest of it would never run. Asks the database only where there is something that was tried. */
export const refuseToMark = Effect.fnUntraced(function* (
  connection: Connection,
  baselines: ReadonlyArray<Pick<Baseline, "migration" | "rowId">>
) {
  if (baselines.every(({ rowId }) => rowId === undefined)) return
  const isPartly = yield* partly(connection)
  const found = baselines.find(({ migration }) => isPartly(migration))
  if (found === undefined) return
  const { id, name, namespace } = found.migration
  yield* Effect.fail(
    new MigrationError({ reason: new HalfDone({ namespace, id, name, direction: "up", marked: true }) })
  )
})

type Named = Pick<Migration, "namespace" | "id">

/** Tells those apart of which something is in the database, or may be, and not all. */
const partly = (connection: Connection) =>
  Effect.map(readUnfinished(connection), (unfinished) => {
    const keyOf = ({ id, namespace }: Named) => `${namespace} ${idKey(id)}`
    const keys = new Set(unfinished.filter((one) => one.partly).map(keyOf))
    return (one: Named): boolean => keys.has(keyOf(one))
  })

/** One that stopped on its way in the other direction: beyond what is reverted, or in front of what is applied. */
const isInTheWay = (selected: ReadonlyArray<Selected>, direction: Direction) => {
  const ids = Map.groupBy(
    selected.map(({ migration }) => migration).filter(({ id }) => !isRepeatable(id)),
    ({ namespace }) => namespace
  )
  return ({ id, namespace, row }: Entry): boolean => {
    if (row === undefined || isRepeatable(id) || isApplied(row) !== (direction === "up")) return false
    const order = direction === "up" ? -1 : 1
    return (ids.get(namespace) ?? []).some((other) => Math.sign(compareIds(id, other.id)) === order)
  }
}
