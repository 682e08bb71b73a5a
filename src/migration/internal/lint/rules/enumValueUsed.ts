import { steps } from "../contract.ts"
import { advice } from "../fixes.ts"
import { quoteLiteral } from "../../../../error/internal/quote.ts"
import { partsOf, spell } from "../names.ts"
import { nodesIn } from "../nodes.ts"
import { isMadeBefore } from "../objects.ts"
import type { Rule } from "../rule.ts"

export const enumValueUsed: Rule = {
  name: "enum-value-used",
  reason: "A value that an enum got in a transaction cannot be used before the commit: the statement fails with 55P04.",
  check: (statement, context) => {
    const { transaction, statements } = context
    if (!transaction || !("AlterEnumStmt" in statement.node)) return []
    const { newVal, oldVal, typeName } = statement.node.AlterEnumStmt
    const parts = partsOf(typeName)
    if (oldVal !== undefined || newVal === undefined) return []
    const use = statements
      .slice(statement.index + 1)
      .find(({ node }) => nodesIn(node, "A_Const").some(({ sval }) => sval?.sval === newVal))
    if (use === undefined || isMadeBefore(statement, context, { kind: "OBJECT_TYPE", parts })) return []
    const value = quoteLiteral(newVal)
    return [
      {
        message: `${value} of ${spell(...parts)} is used in the transaction that adds it`,
        fix: steps(advice(`in a migration of its own, before the one that uses ${value}:`), `${statement.text};`)
      }
    ]
  }
}
