import { apart, columnWithout } from "../fixes.ts"
import { nameOf, spell } from "../names.ts"
import { addedColumn, storedCommandsOf, constraintsOf } from "../nodes.ts"
import { defaultOf, rewriteOf, volatileCall } from "../rewrites.ts"
import type { Rule } from "../rule.ts"
import { itemAt } from "../source.ts"

export const volatileDefault: Rule = {
  name: "volatile-default",
  reason:
    "A new column whose default differs from row to row makes PostgreSQL write the whole table anew under an ACCESS EXCLUSIVE lock.",
  check: (statement, context) =>
    storedCommandsOf(statement).flatMap(({ at, body, relation }) => {
      const column = addedColumn(body)
      if (column === undefined || rewriteOf(column, context) !== "volatile" || context.isNew(relation)) return []
      const [table, name] = [nameOf(relation), spell(column.colname)]
      const constraints = constraintsOf(column)
      const own = constraints.findIndex(({ contype }) => contype === "CONSTR_DEFAULT")
      const next = constraints[own + 1]
      const expression = itemAt(
        statement.text,
        statement.placeOf(constraints[own]?.location),
        next && statement.placeOf(next.location)
      )
      const definition = columnWithout(
        statement,
        column,
        ({ contype }) => contype === "CONSTR_DEFAULT" || contype === "CONSTR_NOTNULL"
      )
      return [
        {
          at,
          message: `the default of ${name} calls ${volatileCall(defaultOf(column), context.facts) ?? ""}, which may differ from row to row: all of ${table} is written anew`,
          fix: apart(
            `ALTER TABLE ${table} ADD COLUMN ${definition};`,
            `ALTER TABLE ${table} ALTER COLUMN ${name} SET ${expression};`,
            "-- then fill the rows that were there in batches (Backfill)"
          )
        }
      ]
    })
}
