import { advice } from "../fixes.ts"
import type { Node } from "libpg-query"
import { spell } from "../names.ts"
import type { Rule } from "../rule.ts"

export const dropDatabase: Rule = {
  name: "drop-database",
  reason: "A database is nobody's to drop by a file that runs wherever it is deployed: a mistaken URL is enough.",
  check: ({ node }) =>
    gone(node).map((what) => ({
      message: `drops ${what}`,
      fix: advice(`drop ${what} by hand, with somebody looking on; a migration changes what is inside one database`)
    }))
}

const gone = (node: Node): ReadonlyArray<string> => {
  if ("DropdbStmt" in node) return [`the database ${spell(node.DropdbStmt.dbname)}`]
  if ("DropTableSpaceStmt" in node) return [`the tablespace ${spell(node.DropTableSpaceStmt.tablespacename)}`]
  return []
}
