/**
 * Reverts the latest migrations and applies them again, under one lock. Both
 * directions are prepared before anything is touched, so that a mistake in the
 * new contents leaves the old ones applied.
 */
import * as Effect from "effect/Effect"
import { seedsNamespace } from "../MigrationSource.ts"
import { revertible } from "./downTarget.ts"
import { isRepeatable, type Migration } from "./migration.ts"
import { review, type Selected } from "./review.ts"
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
  { prepareDowns, prepareUps, session, sources }: Workshop,
  { namespace, steps = 1 }: RedoTarget
): Effect.fn.Return<Redone, Failure> {
  const loaded = yield* sources
  const results = yield* session.migrate(
    (rows) => select(loaded, rows, { namespace, steps }),
    Effect.fnUntraced(function* (migrations) {
      const ordered = migrations.filter(({ id }) => !isRepeatable(id))
      const downs = yield* prepareDowns(ordered)
      return [...downs, ...(yield* prepareUps(inOrder(loaded, migrations)))]
    })
  )
  return {
    reverted: results.filter(({ direction }) => direction === "down"),
    applied: results.filter(({ direction }) => direction === "up")
  }
})

/** What goes down, and the repeatable ones of the same namespaces, and the seeds: what they made may have gone with it. */
const select = Effect.fnUntraced(function* (
  loaded: ReadonlyArray<LoadedSource>,
  rows: ReadonlyArray<Row>,
  target: { readonly steps: number; readonly namespace: string | undefined }
) {
  const entries = review(loaded, rows)
  const reverted = yield* revertible(entries, loaded, target)
  const namespaces = new Set([...reverted.map(({ migration }) => migration.namespace), seedsNamespace])
  const repeated = entries.flatMap(({ id, migration, namespace, row }): ReadonlyArray<Selected> =>
    migration !== undefined && isRepeatable(id) && namespaces.has(namespace) ? [{ migration, row }] : []
  )
  return [...reverted, ...repeated]
})

const inOrder = (
  loaded: ReadonlyArray<LoadedSource>,
  migrations: ReadonlyArray<Migration>
): ReadonlyArray<Migration> => {
  const chosen = new Set(migrations)
  return loaded.flatMap((source) => source.migrations.filter((migration) => chosen.has(migration)))
}
