import { advice } from "../fixes.ts"
import type { Node } from "libpg-query"
import type { Rule } from "../rule.ts"
import { masked } from "../source.ts"

export const unseenStatement: Rule = {
  name: "unseen-statement",
  reason: "What a DO block runs is not looked at by any rule, and does not show in the plan with its locks.",
  check: ({ node }) => {
    const [, word] = changing.exec(masked(bodyOf(node))) ?? []
    return word === undefined
      ? []
      : [
          {
            message: `the DO block has ${word.toUpperCase()}, which no rule sees`,
            fix: advice(
              `write the ${word.toUpperCase()} as a statement of the migration, or the loop as a migration in TypeScript`
            )
          }
        ]
  }
}

/** Not the UPDATE of SELECT ... FOR UPDATE and of INSERT ... ON CONFLICT DO UPDATE. */
const changing =
  /\b(ALTER|CREATE|DROP|TRUNCATE|EXECUTE|LOCK|(?<!\b(?:FOR|KEY|DO)\s+)UPDATE|DELETE|REINDEX|CLUSTER|REFRESH|GRANT|REVOKE)\b/iu

const bodyOf = (node: Node): string => {
  if (!("DoStmt" in node)) return ""
  return (node.DoStmt.args ?? [])
    .flatMap((arg) => {
      const body = "DefElem" in arg && arg.DefElem.defname === "as" ? arg.DefElem.arg : undefined
      return body !== undefined && "String" in body ? [body.String.sval ?? ""] : []
    })
    .join("")
}
