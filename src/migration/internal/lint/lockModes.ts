/** PostgreSQL's locks on tables, weakest first: PostgreSQL manual, 13.3.1 "Table-Level Locks". */

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

export const isAtLeast = (mode: LockMode, other: LockMode): boolean =>
  lockModes.indexOf(mode) >= lockModes.indexOf(other)

/** What others cannot do while it is held. */
export const blocked = (mode: LockMode): "reads and writes" | "writes" | "changes of the schema" | "nothing" => {
  if (mode === "ACCESS EXCLUSIVE") return "reads and writes"
  if (isAtLeast(mode, "SHARE")) return "writes"
  return mode === "SHARE UPDATE EXCLUSIVE" ? "changes of the schema" : "nothing"
}
