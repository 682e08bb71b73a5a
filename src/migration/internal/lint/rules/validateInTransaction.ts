import { apart } from "../fixes.ts"
import { isAtLeast } from "../lockModes.ts"
import { nameOf } from "../names.ts"
import { commandsOf } from "../nodes.ts"
import type { Rule } from "../rule.ts"

export const validateInTransaction: Rule = {
  name: "validate-in-transaction",
  reason:
    "VALIDATE CONSTRAINT itself blocks nobody, but what the transaction has locked before stays locked until all rows are read: NOT VALID has gained nothing.",
  check: (statement, { held, isNew }) =>
    commandsOf(statement).flatMap(({ at, body, relation, text }) => {
      if (body.subtype !== "AT_ValidateConstraint" || isNew(relation)) return []
      const lock = [...held.values()].find(({ mode }) => isAtLeast(mode, "SHARE"))
      if (lock === undefined) return []
      const validate = at === 0 && text !== "" ? `${text};` : `ALTER TABLE ${nameOf(relation)} ${text};`
      return [
        {
          at,
          message: `VALIDATE reads all of ${nameOf(relation)} while this transaction has a lock on ${lock.relation} (${lock.mode})`,
          fix: apart("-- the statements before it, and then, in a transaction of its own:", validate)
        }
      ]
    })
}
