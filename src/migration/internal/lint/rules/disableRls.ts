import { advice } from "../fixes.ts"
import { nameOf } from "../names.ts"
import { commandsOf } from "../nodes.ts"
import type { Rule } from "../rule.ts"

export const disableRls: Rule = {
  name: "disable-rls",
  reason: "Without row-level security everybody who may read the table reads the rows of everybody else.",
  check: (statement, { isNew }) =>
    commandsOf(statement).flatMap(({ at, body: { subtype }, relation }) => {
      const isForce = subtype === "AT_NoForceRowSecurity"
      if ((subtype !== "AT_DisableRowSecurity" && !isForce) || isNew(relation)) return []
      const table = nameOf(relation)
      return [
        {
          at,
          message: isForce
            ? `the owner of ${table} sees all its rows from here on`
            : `${table} shows all its rows to everybody`,
          fix: advice(`CREATE POLICY <name> ON ${table} TO <role> USING (true); for the role that must see all rows`)
        }
      ]
    })
}
