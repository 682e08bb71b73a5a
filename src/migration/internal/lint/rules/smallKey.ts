import type { Node } from "libpg-query"
import { hasConstraint, columnsOf, type TypedColumn, typeNameOf, withType } from "../columns.ts"
import { partsOf, spell } from "../names.ts"
import type { Rule } from "../rule.ts"

export const smallKey: Rule = {
  name: "small-key",
  reason:
    "An integer key ends at 2,147,483,647, failed inserts and rolled back rows counted, and every INSERT fails from there on; to widen it then rewrites this table and all that refer to it.",
  check: (statement) =>
    columnsOf(statement)
      .filter((typed) => isSmall(typed, statement.node))
      .map((typed) => ({
        at: typed.at,
        message: `the key ${spell(typed.column.colname)} can run out of numbers`,
        fix: withType(statement, typed, "bigint")
      }))
}

const isSmall = (typed: TypedColumn, node: Node): boolean => {
  const [type, isNumbered] = [typeNameOf(typed.column), hasConstraint(typed.column, "CONSTR_IDENTITY")]
  // Few rows that somebody numbers by hand are what a smallint is for.
  if (type === "smallint") return isNumbered
  return type === "integer" && (isNumbered || isPrimary(typed, node))
}

const isPrimary = ({ column }: TypedColumn, node: Node): boolean => {
  if (hasConstraint(column, "CONSTR_PRIMARY")) return true
  if (!("CreateStmt" in node)) return false
  return (node.CreateStmt.tableElts ?? []).some((element) => {
    if (!("Constraint" in element) || element.Constraint.contype !== "CONSTR_PRIMARY") return false
    const keys = partsOf(element.Constraint.keys)
    return keys.length === 1 && keys[0] === column.colname
  })
}
