import { afterwards } from "../contract.ts"
import type { GrantStmt, Node } from "libpg-query"
import type { LintContext, Rule } from "../rule.ts"
import { grantIn, isPublic, privilegesOf, whatOf } from "./grantToPublic.ts"
import { spell } from "../names.ts"

export const revoke: Rule = {
  name: "revoke",
  reason: "What runs at the moment as that role is refused from the commit on.",
  check: ({ node, text }, context) => {
    const role = "GrantRoleStmt" in node && node.GrantRoleStmt.is_grant !== true ? node.GrantRoleStmt : undefined
    const grant = grantIn(node)
    const isTaken = grant !== undefined && grant.is_grant !== true && !isOwn(grant, context)
    const from = rolesIn(role?.grantee_roles ?? (isTaken ? grant.grantees : []))
    if (from === "") return []
    const what = grant === undefined ? "what its group may" : `${privilegesOf(grant)} on ${whatOf(grant)}`
    return [
      {
        message: `takes from ${from} ${what}`,
        fix: afterwards("revoke", `no running application needs it as ${from}`, text)
      }
    ]
  }
}

/** From PUBLIC is what least privilege begins with. */
const rolesIn = (roles: ReadonlyArray<Node> | undefined): string =>
  (roles ?? [])
    .filter((role) => !isPublic(role))
    .flatMap((role) => ("RoleSpec" in role ? [spell(role.RoleSpec.rolename ?? "current_user")] : []))
    .join(", ")

const isOwn = ({ objects = [] }: GrantStmt, { isNew }: LintContext): boolean =>
  objects.length > 0 && objects.every((object) => "RangeVar" in object && isNew(object.RangeVar))
