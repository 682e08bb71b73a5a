import { steps } from "../contract.ts"
import { advice } from "../fixes.ts"
import type { GrantStmt, Node } from "libpg-query"
import { objectName, nameOf, spell } from "../names.ts"
import { wordOf } from "../objects.ts"
import type { Rule } from "../rule.ts"

export const grantToPublic: Rule = {
  name: "grant-to-public",
  reason: "PUBLIC is every role that exists and will exist, on a cluster that may serve other applications too.",
  check: ({ node, placeOf, text }) => {
    const grant = grantIn(node)
    const everybody = grant?.is_grant === true ? (grant.grantees ?? []).find(isPublic) : undefined
    if (grant === undefined || everybody === undefined) return []
    const at = "RoleSpec" in everybody ? placeOf(everybody.RoleSpec.location) : 0
    return [
      {
        message: `gives every role ${privilegesOf(grant)} on ${whatOf(grant)}`,
        fix: steps(
          advice("name the application's role"),
          `${text.slice(0, at)}application${text.slice(at + "PUBLIC".length)};`
        )
      }
    ]
  }
}

/** Also what ALTER DEFAULT PRIVILEGES gives on objects to come. */
export const grantIn = (node: Node): GrantStmt | undefined => {
  if ("GrantStmt" in node) return node.GrantStmt
  return "AlterDefaultPrivilegesStmt" in node ? node.AlterDefaultPrivilegesStmt.action : undefined
}

export const isPublic = (grantee: Node): boolean =>
  "RoleSpec" in grantee && grantee.RoleSpec.roletype === "ROLESPEC_PUBLIC"

export const privilegesOf = ({ privileges = [] }: GrantStmt): string =>
  privileges.length === 0
    ? "ALL"
    : privileges
        .flatMap((each) => ("AccessPriv" in each ? [(each.AccessPriv.priv_name ?? "all").toUpperCase()] : []))
        .join(", ")

export const whatOf = ({ objects = [], objtype, targtype }: GrantStmt): string => {
  const kind = wordOf(objtype)
  if (targtype === "ACL_TARGET_DEFAULTS") return `each new ${kind}`
  const names = objects.map((object) => ("RangeVar" in object ? nameOf(object.RangeVar) : spell(...objectName(object))))
  return `${targtype === "ACL_TARGET_ALL_IN_SCHEMA" ? `every ${kind} of schema` : kind} ${names.join(", ")}`
}
