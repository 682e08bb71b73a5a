import { afterwards, steps } from "../contract.ts"
import { advice } from "../fixes.ts"
import { relationOf, spell } from "../names.ts"
import { droppedBy, isMadeAfter } from "../objects.ts"
import type { Rule } from "../rule.ts"

export const dropPolicy: Rule = {
  name: "drop-policy",
  reason:
    "Without a permissive policy the rows that it showed are gone for what runs at the moment; without a restrictive one it sees rows that it must not.",
  check: (statement, context) =>
    droppedBy(statement.node).flatMap(({ kind, parts }) => {
      const of = parts.slice(0, -1)
      if (kind !== "OBJECT_POLICY" || context.isNew(relationOf(of))) return []
      if (context.transaction && isMadeAfter(statement, context, { kind, parts })) return []
      const policy = `${spell(parts.at(-1))} ON ${spell(...of)}`
      return [
        {
          message: `drops the policy ${policy}`,
          fix: steps(
            advice(`to change it: ALTER POLICY ${policy} USING (...); to be rid of it:`),
            afterwards("drop-policy", "another policy shows the same rows", `DROP POLICY ${policy}`)
          )
        }
      ]
    })
}
