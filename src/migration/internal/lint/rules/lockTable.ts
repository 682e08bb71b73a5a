import { advice } from "../fixes.ts"
import { blocked, isAtLeast, lockModes } from "../lockModes.ts"
import { nameOf } from "../names.ts"
import type { Rule } from "../rule.ts"

export const lockTable: Rule = {
  name: "lock-table",
  reason: "What LOCK TABLE locks stays locked until the end of the migration, whatever that takes.",
  check: ({ node }, { isNew }) => {
    if (!("LockStmt" in node)) return []
    const mode = lockModes[(node.LockStmt.mode ?? lockModes.length) - 1] ?? "ACCESS EXCLUSIVE"
    const relations = (node.LockStmt.relations ?? []).flatMap((one) => ("RangeVar" in one ? [one.RangeVar] : []))
    const tables = relations
      .filter((relation) => !isNew(relation))
      .map(nameOf)
      .join(", ")
    if (tables === "" || !isAtLeast(mode, "SHARE")) return []
    return [
      {
        message: `LOCK TABLE ... IN ${mode} MODE blocks ${blocked(mode)} of ${tables} until the migration ends`,
        fix: advice(
          "leave it out: each statement takes the lock that it needs. To change rows that others change as well,",
          `lock the rows (SELECT ... FOR UPDATE), or take SHARE UPDATE EXCLUSIVE on ${tables}, which keeps out other migrations only`
        )
      }
    ]
  }
}
