import { nameOf } from "../names.ts"
import type { Rule } from "../rule.ts"

export const concurrentRefresh: Rule = {
  name: "concurrent-refresh",
  reason: "REFRESH MATERIALIZED VIEW blocks all reads of the view until its query has run to the end.",
  check: ({ node }, { isNew, table }) => {
    if (!("RefreshMatViewStmt" in node)) return []
    const { concurrent, relation, skipData } = node.RefreshMatViewStmt
    if (concurrent === true || isNew(relation)) return []
    const view = nameOf(relation)
    const unready = table(relation)?.indexes.every(({ unique }) => !unique) === true
    const index = `-- first, it needs one: CREATE UNIQUE INDEX CONCURRENTLY ON ${view} (<what tells its rows apart>);\n`
    return [
      {
        message:
          skipData === true
            ? `REFRESH ... WITH NO DATA makes ${view} unreadable`
            : `REFRESH blocks reads of ${view} while its query runs`,
        fix: `${unready ? index : ""}REFRESH MATERIALIZED VIEW CONCURRENTLY ${view};`
      }
    ]
  }
}
