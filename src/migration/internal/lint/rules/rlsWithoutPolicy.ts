import { ended, steps } from "../contract.ts"
import { advice } from "../fixes.ts"
import { nameOf, spell } from "../names.ts"
import { commandsOf } from "../nodes.ts"
import type { Rule } from "../rule.ts"

export const rlsWithoutPolicy: Rule = {
  name: "rls-without-policy",
  reason:
    "Row-level security without a policy shows no row and takes none: what runs at the moment reads an empty table from the commit on.",
  check: (statement, { isNew, statements }) =>
    commandsOf(statement).flatMap(({ at, body, relation }) => {
      const table = nameOf(relation)
      const hasPolicy = statements.some(
        ({ node }) => "CreatePolicyStmt" in node && nameOf(node.CreatePolicyStmt.table) === table
      )
      if (body.subtype !== "AT_EnableRowSecurity" || isNew(relation) || hasPolicy) return []
      return [
        {
          at,
          message: `${table} shows no row to any but its owner`,
          fix: steps(
            advice("the condition says which rows each role sees"),
            `CREATE POLICY ${spell(`${relation?.relname ?? ""}_rows`)} ON ${table} USING (true);`,
            ended(statement.text)
          )
        }
      ]
    })
}
