import { advice } from "../fixes.ts"
import { nameOf, spell } from "../names.ts"
import { addedColumn, storedCommandsOf } from "../nodes.ts"
import { rewriteOf } from "../rewrites.ts"
import type { Rule } from "../rule.ts"

export const storedGeneratedColumn: Rule = {
  name: "stored-generated-column",
  reason:
    "A new stored generated column is computed for each row: the whole table is written anew under an ACCESS EXCLUSIVE lock.",
  check: (statement, context) =>
    storedCommandsOf(statement).flatMap(({ at, body, relation }) => {
      const column = addedColumn(body)
      if (rewriteOf(column, context) !== "stored" || context.isNew(relation)) return []
      const [table, name] = [nameOf(relation), spell(column?.colname)]
      return [
        {
          at,
          message: `the generated column ${name} makes PostgreSQL write all of ${table} anew`,
          fix: advice(
            `add ${name} as an ordinary column, compute it in a trigger BEFORE INSERT OR UPDATE, and fill the rows that`,
            `were there in batches (Backfill); from PostgreSQL 18 a VIRTUAL generated column takes no time`
          )
        }
      ]
    })
}
