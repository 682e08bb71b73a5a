/** Which migrations a call of `down` is about. */
import * as Effect from "effect/Effect"
import { MigrationError } from "../MigrationError.ts"
import { UnknownTarget } from "../MigrationErrorReason.ts"
import { ownNamespace } from "../MigrationSource.ts"
import { isApplied } from "./history.ts"
import type { LoadedSource } from "./loader.ts"
import { compareIds, isId, isRepeatable } from "./migration.ts"
import type { Entry, Selected } from "./review.ts"

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
  const namespaces = yield* namespacesOf(sources, target)
  const applied = entries
    // What is repeatable has no down: it stays, and is run again with the next that is applied again.
    .filter(
      ({ id, namespace, row }) =>
        namespaces.includes(namespace) && !isRepeatable(id) && row !== undefined && isApplied(row)
    )
    .toReversed()
  const wanted = yield* upTo(applied, namespaces, target)
  const missing = wanted.find((entry) => entry.problem?._tag === "MissingFile")?.problem
  if (missing !== undefined) return yield* Effect.fail(new MigrationError({ reason: missing }))
  // An edited file may well be reverted: that is how a migration is rewritten while it is developed.
  return wanted.flatMap(({ migration, row }): ReadonlyArray<Selected> =>
    migration === undefined ? [] : [{ migration, row }]
  )
})

const namespacesOf = (sources: ReadonlyArray<LoadedSource>, { namespace }: DownTarget) => {
  const given = sources.map((source) => source.namespace)
  if (namespace === undefined) {
    return Effect.succeed(given.length === 1 ? given : given.filter((name) => name !== ownNamespace))
  }
  return given.includes(namespace)
    ? Effect.succeed([namespace])
    : unknown(namespace, `no source has this namespace; there are ${given.join(", ")}`)
}

const upTo = (applied: ReadonlyArray<Entry>, namespaces: ReadonlyArray<string>, target: DownTarget) => {
  if ("all" in target) return Effect.succeed(applied)
  if ("steps" in target) {
    return Number.isInteger(target.steps) && target.steps >= 0
      ? Effect.succeed(applied.slice(0, target.steps))
      : unknown(String(target.steps), "steps must be a whole number, 0 or more")
  }
  const { to } = target
  if (namespaces.length !== 1) {
    return unknown(to, `say in which namespace; there are ${namespaces.join(", ")}`)
  }
  if (!isId(to) || !applied.some((entry) => compareIds(entry.id, to) === 0)) {
    return unknown(to, "no applied migration has this id; Migrator.status lists them")
  }
  return Effect.succeed(applied.filter((entry) => compareIds(entry.id, to) > 0))
}

const unknown = (target: string, problem: string) =>
  Effect.fail(new MigrationError({ reason: new UnknownTarget({ target, problem }) }))
