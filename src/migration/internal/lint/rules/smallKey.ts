import { byTable } from "../byTable.ts"
import { hasConstraint, columnsOf, type TypedColumn, typeNameOf, withType } from "../columns.ts"
import { partsOf, spell } from "../names.ts"
import { commandsOf, constraintOf } from "../nodes.ts"
import type { Constraint } from "libpg-query"
import type { LintContext, LintStatement, Rule } from "../rule.ts"

export const smallKey: Rule = {
  name: "small-key",
  reason:
    "An integer key ends at 2,147,483,647, failed inserts and rolled back rows counted, and every INSERT fails from there on; to widen it then rewrites this table and all that refer to it.",
  check: (statement, context) =>
    columnsOf(statement)
      .filter((typed) => isSmall(typed, statement, context))
      .map((typed) => ({
        at: typed.at,
        message: `the key ${spell(typed.column.colname)} can run out of numbers`,
        fix: withType(statement, typed, "bigint")
      }))
}

const isSmall = (typed: TypedColumn, statement: LintStatement, context: LintContext): boolean => {
  const type = typeNameOf(typed.column)
  if (type !== "smallint" && type !== "integer") return false
  const later = laterOf(typed, statement, context)
  const isNumbered = hasConstraint(typed.column, "CONSTR_IDENTITY") || later.isNumbered
  // Few rows that somebody numbers by hand are what a smallint is for.
  return isNumbered || (type === "integer" && (isPrimary(typed, statement) || later.isPrimary))
}

const isPrimary = ({ column }: TypedColumn, { node }: LintStatement): boolean => {
  if (hasConstraint(column, "CONSTR_PRIMARY")) return true
  if (!("CreateStmt" in node)) return false
  return (node.CreateStmt.tableElts ?? []).some(
    (element) => "Constraint" in element && isKeyOf(element.Constraint, column.colname)
  )
}

const isKeyOf = ({ contype, keys }: Constraint, column: string | undefined): boolean => {
  const names = partsOf(keys)
  return contype === "CONSTR_PRIMARY" && names.length === 1 && names[0] === column
}

/** What the statements behind it make of a column, as `pg_dump` writes them. */
const laterOf = ({ column, relation }: TypedColumn, { index }: LintStatement, context: LintContext) => {
  const commands = changes(context, relation).filter((change) => change.index > index)
  return {
    isNumbered: commands.some(({ body }) => body.subtype === "AT_AddIdentity" && body.name === column.colname),
    isPrimary: commands.some(({ body }) => isKeyOf(constraintOf(body) ?? {}, column.colname))
  }
}

const changes = byTable((statement) =>
  commandsOf(statement).map(({ body, relation }) => ({ relation, what: { body, index: statement.index } }))
)
