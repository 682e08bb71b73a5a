import { afterwards } from "../contract.ts"
import { nameOf, spell } from "../names.ts"
import { commandsOfAll } from "../columns.ts"
import { isMadeBefore, relationParts } from "../objects.ts"
import type { Rule } from "../rule.ts"

export const dropColumn: Rule = {
  name: "drop-column",
  reason:
    "What runs at the moment still reads and writes the column: its statements fail from the commit on. The data is gone.",
  check: (statement, context) =>
    commandsOfAll(statement).flatMap(({ at, body, relation }) => {
      const type = { kind: "OBJECT_TYPE", parts: relationParts(relation) }
      if (body.subtype !== "AT_DropColumn" || context.isNew(relation) || isMadeBefore(statement, context, type))
        return []
      const [table, column] = [nameOf(relation), spell(body.name)]
      return [
        {
          at,
          message: `drops ${table}.${column}`,
          fix: afterwards(
            "drop-column",
            `no running application names ${table}.${column}`,
            `ALTER TABLE ${table} DROP COLUMN ${column}`
          )
        }
      ]
    })
}
