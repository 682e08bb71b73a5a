import { advice } from "../fixes.ts"
import { nameOf } from "../names.ts"
import { isOn, optionsOf } from "../../statementOptions.ts"
import type { LintStatement, Rule } from "../rule.ts"

export const indexCorruption: Rule = {
  name: "index-corruption",
  reason:
    "PostgreSQL 14.0 to 14.3 can leave rows out of an index that is made CONCURRENTLY, so that queries do not find them and unique keys are taken twice (release notes of 14.4).",
  check: (statement, { facts }) => {
    const version = facts?.serverVersion ?? 0
    const table = concurrently(statement)
    if (version < 140_000 || version >= 140_004 || table === undefined) return []
    return [
      {
        message: `this server is 14.${version % 10_000}, and the index of ${table} may lack rows`,
        fix: advice("upgrade the server to the newest 14 first, which takes a restart")
      }
    ]
  }
}

const concurrently = ({ node }: LintStatement): string | undefined => {
  if ("IndexStmt" in node) return node.IndexStmt.concurrent === true ? nameOf(node.IndexStmt.relation) : undefined
  if (!("ReindexStmt" in node) || !isOn(optionsOf(node.ReindexStmt.params).get("concurrently"))) return undefined
  return node.ReindexStmt.relation === undefined ? "each table" : nameOf(node.ReindexStmt.relation)
}
