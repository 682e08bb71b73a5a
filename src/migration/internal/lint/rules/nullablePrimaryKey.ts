import type { RangeVar } from "libpg-query"
import { advice } from "../fixes.ts"
import { list, nameOf, spell } from "../names.ts"
import { commandsOf, constraintOf } from "../nodes.ts"
import { isProved } from "../proofs.ts"
import type { LintContext, LintStatement, Rule } from "../rule.ts"
import { ended, steps } from "../contract.ts"

export const nullablePrimaryKey: Rule = {
  name: "nullable-primary-key",
  reason:
    "PRIMARY KEY USING INDEX makes the columns of the index NOT NULL, and reads the whole table under an ACCESS EXCLUSIVE lock for it where they were not.",
  check: (statement, context) =>
    commandsOf(statement).flatMap(({ at, body, relation }) => {
      const { contype, indexname } = constraintOf(body) ?? {}
      if (contype !== "CONSTR_PRIMARY" || indexname === undefined || context.isNew(relation)) return []
      const columns = nullableIn(indexname, relation, statement, context)
      if (columns.length === 0) return []
      const table = nameOf(relation)
      return [
        {
          at,
          message: `reads all of ${table} to see that ${list(columns)} is never NULL`,
          fix: steps(
            "-- pgkeel:no-transaction",
            ...columns.flatMap((column) => proof(table, column)),
            ended(statement.text),
            advice("the constraints are then needed no more")
          )
        }
      ]
    })
}

/** Only the database knows the columns of an index that was there before. */
const nullableIn = (
  index: string,
  relation: RangeVar | undefined,
  statement: LintStatement,
  context: LintContext
): ReadonlyArray<string> => {
  const columns = context.table(relation)?.indexes.find(({ name }) => name === index)?.columns ?? []
  return columns.filter((column) => !isProved(context, statement, relation, column))
}

const proof = (table: string, column: string): ReadonlyArray<string> => {
  const name = spell(`${column}_not_null`)
  return [
    `ALTER TABLE ${table} ADD CONSTRAINT ${name} CHECK (${spell(column)} IS NOT NULL) NOT VALID;`,
    `ALTER TABLE ${table} VALIDATE CONSTRAINT ${name};`
  ]
}
