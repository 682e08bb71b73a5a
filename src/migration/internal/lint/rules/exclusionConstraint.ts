import { advice } from "../fixes.ts"
import { nameOf } from "../names.ts"
import { commandsOf, constraintOf } from "../nodes.ts"
import type { Rule } from "../rule.ts"

export const exclusionConstraint: Rule = {
  name: "exclusion-constraint",
  reason:
    "EXCLUDE, and a key WITHOUT OVERLAPS, builds its index and checks all rows under an ACCESS EXCLUSIVE lock, and PostgreSQL has no other way to add it to a table.",
  check: (statement, { isNew }) =>
    commandsOf(statement).flatMap(({ at, body, relation }) => {
      const constraint = constraintOf(body)
      if (constraint === undefined || isNew(relation)) return []
      const overlaps = constraint.without_overlaps === true
      if (constraint.contype !== "CONSTR_EXCLUSION" && !overlaps) return []
      const table = nameOf(relation)
      return [
        {
          at,
          message: `${overlaps ? "WITHOUT OVERLAPS" : "EXCLUDE"} builds an index on ${table} while nobody else can use the table`,
          fix: advice(
            `make a new table like ${table} with the constraint, let the application write both, fill it in batches`,
            "(Backfill), and change over to it; or allow it here with the reason why the table is small"
          )
        }
      ]
    })
}
