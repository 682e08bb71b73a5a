import { advice, alone } from "../fixes.ts"
import { nameOf } from "../names.ts"
import { isOn, optionsOf } from "../../statementOptions.ts"
import type { Rule } from "../rule.ts"
import { replaced } from "../source.ts"

export const concurrentReindex: Rule = {
  name: "concurrent-reindex",
  reason: "REINDEX blocks writes to the table, and reads that would use the index, until it has built the index again.",
  check: ({ node, text }, context) => {
    if (!("ReindexStmt" in node)) return []
    const { kind, name, params, relation } = node.ReindexStmt
    const options = optionsOf(params)
    if (isOn(options.get("concurrently")) || context.isNew(relation)) return []
    const what = relation === undefined ? (name ?? "the database") : nameOf(relation)
    const concurrently = options.has("concurrently")
      ? replaced(text, /\bCONCURRENTLY\s+\w+/giu, "CONCURRENTLY")
      : replaced(text, /^REINDEX\s*(?:\([^)]*\)\s*)?(?:INDEX|TABLE|SCHEMA|DATABASE)\b/giu, "$& CONCURRENTLY")
    const fix =
      kind === "REINDEX_OBJECT_SYSTEM"
        ? advice("the server's own indexes cannot be built again beside the application: do it while it is stopped")
        : alone(`${concurrently};`, context)
    return [{ message: `REINDEX of ${what} blocks writes while it runs`, fix }]
  }
}
