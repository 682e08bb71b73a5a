/**
 * Marks what a database has already as applied, without running it: for one that
 * was there before its migrations were. What comes after it is pending.
 */
import * as Effect from "effect/Effect"
import { MigrationError } from "../MigrationError.ts"
import { BaselineRefused } from "../MigrationErrorReason.ts"
import { refuseToMark } from "./halfDone.ts"
import { isApplied, type Row } from "./history.ts"
import { type Baseline, baselined } from "./historyEdits.ts"
import type { LoadedSource } from "./loader.ts"
import { compareIds, isRepeatable } from "./migration.ts"
import type { Entry } from "./entry.ts"
import { review } from "./review.ts"
import { isAmong, namespaceOf, unknownTarget } from "./target.ts"
import { type Failure, type MigrationName, nameOf, type Workshop } from "./workshop.ts"

export interface BaselineTarget {
  /** The id of the last migration whose work the database has. */
  readonly to: string
  /** Default: the application's, if there is one only. */
  readonly namespace?: string | undefined
  /** Only says what would be marked. Default: `false`. */
  readonly dryRun?: boolean | undefined
}

export const baseline = Effect.fnUntraced(function* (
  { session, sources }: Workshop,
  target: BaselineTarget
): Effect.fn.Return<{ readonly baselined: ReadonlyArray<MigrationName> }, Failure> {
  const loaded = yield* sources
  const look = (rows: ReadonlyArray<Row>) =>
    Effect.tap(find(loaded, rows, target), (baselines) => refuseToMark(rows, baselines))
  const found = yield* target.dryRun === true ? session.propose(look) : session.amend(look, baselined)
  return { baselined: found.map(({ migration }) => nameOf(migration)) }
})

const find = Effect.fnUntraced(function* (
  loaded: ReadonlyArray<LoadedSource>,
  rows: ReadonlyArray<Row>,
  { namespace, to }: BaselineTarget
): Effect.fn.Return<ReadonlyArray<Baseline>, MigrationError> {
  const one = yield* namespaceOf(loaded, namespace, to)
  const ids = loaded.flatMap((source) => (source.namespace === one ? source.migrations.map(({ id }) => id) : []))
  if (!isAmong(to, ids)) return yield* unknownTarget(to, "no migration of the sources has this id")
  const entries = review(loaded, rows).filter((entry) => entry.namespace === one && !isRepeatable(entry.id))
  const [before, beyond] = [entries.filter(isBefore(to)), entries.filter((entry) => !isBefore(to)(entry))]
  const found = before.flatMap(({ migration, row }): ReadonlyArray<Baseline> =>
    migration === undefined || isThere(row) ? [] : [{ migration, rowId: row?.id }]
  )
  // Said again at every start, it has nothing to do, however far the database has come since.
  if (found.length === 0) return []
  const latest = beyond.findLast(({ row }) => isThere(row))
  return latest === undefined
    ? found
    : yield* Effect.fail(new MigrationError({ reason: new BaselineRefused({ namespace: one, to, latest: latest.id }) }))
})

const isBefore =
  (to: string) =>
  ({ id }: Entry): boolean =>
    compareIds(id, to) <= 0

const isThere = (row: Row | undefined): boolean => row !== undefined && isApplied(row)
