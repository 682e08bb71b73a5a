/**
 * Keeps a call from what a migration without a transaction stands on that has
 * stopped on its way. To revert an earlier one would take away what its first
 * statements made, and the next run would go on behind them as if it were there.
 */
import * as Effect from "effect/Effect"
import { MigrationError } from "../MigrationError.ts"
import { HalfDone } from "../MigrationErrorReason.ts"
import { isApplied, type Row } from "./history.ts"
import type { Baseline } from "./historyEdits.ts"
import { compareIds, idKey, isRepeatable } from "./migration.ts"
import type { Entry } from "./entry.ts"

/**
 * `reverted` is what a down is about, of `entries`. What stopped on its way up is
 * never among it, whether it stands on one of them or is itself the latest; where
 * there is nothing to revert, `isMeant` says so of it.
 */
export const halfApplied = (
  entries: ReadonlyArray<Entry>,
  reverted: ReadonlyArray<Entry>,
  isMeant: (id: string) => boolean
): Row | undefined =>
  entries.find(
    ({ id, namespace, row }) =>
      row?.partly === true &&
      !isApplied(row) &&
      !isRepeatable(id) &&
      (reverted.length === 0
        ? isMeant(id)
        : reverted.some((other) => other.namespace === namespace && compareIds(other.id, id) < 0))
  )?.row

export const refuseHalfApplied = (...about: Parameters<typeof halfApplied>): Effect.Effect<void, MigrationError> => {
  const found = halfApplied(...about)
  return found === undefined ? Effect.void : refuse(found, false)
}

/** Marked as applied, the rest of it would never run. */
export const refuseToMark = (
  rows: ReadonlyArray<Row>,
  baselines: ReadonlyArray<Pick<Baseline, "migration">>
): Effect.Effect<void, MigrationError> => {
  const keyOf = ({ id, namespace }: Pick<Row, "id" | "namespace">) => `${namespace} ${idKey(id)}`
  const marked = new Set(baselines.map(({ migration }) => keyOf(migration)))
  const found = rows.find((row) => row.partly && marked.has(keyOf(row)))
  return found === undefined ? Effect.void : refuse(found, true)
}

const refuse = ({ id, name, namespace }: Row, marked: boolean) =>
  Effect.fail(new MigrationError({ reason: new HalfDone({ namespace, id, name, direction: "up", marked }) }))
