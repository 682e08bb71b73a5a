/** Which migrations a call of `up` is about. */
import * as Effect from "effect/Effect"
import type { MigrationError } from "../MigrationError.ts"
import type { LoadedSource } from "./loader.ts"
import { compareIds } from "./migration.ts"
import type { Entry, Selected } from "./entry.ts"
import { pendingOf } from "./review.ts"
import { isAmong, namespaceOf, unknownTarget } from "./target.ts"

/** How far up. Default: everything. */
export interface UpTarget {
  /** The id of the last migration that runs; everything in front of it in the order of a run does too. */
  readonly to?: string | undefined
  /** The namespace of `to`. Without `to`, the last one that runs. Default: the application's, if there is one only. */
  readonly namespace?: string | undefined
}

/** What is pending up to the target, in the order in which it runs. */
export const pendingUpTo = Effect.fnUntraced(function* (
  entries: ReadonlyArray<Entry>,
  sources: ReadonlyArray<LoadedSource>,
  { namespace, to }: UpTarget
): Effect.fn.Return<ReadonlyArray<Selected>, MigrationError> {
  if (namespace === undefined && to === undefined) return pendingOf(entries)
  const last = yield* namespaceOf(sources, namespace, to ?? "")
  const ids = entries.filter((entry) => entry.namespace === last).map(({ id }) => id)
  if (to !== undefined && !isAmong(to, ids)) {
    return yield* unknownTarget(to, "no migration has this id; `pgkeel migrate status` lists them")
  }
  const order = sources.map((source) => source.namespace)
  const isMeant = (entry: Entry) =>
    entry.namespace === last
      ? to === undefined || compareIds(entry.id, to) <= 0
      : order.indexOf(entry.namespace) < order.indexOf(last)
  return pendingOf(entries.filter(isMeant))
})
