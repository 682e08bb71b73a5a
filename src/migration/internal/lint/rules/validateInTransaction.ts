import { modeOf } from "../alterTableLocks.ts"
import { apart } from "../fixes.ts"
import { isAtLeast, type LockMode } from "../lockModes.ts"
import { nameOf } from "../names.ts"
import { type Command, commandsOf } from "../nodes.ts"
import type { LintContext, LintStatement, Rule } from "../rule.ts"

export const validateInTransaction: Rule = {
  name: "validate-in-transaction",
  reason:
    "VALIDATE CONSTRAINT itself blocks nobody, but what the transaction has locked before stays locked until all rows are read: NOT VALID has gained nothing.",
  check: (statement, context) =>
    commandsOf(statement).flatMap(({ at, body, relation, text }) => {
      if (body.subtype !== "AT_ValidateConstraint" || context.isNew(relation)) return []
      const table = nameOf(relation)
      const lock = heldBefore(context) ?? takenBeside(statement)
      if (lock === undefined) return []
      const validate = at === 0 && text !== "" ? `${text};` : `ALTER TABLE ${table} ${text};`
      return [
        {
          at,
          message: `VALIDATE reads all of ${table} while this ${lock.by} has a lock on ${lock.relation} (${lock.mode})`,
          fix: apart(`-- ${lock.others}, and then, in a transaction of its own:`, validate)
        }
      ]
    })
}

interface Held {
  readonly by: "transaction" | "statement"
  readonly relation: string
  readonly mode: LockMode
  readonly others: string
}

const heldBefore = ({ held }: LintContext): Held | undefined => {
  const lock = [...held.values()].find(({ mode }) => isAtLeast(mode, "SHARE"))
  return lock && { ...lock, by: "transaction", others: "the statements before it" }
}

/** An ALTER TABLE takes the strongest lock of its commands for all of them. */
const takenBeside = (statement: LintStatement): Held | undefined => {
  const strong = commandsOf(statement).find(({ body }: Command) => isAtLeast(modeOf(body), "SHARE"))
  return (
    strong && {
      by: "statement",
      relation: nameOf(strong.relation),
      mode: modeOf(strong.body),
      others: "the other commands"
    }
  )
}
