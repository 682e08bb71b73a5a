import { afterwards } from "../contract.ts"
import { nameOf, spell } from "../names.ts"
import { commandsOf } from "../nodes.ts"
import type { Rule } from "../rule.ts"

export const dropNotNull: Rule = {
  name: "drop-not-null",
  reason:
    "What runs at the moment decodes the column as one that is never NULL: it fails on the first row that has it.",
  check: (statement, { isNew }) =>
    commandsOf(statement).flatMap(({ at, body, relation }) => {
      if (body.subtype !== "AT_DropNotNull" || isNew(relation)) return []
      const [table, column] = [nameOf(relation), spell(body.name)]
      return [
        {
          at,
          message: `${table}.${column} may be NULL from here on`,
          fix: afterwards(
            "drop-not-null",
            `every running application reads NULL from ${table}.${column}`,
            `ALTER TABLE ${table} ALTER COLUMN ${column} DROP NOT NULL`
          )
        }
      ]
    })
}
