import { advice } from "../fixes.ts"
import { nameOf } from "../names.ts"
import { relationsIn } from "../nodes.ts"
import type { Rule } from "../rule.ts"

export const truncate: Rule = {
  name: "truncate",
  reason:
    "TRUNCATE takes an ACCESS EXCLUSIVE lock and removes all rows; with CASCADE also those of every table that points there. Queries that began before it see an empty table.",
  check: ({ node }, { isNew }) => {
    if (!("TruncateStmt" in node)) return []
    const { behavior, relations } = node.TruncateStmt
    const tables = relationsIn(relations)
      .filter((relation) => !isNew(relation))
      .map(nameOf)
    if (tables.length === 0) return []
    const cascades = behavior === "DROP_CASCADE" ? ", and of every table that has a foreign key to it" : ""
    return [
      {
        message: `TRUNCATE removes all rows of ${tables.join(", ")}${cascades}`,
        fix: advice(
          `delete the rows of ${tables.join(", ")} in batches (Backfill), and those of other tables by name;`,
          "or allow it here with the reason why nobody uses them"
        )
      }
    ]
  }
}
