import { nameOf, spell } from "../names.ts"
import { commandsOf } from "../nodes.ts"
import type { Rule } from "../rule.ts"

export const policyWithoutRls: Rule = {
  name: "policy-without-rls",
  reason: "A policy of a table without row-level security is not looked at: everybody sees all rows.",
  check: ({ node }, { isNew, statements }) => {
    if (!("CreatePolicyStmt" in node)) return []
    const { policy_name, table } = node.CreatePolicyStmt
    const name = nameOf(table)
    const isEnabled = statements.some((statement) =>
      commandsOf(statement).some(
        ({ body, relation }) => body.subtype === "AT_EnableRowSecurity" && nameOf(relation) === name
      )
    )
    if (!isNew(table) || isEnabled) return []
    return [
      {
        message: `the policy ${spell(policy_name)} of ${name} does nothing`,
        fix: `ALTER TABLE ${name} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;`
      }
    ]
  }
}
