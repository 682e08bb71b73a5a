import { advice } from "../fixes.ts"
import { blocked, isAtLeast } from "../lockModes.ts"
import { lockedBy } from "../locks.ts"
import type { Rule } from "../rule.ts"

export const severalLocks: Rule = {
  name: "several-locks",
  reason:
    "A transaction that waits for the lock on a second table keeps the first one locked meanwhile, and with a query that locks the two in the other order it ends in a deadlock.",
  check: (statement, context) => {
    const first = [...context.held.values()].find(({ mode }) => isAtLeast(mode, "SHARE"))
    if (first === undefined) return []
    const [, next] =
      [...lockedBy(statement, context)].find(
        ([key, { mode }]) =>
          isAtLeast(mode, "SHARE") && !isAtLeast(context.held.get(key)?.mode ?? "ACCESS SHARE", "SHARE")
      ) ?? []
    if (next === undefined) return []
    return [
      {
        message: `it waits for ${next.relation} while ${blocked(first.mode)} of ${first.relation} are blocked`,
        fix: advice(
          `put what changes ${next.relation} into a migration of its own, or begin this one with pgkeel:no-transaction,`,
          "so that each statement frees its locks"
        )
      }
    ]
  }
}
