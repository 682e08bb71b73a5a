import type { ColumnDef } from "libpg-query"
import { steps } from "../contract.ts"
import { advice, columnWithout } from "../fixes.ts"
import { columnsOf, hasConstraint } from "../columns.ts"
import { nameOf, spell } from "../names.ts"
import { defaultOf, isSerial } from "../rewrites.ts"
import type { Rule } from "../rule.ts"

export const addRequiredColumn: Rule = {
  name: "add-required-column",
  reason:
    "A column that is NOT NULL and has no default cannot be added where there are rows, and what runs at the moment does not write it: its INSERTs fail from the commit on.",
  check: (statement, { isNew }) =>
    columnsOf(statement).flatMap(({ at, column, how, relation }) => {
      const isFilled =
        isSerial(column) || hasDefault(column) || hasConstraint(column, "CONSTR_IDENTITY", "CONSTR_GENERATED")
      if (how !== "added" || isNew(relation) || isFilled || !hasConstraint(column, "CONSTR_NOTNULL")) return []
      const [table, name] = [nameOf(relation), spell(column.colname)]
      const definition = columnWithout(statement, column, ({ contype }) => contype === "CONSTR_NOTNULL")
      return [
        {
          at,
          message: `every INSERT into ${table} must give ${name} from here on`,
          fix: steps(
            `ALTER TABLE ${table} ADD COLUMN ${definition};`,
            advice(
              `release an application that writes ${name}, fill it with Backfill, then make it NOT NULL;`,
              "or give it a DEFAULT here"
            )
          )
        }
      ]
    })
}

/** DEFAULT NULL is none. */
const hasDefault = (column: ColumnDef): boolean => {
  const value = defaultOf(column)
  return value !== undefined && !("A_Const" in value && value.A_Const.isnull === true)
}
