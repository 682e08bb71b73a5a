import type { Node } from "libpg-query"
import { advice } from "../fixes.ts"
import { nameOf } from "../names.ts"
import type { Rule } from "../rule.ts"

export const updateAllRows: Rule = {
  name: "update-all-rows",
  reason:
    "One statement that changes all rows locks each of them until it commits, writes all of them to the log at once, and is undone altogether when it is broken off.",
  check: ({ node }, { isNew }) => {
    const found = changeOf(node)
    if (found === undefined || found.whereClause !== undefined || isNew(found.relation)) return []
    const table = nameOf(found.relation)
    return [
      {
        message: `${found.command} changes all rows of ${table} in one transaction`,
        fix: advice(
          `do it in batches with the Backfill of a migration in code, or say WHERE which rows of ${table} it is about`
        )
      }
    ]
  }
}

const changeOf = (node: Node) => {
  if ("UpdateStmt" in node) return { command: "UPDATE", ...node.UpdateStmt }
  if ("DeleteStmt" in node) return { command: "DELETE", ...node.DeleteStmt }
  return undefined
}
