/** Which migrations a call of `down` is about. */
import * as Effect from "effect/Effect"
import { MigrationError } from "../MigrationError.ts"
import { MissingFile } from "../MigrationErrorReason.ts"
import { refuseHalfApplied } from "./halfDone.ts"
import { isApplied } from "./history.ts"
import type { LoadedSource } from "./loader.ts"
import { compareIds, isRepeatable } from "./migration.ts"
import type { Entry, Selected } from "./entry.ts"
import { isAmong, namespaceOf, namespacesOf, unknownTarget } from "./target.ts"

/**
 * How far down. `to` is the id that stays, the last one that is still applied
 * afterwards. Without a namespace it is about the application's: the package's
 * own tables are shared by all applications on the database, and go only when
 * `namespace` says so (or when there is no other source).
 */
export type DownTarget = { readonly namespace?: string | undefined } & (
  | { readonly steps: number }
  | { readonly to: string }
  | { readonly all: true }
)

/** What to revert, latest first. */
export const revertible = Effect.fnUntraced(function* (
  entries: ReadonlyArray<Entry>,
  sources: ReadonlyArray<LoadedSource>,
  target: DownTarget
) {
  const namespaces = yield* namespacesOf(sources, target.namespace)
  // What is repeatable has no down: it stays, and is run again with the next that is applied again.
  const among = entries.filter(({ id, namespace }) => namespaces.includes(namespace) && !isRepeatable(id))
  const applied = among.filter(({ row }) => row !== undefined && isApplied(row)).toReversed()
  const wanted = yield* upTo(applied, sources, target)
  yield* refuseHalfApplied(among, wanted, isMeant(target))
  const missing = wanted.map(({ problem }) => problem).find((problem) => problem?._tag === "MissingFile")
  if (missing !== undefined) {
    const { appliedAt, id, name, namespace, newer } = missing
    const reason = new MissingFile({ namespace, id, name, appliedAt, newer, reverting: true })
    return yield* Effect.fail(new MigrationError({ reason }))
  }
  // An edited file may well be reverted: that is how a migration is rewritten while it is developed.
  return wanted.flatMap(({ migration, row }): ReadonlyArray<Selected> =>
    migration === undefined ? [] : [{ migration, row }]
  )
})

const isMeant =
  (target: DownTarget) =>
  (id: string): boolean => {
    if ("to" in target) return compareIds(id, target.to) > 0
    return "all" in target || target.steps > 0
  }

const upTo = Effect.fnUntraced(function* (
  applied: ReadonlyArray<Entry>,
  sources: ReadonlyArray<LoadedSource>,
  target: DownTarget
) {
  if ("all" in target) return applied
  if ("steps" in target) {
    return Number.isInteger(target.steps) && target.steps >= 0
      ? applied.slice(0, target.steps)
      : yield* unknownTarget(String(target.steps), "steps must be a whole number, 0 or more")
  }
  const { to } = target
  yield* namespaceOf(sources, target.namespace, to)
  const ids = applied.map(({ id }) => id)
  return isAmong(to, ids)
    ? applied.filter((entry) => compareIds(entry.id, to) > 0)
    : yield* unknownTarget(to, "no applied migration has this id; `pgkeel migrate status` lists them")
})
