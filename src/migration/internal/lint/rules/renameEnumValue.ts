import { steps } from "../contract.ts"
import { advice } from "../fixes.ts"
import { partsOf, spell } from "../names.ts"
import { quoteLiteral } from "../../../../error/internal/quote.ts"
import { isMadeBefore } from "../objects.ts"
import type { Rule } from "../rule.ts"

export const renameEnumValue: Rule = {
  name: "rename-enum-value",
  reason:
    "What runs at the moment sends the value as it was, which is refused, and does not know the one that it reads.",
  check: (statement, context) => {
    if (!("AlterEnumStmt" in statement.node)) return []
    const { newVal = "", oldVal, typeName } = statement.node.AlterEnumStmt
    const parts = partsOf(typeName)
    if (oldVal === undefined || isMadeBefore(statement, context, { kind: "OBJECT_TYPE", parts })) return []
    const [type, before, after] = [spell(...parts), quoteLiteral(oldVal), quoteLiteral(newVal)]
    return [
      {
        message: `the value ${before} of ${type} is called ${after} from here on`,
        fix: steps(
          `ALTER TYPE ${type} ADD VALUE ${after} AFTER ${before};`,
          advice(`release an application that reads both and writes ${after}; then update the rows that have ${before}`)
        )
      }
    ]
  }
}
