import { advice } from "../fixes.ts"
import { nameOf, spell } from "../names.ts"
import { type Command, commandsOf } from "../nodes.ts"
import type { Rule } from "../rule.ts"

export const tableRewrite: Rule = {
  name: "table-rewrite",
  reason: "It writes the whole table anew under an ACCESS EXCLUSIVE lock: nobody can read or write it meanwhile.",
  check: (statement, { isNew }) =>
    commandsOf(statement).flatMap((command) => {
      const { at, relation } = command
      const [what, instead] = rewrites(command) ?? []
      if (what === undefined || instead === undefined || isNew(relation)) return []
      return [{ at, message: `${what} writes all of ${nameOf(relation)} anew`, fix: advice(...instead) }]
    })
}

const rewrites = ({ body, relation }: Command): readonly [what: string, instead: ReadonlyArray<string>] | undefined => {
  const table = nameOf(relation)
  const name = spell(body.name)
  switch (body.subtype) {
    case "AT_SetTableSpace":
      return [`SET TABLESPACE ${name}`, [`pg_repack --table=${table} --tablespace=${name} moves it while it is used`]]
    case "AT_SetAccessMethod":
      return [`SET ACCESS METHOD ${name}`, newTable(table)]
    case "AT_SetLogged":
      return ["SET LOGGED", newTable(table)]
    case "AT_SetUnLogged":
      return ["SET UNLOGGED", newTable(table)]
    case "AT_SetExpression":
      return [
        `SET EXPRESSION of ${name}`,
        [`add another generated column as stored-generated-column says, let the application read it, and drop ${name}`]
      ]
    default:
      return undefined
  }
}

const newTable = (table: string): ReadonlyArray<string> => [
  `make a new table like ${table} that is as it has to be, let the application write both, fill it in batches (Backfill),`,
  "and change over to it; or allow it here with the reason why the table is small"
]
