import { advice } from "../fixes.ts"
import { list, nameOf, spell } from "../names.ts"
import { commandsOf } from "../nodes.ts"
import { unprovedKey } from "../proofs.ts"
import type { Rule } from "../rule.ts"
import { steps } from "../contract.ts"

export const nullablePrimaryKey: Rule = {
  name: "nullable-primary-key",
  reason:
    "PRIMARY KEY USING INDEX makes the columns of the index NOT NULL, and reads the whole table under an ACCESS EXCLUSIVE lock for it where they were not.",
  check: (statement, context) =>
    commandsOf(statement).flatMap((command) => {
      const { at, relation } = command
      const columns = context.isNew(relation) ? [] : unprovedKey(context, statement, command)
      if (columns.length === 0) return []
      const table = nameOf(relation)
      return [
        {
          at,
          message: `reads all of ${table} to see that ${list(columns)} is never NULL`,
          fix: steps(
            "-- pgkeel:no-transaction",
            ...columns.flatMap((column) => proof(table, column)),
            `${statement.text};`,
            advice("the constraints are then needed no more")
          )
        }
      ]
    })
}

const proof = (table: string, column: string): ReadonlyArray<string> => {
  const name = spell(`${column}_not_null`)
  return [
    `ALTER TABLE ${table} ADD CONSTRAINT ${name} CHECK (${spell(column)} IS NOT NULL) NOT VALID;`,
    `ALTER TABLE ${table} VALIDATE CONSTRAINT ${name};`
  ]
}
