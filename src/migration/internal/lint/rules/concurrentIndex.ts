import { nameOf } from "../names.ts"
import type { Rule } from "../rule.ts"

export const concurrentIndex: Rule = {
  name: "concurrent-index",
  reason: "CREATE INDEX holds a SHARE lock until it has read the whole table: nobody can write to it meanwhile.",
  check: ({ node, text }, { isQuick }) => {
    if (!("IndexStmt" in node)) return []
    const { concurrent, relation } = node.IndexStmt
    if (concurrent === true || isQuick(relation)) return []
    return [
      {
        message: `CREATE INDEX blocks all writes to ${nameOf(relation)} while it is built`,
        fix: `in a migration of its own: ${text.replace(/\bINDEX\b/iu, (word) => `${word} ${word === "index" ? "concurrently" : "CONCURRENTLY"}`)};`
      }
    ]
  }
}
