import { advice } from "../fixes.ts"
import { nameOf } from "../names.ts"
import { relationsIn } from "../nodes.ts"
import type { Rule } from "../rule.ts"

export const noInherits: Rule = {
  name: "no-inherits",
  reason:
    "Keys, unique constraints and foreign keys of a table do not hold for the rows of those that inherit from it.",
  check: ({ node }) => {
    if (!("CreateStmt" in node)) return []
    const { inhRelations, partbound, relation } = node.CreateStmt
    const parents = relationsIn(inhRelations).map(nameOf)
    if (partbound !== undefined || parents.length === 0) return []
    return [
      {
        message: `rows of ${nameOf(relation)} are read as rows of ${parents.join(", ")}`,
        fix: advice(
          `declare ${parents.join(", ")} PARTITION BY, or copy its columns:`,
          `CREATE TABLE ${nameOf(relation)} (LIKE ${parents[0]} INCLUDING ALL, ...);`
        )
      }
    ]
  }
}
