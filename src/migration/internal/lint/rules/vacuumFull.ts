import type { Node } from "libpg-query"
import { advice } from "../fixes.ts"
import { nameOf } from "../names.ts"
import { isOn, optionsOf } from "../../statementOptions.ts"
import { nodesIn } from "../nodes.ts"
import type { Rule } from "../rule.ts"

export const vacuumFull: Rule = {
  name: "vacuum-full",
  reason:
    "VACUUM FULL and CLUSTER write the whole table anew under an ACCESS EXCLUSIVE lock: nobody can read or write it meanwhile.",
  check: ({ node }, { isNew }) => {
    const found = targetOf(node)
    if (found === undefined || (found.relations.length > 0 && found.relations.every(isNew))) return []
    const tables = found.relations.map(nameOf).join(", ") || "all tables"
    return [
      {
        message: `${found.command} writes all of ${tables} anew`,
        fix: advice(
          `VACUUM (ANALYZE)${found.relations.length === 0 ? "" : ` ${tables}`} makes the space free for new rows, beside the application;`,
          "pg_repack gives it back to the system, and sorts the rows, while the table is used"
        )
      }
    ]
  }
}

const targetOf = (node: Node) => {
  if ("ClusterStmt" in node) return { command: "CLUSTER", relations: [node.ClusterStmt.relation ?? []].flat() }
  if (!("VacuumStmt" in node) || !isOn(optionsOf(node.VacuumStmt.options).get("full"))) return undefined
  const relations = nodesIn(node.VacuumStmt.rels, "VacuumRelation").flatMap(({ relation }) => relation ?? [])
  return { command: "VACUUM FULL", relations }
}
