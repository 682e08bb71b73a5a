import { advice } from "../fixes.ts"
import { nameOf, spell } from "../names.ts"
import { addedColumn, storedCommandsOf } from "../nodes.ts"
import { rewriteOf } from "../rewrites.ts"
import type { Rule } from "../rule.ts"
import { typeOf } from "../types.ts"

export const domainColumn: Rule = {
  name: "domain-column",
  reason:
    "A new column of a domain that has a constraint is held to it row by row: the whole table is written anew under an ACCESS EXCLUSIVE lock, although all have NULL or one default in it.",
  check: (statement, context) =>
    storedCommandsOf(statement).flatMap(({ at, body, relation }) => {
      const column = addedColumn(body)
      if (column?.typeName === undefined || rewriteOf(column, context) !== "domain" || context.isNew(relation))
        return []
      const [table, name, domain] = [nameOf(relation), spell(column.colname), typeOf(column.typeName).name]
      return [
        {
          at,
          message: `the constraint of the domain ${domain} makes PostgreSQL write all of ${table} anew`,
          fix: advice(
            `add ${name} with the type that ${domain} is made of, and give ${table} the constraint of ${domain}`,
            "as a CHECK, NOT VALID, and VALIDATE it in a transaction of its own"
          )
        }
      ]
    })
}
