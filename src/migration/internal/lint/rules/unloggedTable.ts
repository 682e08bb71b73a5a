import { nameOf } from "../names.ts"
import type { Rule } from "../rule.ts"
import { replaced } from "../source.ts"

export const unloggedTable: Rule = {
  name: "unlogged-table",
  reason: "An unlogged table is empty after a crash of the server, and is not on its standbys at all.",
  check: ({ node, text }) => {
    const relation =
      "CreateStmt" in node
        ? node.CreateStmt.relation
        : "CreateTableAsStmt" in node
          ? node.CreateTableAsStmt.into?.rel
          : undefined
    if (relation?.relpersistence !== "u") return []
    return [
      {
        message: `the rows of ${nameOf(relation)} do not survive a crash or a failover`,
        fix: `${replaced(text, /(?<=^CREATE\s+)UNLOGGED\s+/giu, "")};`
      }
    ]
  }
}
