import { advice } from "../fixes.ts"
import { blocked, isAtLeast } from "../lockModes.ts"
import { locksOf } from "../locks.ts"
import type { Rule } from "../rule.ts"

export const lockTable: Rule = {
  name: "lock-table",
  reason: "What LOCK TABLE locks stays locked until the end of the migration, whatever that takes.",
  check: (statement, context) => {
    const locks = "LockStmt" in statement.node ? locksOf(statement, context) : []
    const mode = locks[0]?.mode
    if (mode === undefined || !isAtLeast(mode, "SHARE")) return []
    const tables = locks.map(({ relation }) => relation).join(", ")
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
