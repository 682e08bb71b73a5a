import { steps } from "../contract.ts"
import { advice } from "../fixes.ts"
import { isMadeBefore, relationParts } from "../objects.ts"
import { nameOf, spell } from "../names.ts"
import type { Rule } from "../rule.ts"

export const renameColumn: Rule = {
  name: "rename-column",
  reason: "What runs at the moment names the column as it was: its statements fail from the commit on.",
  check: (statement, context) => {
    if (!("RenameStmt" in statement.node)) return []
    const { newname = "", relation, renameType, subname = "" } = statement.node.RenameStmt
    if (renameType !== "OBJECT_COLUMN" && renameType !== "OBJECT_ATTRIBUTE") return []
    const type = { kind: "OBJECT_TYPE", parts: relationParts(relation) }
    if (context.isNew(relation) || isMadeBefore(statement, context, type)) return []
    const table = nameOf(relation)
    const message = `${table}.${spell(subname)} is called ${spell(newname)} from here on`
    if (renameType === "OBJECT_ATTRIBUTE") {
      return [
        { message, fix: advice(`make a new type with ${spell(newname)}, and columns of it beside those of ${table}`) }
      ]
    }
    const known = context.table(relation)?.columns.find(({ name }) => name === subname)?.type
    const [before, after] = [spell(subname), spell(newname)]
    const add = `ALTER TABLE ${table} ADD COLUMN ${after}`
    return [
      {
        message,
        fix: steps(
          known === undefined ? advice(`${add} <type of ${before}>;`) : `${add} ${known};`,
          advice(
            `release an application that writes both and reads ${before}; fill ${after} with Backfill;`,
            `release one that knows only ${after}; then, in a migration of its own:`,
            `ALTER TABLE ${table} DROP COLUMN ${before};`
          )
        )
      }
    ]
  }
}
