import { advice } from "../fixes.ts"
import { nameOf, spell } from "../names.ts"
import { type Command, columnOf, storedCommandsOf } from "../nodes.ts"
import { isChecked, keepsColumn } from "../rewrites.ts"
import type { LintContext, LintStatement, Rule } from "../rule.ts"
import { itemAt } from "../source.ts"

export const columnType: Rule = {
  name: "column-type",
  reason:
    "Most changes of a column's type write the whole table anew under an ACCESS EXCLUSIVE lock, with its indexes, and the application that runs expects the old type.",
  check: (statement, context) =>
    storedCommandsOf(statement).flatMap((command) => {
      const { at, body, relation } = command
      if (body.subtype !== "AT_AlterColumnType" || context.isNew(relation)) return []
      const problem = problemOf(command, context)
      if (problem === undefined) return []
      const [table, name] = [nameOf(relation), spell(body.name)]
      const copy = spell(`${body.name ?? ""}_new`)
      return [
        {
          at,
          message: `the new type of ${name} ${problem} ${table}`,
          fix: `ALTER TABLE ${table} ADD COLUMN ${copy} ${typeText(statement, command)};\n${advice(
            `then let the application (or a trigger) write both, fill ${copy} in batches (Backfill), read ${copy},`,
            `and drop ${name} once nobody asks for it`
          )}`
        }
      ]
    })
}

const problemOf = (command: Command, context: LintContext): string | undefined => {
  if (context.table(command.relation) === undefined) return "may write anew all of"
  if (!keepsColumn(context, command)) return "writes anew all of"
  return isChecked(context, command) ? "holds the column's CHECK again to all rows of" : undefined
}

const typeText = (statement: LintStatement, { body }: Command): string => {
  const type = columnOf(body)?.typeName
  const text = itemAt(statement.text, statement.placeOf(type?.location))
  return text.replace(/\s+(?:USING|COLLATE)\b[^]*$/iu, "")
}
