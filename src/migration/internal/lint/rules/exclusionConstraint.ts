import { advice } from "../fixes.ts"
import { nameOf } from "../names.ts"
import { commandsOf, constraintOf } from "../nodes.ts"
import type { Rule } from "../rule.ts"

export const exclusionConstraint: Rule = {
  name: "exclusion-constraint",
  reason:
    "EXCLUDE builds its index and checks all rows under an ACCESS EXCLUSIVE lock, and PostgreSQL has no other way to add it to a table.",
  check: (statement, { isQuick }) =>
    commandsOf(statement).flatMap(({ at, body, relation }) => {
      if (constraintOf(body)?.contype !== "CONSTR_EXCLUSION" || isQuick(relation)) return []
      const table = nameOf(relation)
      return [
        {
          at,
          message: `EXCLUDE builds an index on ${table} while nobody else can use the table`,
          fix: advice(
            `make a new table like ${table} with the constraint, let the application write both, fill it in batches`,
            "(Backfill), and change over to it; or allow it here with the reason why the table is small"
          )
        }
      ]
    })
}
