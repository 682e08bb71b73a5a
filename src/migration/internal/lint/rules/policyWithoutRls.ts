import type { RangeVar } from "libpg-query"
import { steps } from "../contract.ts"
import { nameOf, spell } from "../names.ts"
import { commandsOf } from "../nodes.ts"
import type { LintContext, Rule } from "../rule.ts"

export const policyWithoutRls: Rule = {
  name: "policy-without-rls",
  reason: "A policy of a table without row-level security is not looked at: everybody sees all rows.",
  check: ({ node, text }, context) => {
    if (!("CreatePolicyStmt" in node)) return []
    const { policy_name, table } = node.CreatePolicyStmt
    if (!isOff(context, table) || isEnabledHere(context, table)) return []
    const name = nameOf(table)
    return [
      {
        message: `the policy ${spell(policy_name)} of ${name} does nothing`,
        fix: steps(`${text};`, `ALTER TABLE ${name} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;`)
      }
    ]
  }
}

/** As a new table is, or as the database says; without one, a table is believed to have what its policies need. */
const isOff = ({ isNew, table }: LintContext, relation: RangeVar | undefined): boolean =>
  isNew(relation) || table(relation)?.rowSecurity === false

const isEnabledHere = ({ keyOf, statements }: LintContext, relation: RangeVar | undefined): boolean =>
  statements.some((statement) =>
    commandsOf(statement).some(
      (command) => command.body.subtype === "AT_EnableRowSecurity" && keyOf(command.relation) === keyOf(relation)
    )
  )
