/**
 * How far a `redo` has to go to reach what was edited. It reverts the latest first,
 * so that a redo of fewer would take away what came later and leave the edited one.
 */
import { ownNamespace } from "../MigrationSource.ts"
import { halfApplied } from "./halfDone.ts"
import { isApplied } from "./history.ts"
import type { RedoAdvice } from "./historyReasons.ts"
import type { LoadedSource } from "./loader.ts"
import { isRepeatable } from "./migration.ts"
import type { Entry } from "./entry.ts"
import { defaultNamespaces } from "./target.ts"

/** The redo after which no file is an edited one. `undefined` where one of its migrations could not be reverted. */
export const redoAdvice = (
  entries: ReadonlyArray<Entry>,
  sources: ReadonlyArray<LoadedSource>
): RedoAdvice | undefined => {
  const edited = entries.filter(isEdited)
  const [namespace, ...others] = new Set(edited.map((entry) => entry.namespace))
  if (namespace === undefined || namespace === ownNamespace) return undefined
  const among = others.length === 0 ? [namespace] : defaultNamespaces(sources)
  if (!edited.every((entry) => among.includes(entry.namespace))) return undefined
  const candidates = entries.filter(({ id, namespace }) => among.includes(namespace) && !isRepeatable(id))
  const applied = candidates.filter(({ row }) => row !== undefined && isApplied(row))
  const reverted = applied.slice(applied.findIndex(isEdited))
  const isPossible =
    reverted.every(({ migration }) => migration?.down !== undefined) &&
    halfApplied(candidates, reverted, () => false) === undefined
  if (!isPossible) return undefined
  return {
    steps: reverted.length,
    namespace: others.length === 0 ? namespace : undefined,
    // What a module exports is known only once it is imported.
    isCertain: reverted.every(({ migration }) => migration?.kind !== "module")
  }
}

export const isEdited = ({ problem }: Entry): boolean => problem?._tag === "ChecksumMismatch"
