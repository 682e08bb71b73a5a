/**
 * Reverts the latest migrations and applies them again, under one lock. Both
 * directions are prepared before anything is touched, so that a mistake in the
 * new contents leaves the old ones applied.
 */
import * as Effect from "effect/Effect"
import type { MigrationError } from "../MigrationError.ts"
import type { MigrationPolicies } from "../MigrationPolicies.ts"
import { seedsNamespace } from "../MigrationSource.ts"
import { revertible } from "./downTarget.ts"
import { isRepeatable, type Migration } from "./migration.ts"
import { refuse } from "./policies.ts"
import { isEdited } from "./redoAdvice.ts"
import type { Entry, Selected } from "./entry.ts"
import { review } from "./review.ts"
import type { LoadedSource } from "./loader.ts"
import type { Row } from "./history.ts"
import type { MigrationResult } from "./session.ts"
import type { Failure, Workshop } from "./workshop.ts"

export interface RedoTarget {
  /** How many. Default: 1, the latest. */
  readonly steps?: number | undefined
  /** Default: the application's. */
  readonly namespace?: string | undefined
}

interface Redone {
  readonly reverted: ReadonlyArray<MigrationResult>
  readonly applied: ReadonlyArray<MigrationResult>
}

export const redo = Effect.fnUntraced(function* (
  workshop: Workshop,
  target: RedoTarget
): Effect.fn.Return<Redone, Failure> {
  const { policies, session, sources } = workshop
  const loaded = yield* sources
  const results = yield* session.migrate(
    (rows) => again(policies, loaded, rows, target),
    prepareAgain(workshop, loaded)
  )
  return {
    reverted: results.filter(({ direction }) => direction === "down"),
    applied: results.filter(({ direction }) => direction === "up")
  }
})

/** All of them down, and up again in their order, where what is repeatable has its place too. */
export const prepareAgain = ({ prepareDowns, prepareUps }: Workshop, loaded: ReadonlyArray<LoadedSource>) =>
  Effect.fnUntraced(function* (migrations: ReadonlyArray<Migration>) {
    const downs = yield* prepareDowns(migrations.filter(({ id }) => !isRepeatable(id)))
    return [...downs, ...(yield* prepareUps(inOrder(loaded, migrations)))]
  })

/** What goes down, and the repeatable ones of the same namespaces, and the seeds: what they made may have gone with it. */
export const again = Effect.fnUntraced(function* (
  policies: MigrationPolicies,
  loaded: ReadonlyArray<LoadedSource>,
  rows: ReadonlyArray<Row>,
  { namespace, steps = 1 }: RedoTarget
) {
  const entries = review(loaded, rows)
  const reverted = yield* revertible(entries, loaded, { namespace, steps })
  yield* refuseToLeaveEdited(policies, entries, reverted)
  const namespaces = new Set([...reverted.map(({ migration }) => migration.namespace), seedsNamespace])
  const repeated = entries.flatMap(({ id, migration, namespace, row }): ReadonlyArray<Selected> =>
    migration !== undefined && isRepeatable(id) && namespaces.has(namespace) ? [{ migration, row }] : []
  )
  return [...reverted, ...repeated]
})

/** Whoever redoes fewer than would reach what was edited loses the data of those, and `up` still refuses to run. */
const refuseToLeaveEdited = (
  policies: MigrationPolicies,
  entries: ReadonlyArray<Entry>,
  reverted: ReadonlyArray<Selected>
): Effect.Effect<unknown, MigrationError> => {
  const redone = new Set(reverted.map(({ migration }) => migration))
  const left = entries.filter((entry) => isEdited(entry) && !(entry.migration && redone.has(entry.migration)))
  return reverted.length === 0 ? Effect.void : refuse(policies, left)
}

const inOrder = (
  loaded: ReadonlyArray<LoadedSource>,
  migrations: ReadonlyArray<Migration>
): ReadonlyArray<Migration> => {
  const chosen = new Set(migrations)
  return loaded.flatMap((source) => source.migrations.filter((migration) => chosen.has(migration)))
}
