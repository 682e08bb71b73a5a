import { afterwards } from "../contract.ts"
import { relationOf, spell } from "../names.ts"
import { droppedBy, wordOf } from "../objects.ts"
import type { Rule } from "../rule.ts"

export const dropTable: Rule = {
  name: "drop-table",
  reason: "What runs at the moment still uses the table: its statements fail from the commit on. The data is gone.",
  check: ({ node }, { isNew }) =>
    droppedBy(node).flatMap(({ kind, parts }) => {
      if ((kind !== "OBJECT_TABLE" && kind !== "OBJECT_FOREIGN_TABLE") || isNew(relationOf(parts))) return []
      const [table, word] = [spell(...parts), wordOf(kind)]
      const statement = `DROP ${word.toUpperCase()} ${table}`
      return [
        {
          message: `drops the ${word} ${table}`,
          fix: afterwards("drop-table", `no running application names ${table}`, statement)
        }
      ]
    })
}
