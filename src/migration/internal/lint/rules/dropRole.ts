import { advice } from "../fixes.ts"
import type { Node } from "libpg-query"
import { spell } from "../names.ts"
import { isMadeBefore } from "../objects.ts"
import { optionsOf } from "../../statementOptions.ts"
import type { Rule } from "../rule.ts"

export const dropRole: Rule = {
  name: "drop-role",
  reason:
    "Roles belong to the whole cluster: applications on its other databases lose their login, and DROP OWNED takes tables with it.",
  check: (statement, context) =>
    lost(statement.node)
      .filter(({ role }) => !isMadeBefore(statement, context, { kind: "OBJECT_ROLE", parts: [role] }))
      .map(({ role, what }) => ({
        message: `${what} ${spell(role)}`,
        fix: advice(
          `let an administrator do it when no application logs in as ${spell(role)}:`,
          `REASSIGN OWNED BY ${spell(role)} TO <owner>; in each database, then DROP ROLE ${spell(role)};`
        )
      }))
}

interface Lost {
  readonly role: string
  readonly what: string
}

const lost = (node: Node): ReadonlyArray<Lost> => {
  if ("DropRoleStmt" in node) return rolesIn(node.DropRoleStmt.roles, "drops the role")
  if ("DropOwnedStmt" in node) return rolesIn(node.DropOwnedStmt.roles, "drops all that belongs to")
  if (!("AlterRoleStmt" in node)) return []
  const { options, role } = node.AlterRoleStmt
  const isLockedOut = optionsOf(options).get("canlogin") === "false"
  return isLockedOut ? [{ role: role?.rolename ?? "", what: "takes the login of" }] : []
}

const rolesIn = (roles: ReadonlyArray<Node> | undefined, what: string): ReadonlyArray<Lost> =>
  (roles ?? []).flatMap((role) =>
    "RoleSpec" in role ? [{ role: role.RoleSpec.rolename ?? "current_user", what }] : []
  )
