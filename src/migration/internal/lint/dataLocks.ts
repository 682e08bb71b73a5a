/** The locks of statements that read and write rows. */
import type { Node } from "libpg-query"
import type { Taken } from "./lockModes.ts"
import { nodesIn } from "./nodes.ts"

const written = ["InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt"] as const

export const dataLocks = (node: Node): ReadonlyArray<Taken> => {
  const targets = written.flatMap((tag) => nodesIn(node, tag).flatMap(({ relation }) => relation ?? []))
  const copied = "CopyStmt" in node && node.CopyStmt.is_from === true ? [node.CopyStmt.relation] : []
  return [...[...targets, ...copied].map((relation) => ({ relation, mode: "ROW EXCLUSIVE" as const })), ...read(node)]
}

const queries = [
  "SelectStmt",
  "InsertStmt",
  "UpdateStmt",
  "DeleteStmt",
  "MergeStmt",
  "CreateTableAsStmt",
  "ViewStmt",
  "CopyStmt"
]

/** Whether a statement reads or changes rows when it is run. The body of a function or a rule is kept for later. */
export const isQuery = (node: Node): boolean => !("ViewStmt" in node) && queries.some((tag) => tag in node)

const read = (node: Node): ReadonlyArray<Taken> => {
  if (!queries.some((tag) => tag in node)) return []
  const known = new Set(nodesIn(node, "CommonTableExpr").map(({ ctename }) => ctename))
  const isLocking = nodesIn(node, "LockingClause").length > 0
  return nodesIn(node, "RangeVar")
    .filter(({ relname, schemaname }) => schemaname !== undefined || !known.has(relname))
    .map((relation) => ({ relation, mode: isLocking ? "ROW SHARE" : "ACCESS SHARE" }))
}
