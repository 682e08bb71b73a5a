import { afterwards } from "../contract.ts"
import { spell } from "../names.ts"
import { droppedBy, isMadeBefore } from "../objects.ts"
import type { Rule } from "../rule.ts"

export const dropSchema: Rule = {
  name: "drop-schema",
  reason: "What runs at the moment still names it, and with CASCADE all that is in it goes too.",
  check: (statement, context) =>
    droppedBy(statement.node).flatMap((dropped) => {
      if (dropped.kind !== "OBJECT_SCHEMA" || isMadeBefore(statement, context, dropped)) return []
      const schema = spell(...dropped.parts)
      return [
        {
          message: `drops the schema ${schema}`,
          fix: afterwards("drop-schema", `nothing is left in ${schema}`, `DROP SCHEMA ${schema} RESTRICT`)
        }
      ]
    })
}
