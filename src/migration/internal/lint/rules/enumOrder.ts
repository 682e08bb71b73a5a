import { steps } from "../contract.ts"
import { advice } from "../fixes.ts"
import { quoteLiteral } from "../../../../error/internal/quote.ts"
import { partsOf, spell } from "../names.ts"
import type { Rule } from "../rule.ts"

export const enumOrder: Rule = {
  name: "enum-order",
  reason:
    "ORDER BY, < and max() go by the order of an enum's values, which cannot be changed later; without BEFORE or AFTER a new one is the greatest.",
  check: ({ node, text }) => {
    if (!("AlterEnumStmt" in node)) return []
    const { newVal, newValNeighbor, oldVal, typeName } = node.AlterEnumStmt
    if (newVal === undefined || oldVal !== undefined || newValNeighbor !== undefined) return []
    return [
      {
        message: `${quoteLiteral(newVal)} is greater than every other value of ${spell(...partsOf(typeName))}`,
        fix: steps(advice("say where it belongs"), `${text} AFTER 'the value before it';`)
      }
    ]
  }
}
