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
      return [{ message, fix: `make a new type with ${spell(newname)}, and columns of it beside those of ${table}` }]
    }
    const known = context.table(relation)?.columns.find(({ name }) => name === subname)?.type
    const type_ = known ?? `<type of ${spell(subname)}>`
    return [
      {
        message,
        fix:
          `ALTER TABLE ${table} ADD COLUMN ${spell(newname)} ${type_}; release an application that writes both and reads ` +
          `${spell(subname)}; fill ${spell(newname)} with Backfill; release one that knows only ${spell(newname)}; then ` +
          `ALTER TABLE ${table} DROP COLUMN ${spell(subname)};`
      }
    ]
  }
}
