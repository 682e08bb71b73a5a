import { advice } from "../fixes.ts"
import type { Node } from "libpg-query"
import { optionsOf } from "../../statementOptions.ts"
import type { Rule } from "../rule.ts"

export const plainPassword: Rule = {
  name: "plain-password",
  reason:
    "A password in a migration is in the repository, in the server's log and in pg_stat_statements, and the same on every database that it runs on.",
  check: ({ node }) => {
    const whose = passwordIn(node)
    return whose === undefined
      ? []
      : [
          {
            message: `has the password of ${whose}`,
            fix: advice(
              `remove it, and let the provisioner generate one for ${whose}; or write its SCRAM-SHA-256 verifier`
            )
          }
        ]
  }
}

const passwordIn = (node: Node): string | undefined => {
  if ("CreateRoleStmt" in node) return isPlain(node.CreateRoleStmt.options) ? node.CreateRoleStmt.role : undefined
  if ("AlterRoleStmt" in node) {
    return isPlain(node.AlterRoleStmt.options) ? (node.AlterRoleStmt.role?.rolename ?? "its role") : undefined
  }
  if ("CreateUserMappingStmt" in node || "AlterUserMappingStmt" in node) {
    const { options, servername } =
      "CreateUserMappingStmt" in node ? node.CreateUserMappingStmt : node.AlterUserMappingStmt
    return isPlain(options) ? `a login on ${servername ?? "a server"}` : undefined
  }
  const connection = connectionIn(node)
  return connection !== undefined && /\bpassword\s*=|:\/\/[^/@\s]*:[^/@\s]+@/iu.test(connection)
    ? "a subscription's login"
    : undefined
}

const connectionIn = (node: Node): string | undefined => {
  if ("CreateSubscriptionStmt" in node) return node.CreateSubscriptionStmt.conninfo
  return "AlterSubscriptionStmt" in node ? node.AlterSubscriptionStmt.conninfo : undefined
}

/** PASSWORD NULL has none, and a verifier is none. */
const isPlain = (options: ReadonlyArray<Node> | undefined): boolean => {
  const password = optionsOf(options).get("password") ?? ""
  return password !== "" && !password.startsWith("SCRAM-SHA-256$")
}
