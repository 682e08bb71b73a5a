import { derived, nameOf, spell } from "../names.ts"
import { commandsOf } from "../nodes.ts"
import { isProved } from "../rewrites.ts"
import type { Rule } from "../rule.ts"

export const setNotNull: Rule = {
  name: "set-not-null",
  reason:
    "SET NOT NULL reads the whole table under an ACCESS EXCLUSIVE lock, which blocks reads too, unless a validated CHECK says already that there is no NULL.",
  check: (statement, context) =>
    commandsOf(statement).flatMap(({ at, body, relation }) => {
      const column = body.name ?? ""
      if (body.subtype !== "AT_SetNotNull" || context.isQuick(relation) || isProved(context, relation, column))
        return []
      const table = nameOf(relation)
      const check = spell(derived(relation?.relname ?? "", column, "not_null"))
      return [
        {
          at,
          message: `SET NOT NULL of ${spell(column)} reads all of ${table} while nobody else can`,
          fix:
            `ALTER TABLE ${table} ADD CONSTRAINT ${check} CHECK (${spell(column)} IS NOT NULL) NOT VALID; in the next migration ` +
            `ALTER TABLE ${table} VALIDATE CONSTRAINT ${check}; and in the one after that ALTER TABLE ${table} ` +
            `ALTER COLUMN ${spell(column)} SET NOT NULL, DROP CONSTRAINT ${check};`
        }
      ]
    })
}
