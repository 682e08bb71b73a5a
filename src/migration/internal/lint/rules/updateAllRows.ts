import type { Node, RangeVar } from "libpg-query"
import { isQuery } from "../dataLocks.ts"
import { advice } from "../fixes.ts"
import { nameOf } from "../names.ts"
import { nodesIn } from "../nodes.ts"
import type { Rule } from "../rule.ts"

export const updateAllRows: Rule = {
  name: "update-all-rows",
  reason:
    "One statement that changes all rows locks each of them until it commits, writes all of them to the log at once, and is undone altogether when it is broken off.",
  check: ({ node, placeOf }, { isNew }) =>
    changesIn(node)
      .filter(({ relation, whereClause }) => isTrue(whereClause) && !isNew(relation))
      .map(({ command, relation }) => {
        const table = nameOf(relation)
        return {
          at: "UpdateStmt" in node || "DeleteStmt" in node ? 0 : placeOf(relation?.location),
          message: `${command} changes all rows of ${table} in one transaction`,
          fix: advice(
            `do it in batches with the Backfill of a migration in code, or say WHERE which rows of ${table} it is about`
          )
        }
      })
}

interface Change {
  readonly command: "UPDATE" | "DELETE"
  readonly relation?: RangeVar | undefined
  readonly whereClause?: Node | undefined
}

/** Those of a WITH, too; not those of the body of a function, which is not run. */
const changesIn = (node: Node): ReadonlyArray<Change> =>
  isQuery(node)
    ? [
        ...nodesIn(node, "UpdateStmt").map((change): Change => ({ command: "UPDATE", ...change })),
        ...nodesIn(node, "DeleteStmt").map((change): Change => ({ command: "DELETE", ...change }))
      ]
    : []

const isTrue = (condition: Node | undefined): boolean =>
  condition === undefined || ("A_Const" in condition && condition.A_Const.boolval?.boolval === true)
