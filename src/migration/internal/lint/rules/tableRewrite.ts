import { advice, alone } from "../fixes.ts"
import { nameOf, spell } from "../names.ts"
import { type Command, commandsIn } from "../nodes.ts"
import type { LintContext, LintStatement, Problem, Rule } from "../rule.ts"

export const tableRewrite: Rule = {
  name: "table-rewrite",
  reason:
    "It writes the whole table, index or materialized view anew under an ACCESS EXCLUSIVE lock: nobody can read or write it meanwhile.",
  check: (statement, context) => [...ofCommands(statement, context), ...ofAll(statement)]
}

const ofCommands = ({ node, text }: LintStatement, context: LintContext): ReadonlyArray<Problem> => {
  if (!("AlterTableStmt" in node)) return []
  const { objtype = "" } = node.AlterTableStmt
  return commandsIn(node.AlterTableStmt, text).flatMap((command) => {
    const { at, relation } = command
    const [what, instead] = rewrites(command, objtype, context) ?? []
    if (what === undefined || instead === undefined || context.isNew(relation)) return []
    return [{ at, message: `${what} writes all of ${nameOf(relation)} anew`, fix: instead }]
  })
}

type Rewrite = readonly [what: string, instead: string]

const rewrites = ({ body, relation }: Command, objtype: string, context: LintContext): Rewrite | undefined => {
  const table = nameOf(relation)
  const name = spell(body.name)
  switch (body.subtype) {
    case "AT_SetTableSpace":
      return [`SET TABLESPACE ${name}`, moved(table, name, objtype, context)]
    case "AT_SetAccessMethod":
      return [`SET ACCESS METHOD ${name}`, newTable(table)]
    case "AT_SetLogged":
      return ["SET LOGGED", newTable(table)]
    case "AT_SetUnLogged":
      return ["SET UNLOGGED", newTable(table)]
    case "AT_SetExpression":
      return [
        `SET EXPRESSION of ${name}`,
        advice(
          `add another generated column as stored-generated-column says, let the application read it, and drop ${name}`
        )
      ]
    default:
      return undefined
  }
}

const moved = (name: string, tablespace: string, objtype: string, context: LintContext): string => {
  if (objtype === "OBJECT_INDEX")
    return alone(`REINDEX (TABLESPACE ${tablespace}) INDEX CONCURRENTLY ${name};`, context)
  return objtype === "OBJECT_MATVIEW"
    ? newTable(name)
    : advice(`pg_repack --table=${name} --tablespace=${tablespace} moves it while it is used`)
}

const newTable = (table: string): string =>
  advice(
    `make a new table like ${table} that is as it has to be, let the application write both, fill it in batches (Backfill),`,
    "and change over to it; or allow it here with the reason why the table is small"
  )

const ofAll = ({ node }: LintStatement): ReadonlyArray<Problem> => {
  if (!("AlterTableMoveAllStmt" in node)) return []
  const { new_tablespacename, orig_tablespacename } = node.AlterTableMoveAllStmt
  const [from, to] = [spell(orig_tablespacename), spell(new_tablespacename)]
  return [
    {
      message: `writes anew all that is in the tablespace ${from}`,
      fix: advice(`pg_repack --table=<table> --tablespace=${to} moves one after the other while they are used`)
    }
  ]
}
