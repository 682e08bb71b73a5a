import { advice } from "../fixes.ts"
import type { Node } from "libpg-query"
import { spell } from "../names.ts"
import type { Rule } from "../rule.ts"

export const serverSettings: Rule = {
  name: "server-settings",
  reason:
    "New connections of what runs at the moment get the setting and old ones do not, other applications of the server perhaps too; and the next database that is made does not have it from this file.",
  check: ({ node }) => {
    const where = whereSet(node)
    return where === undefined
      ? []
      : [
          {
            message: `changes ${where}`,
            fix: advice("let the provisioner do it, or give the setting to the application's own connections")
          }
        ]
  }
}

const whereSet = (node: Node): string | undefined => {
  if ("AlterSystemStmt" in node) return `${node.AlterSystemStmt.setstmt?.name ?? "settings"} of the whole server`
  if ("AlterDatabaseSetStmt" in node) {
    const { dbname, setstmt } = node.AlterDatabaseSetStmt
    return `${setstmt?.name ?? "settings"} of every new connection to ${spell(dbname)}`
  }
  if (!("AlterRoleSetStmt" in node)) return undefined
  const { role, setstmt } = node.AlterRoleSetStmt
  return `${setstmt?.name ?? "settings"} of every new connection of ${spell(role?.rolename ?? "all")}`
}
