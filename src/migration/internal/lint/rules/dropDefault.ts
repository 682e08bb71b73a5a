import { afterwards } from "../contract.ts"
import type { AlterTableCmd, RangeVar } from "libpg-query"
import { nameOf, spell } from "../names.ts"
import { commandsOf } from "../nodes.ts"
import type { LintContext, Rule } from "../rule.ts"

export const dropDefault: Rule = {
  name: "drop-default",
  reason:
    "INSERTs of what runs at the moment leave the column to the database: they write NULL from the commit on, or fail if it is NOT NULL.",
  check: (statement, context) =>
    commandsOf(statement).flatMap(({ at, body, relation }) => {
      const what = lost(body)
      if (what === undefined || context.isNew(relation) || mayBeNull(context, relation, body)) return []
      const [table, column] = [nameOf(relation), spell(body.name)]
      return [
        {
          at,
          message: `takes ${what} of ${table}.${column}`,
          fix: afterwards(
            "drop-default",
            `every INSERT into ${table} gives ${column}`,
            `ALTER TABLE ${table} ALTER COLUMN ${column} ${statements[what]}`
          )
        }
      ]
    })
}

const statements = {
  "the default": "DROP DEFAULT",
  "the numbering": "DROP IDENTITY",
  "the expression": "DROP EXPRESSION"
} as const

const lost = ({ def, subtype }: AlterTableCmd): keyof typeof statements | undefined => {
  if (subtype === "AT_ColumnDefault") return def === undefined ? "the default" : undefined
  if (subtype === "AT_DropIdentity") return "the numbering"
  return subtype === "AT_DropExpression" ? "the expression" : undefined
}

/** A column that may be NULL and has no default is written like any other. */
const mayBeNull = ({ table }: LintContext, relation: RangeVar | undefined, { name, subtype }: AlterTableCmd): boolean =>
  subtype === "AT_ColumnDefault" &&
  table(relation)?.columns.some((column) => column.name === name && column.nullable) === true
