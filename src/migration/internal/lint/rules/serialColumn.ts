import { quoteLiteral } from "../../../../error/internal/quote.ts"
import { apart } from "../fixes.ts"
import { derived, nameOf, spell } from "../names.ts"
import { addedColumn, storedCommandsOf } from "../nodes.ts"
import { rewriteOf } from "../rewrites.ts"
import type { Rule } from "../rule.ts"

export const serialColumn: Rule = {
  name: "serial-column",
  reason:
    "A new column that counts (serial, identity) gives each row its number: the whole table is written anew under an ACCESS EXCLUSIVE lock.",
  check: (statement, context) =>
    storedCommandsOf(statement).flatMap(({ at, body, relation }) => {
      const column = addedColumn(body)
      const rewrite = rewriteOf(column, context)
      if (column === undefined || (rewrite !== "serial" && rewrite !== "identity") || context.isNew(relation)) return []
      const [table, name] = [nameOf(relation), spell(column.colname)]
      const sequence = spell(relation?.schemaname, derived(relation?.relname ?? "", column.colname ?? "", "seq"))
      return [
        {
          at,
          message: `the ${rewrite} column ${name} makes PostgreSQL write all of ${table} anew`,
          fix: apart(
            `ALTER TABLE ${table} ADD COLUMN ${name} bigint;`,
            `CREATE SEQUENCE ${sequence} OWNED BY ${table}.${name};`,
            `ALTER TABLE ${table} ALTER COLUMN ${name} SET DEFAULT nextval(${quoteLiteral(sequence)});`,
            "-- then number the rows that were there in batches (Backfill), and make it NOT NULL as set-not-null says"
          )
        }
      ]
    })
}
