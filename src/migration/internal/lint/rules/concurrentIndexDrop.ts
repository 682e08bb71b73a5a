import { alone } from "../fixes.ts"
import { objectName, relationOf, spell } from "../names.ts"
import type { Rule } from "../rule.ts"

export const concurrentIndexDrop: Rule = {
  name: "concurrent-index-drop",
  reason:
    "DROP INDEX takes an ACCESS EXCLUSIVE lock on the table: it waits for every query that runs, and whoever comes later waits for it.",
  check: ({ node }, context) => {
    if (!("DropStmt" in node)) return []
    const { concurrent, missing_ok, objects = [], removeType } = node.DropStmt
    if (removeType !== "OBJECT_INDEX" || concurrent === true) return []
    const indexes = objects.map(objectName).filter((parts) => !context.isNew(relationOf(parts)))
    if (indexes.length === 0) return []
    const names = indexes.map((parts) => spell(...parts))
    const ifExists = missing_ok === true ? " IF EXISTS" : ""
    const statements = names.map((name) => `DROP INDEX CONCURRENTLY${ifExists} ${name};`).join("\n")
    return [
      {
        message: `DROP INDEX blocks reads and writes of the table of ${names.join(", ")}`,
        fix: alone(statements, context)
      }
    ]
  }
}
