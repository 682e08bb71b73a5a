import { advice, alone } from "../fixes.ts"
import { nameOf } from "../names.ts"
import { isParentAlone } from "../rewrites.ts"
import type { Rule } from "../rule.ts"
import { replaced } from "../source.ts"

export const concurrentIndex: Rule = {
  name: "concurrent-index",
  reason: "CREATE INDEX holds a SHARE lock until it has read the whole table: nobody can write to it meanwhile.",
  check: ({ node, text }, context) => {
    if (!("IndexStmt" in node)) return []
    const { concurrent, relation } = node.IndexStmt
    if (concurrent === true || context.isNew(relation) || isParentAlone(context, relation)) return []
    const table = nameOf(relation)
    const isPartitioned = context.table(relation)?.kind === "partitioned table"
    const concurrently = alone(`${replaced(text, /^CREATE\s+(?:UNIQUE\s+)?INDEX\b/giu, "$& CONCURRENTLY")};`, context)
    const fix = isPartitioned
      ? advice(
          `${table} is partitioned: CREATE INDEX ... ON ONLY ${table}, which takes no time; then, for each partition,`,
          "CREATE INDEX CONCURRENTLY on it and ALTER INDEX ... ATTACH PARTITION"
        )
      : concurrently
    return [{ message: `CREATE INDEX blocks all writes to ${table} until it is built`, fix }]
  }
}
