/** PostgreSQL's locks on tables, weakest first: PostgreSQL manual, 13.3.1 "Table-Level Locks". */
import type { RangeVar } from "libpg-query"

export const lockModes = [
  "ACCESS SHARE",
  "ROW SHARE",
  "ROW EXCLUSIVE",
  "SHARE UPDATE EXCLUSIVE",
  "SHARE",
  "SHARE ROW EXCLUSIVE",
  "EXCLUSIVE",
  "ACCESS EXCLUSIVE"
] as const

export type LockMode = (typeof lockModes)[number]

/** What a statement does to a relation that was there before its migration. */
export interface Lock {
  /** As SQL spells it. */
  readonly relation: string
  readonly mode: LockMode
  /** Whether all rows are written anew under it. */
  readonly rewrites: boolean
  /** Whether all rows are read under it. A rewrite reads them too. */
  readonly scans: boolean
}

/** A lock, before its relation is known to be of interest. */
export interface Taken {
  readonly relation: RangeVar | undefined
  readonly mode: LockMode
  readonly rewrites?: boolean
  readonly scans?: boolean
}

export const isAtLeast = (mode: LockMode, other: LockMode): boolean =>
  lockModes.indexOf(mode) >= lockModes.indexOf(other)

/** What others cannot do while it is held. */
export const blocked = (mode: LockMode): "reads and writes" | "writes" | "changes of the schema" | "nothing" => {
  if (mode === "ACCESS EXCLUSIVE") return "reads and writes"
  if (isAtLeast(mode, "SHARE")) return "writes"
  return mode === "SHARE UPDATE EXCLUSIVE" ? "changes of the schema" : "nothing"
}
