import { alone } from "../fixes.ts"
import { nameOf } from "../names.ts"
import { commandsOf, partitionOf } from "../nodes.ts"
import type { Rule } from "../rule.ts"

export const concurrentDetach: Rule = {
  name: "concurrent-detach",
  reason:
    "DETACH PARTITION takes an ACCESS EXCLUSIVE lock on the whole partitioned table, and not only on the partition.",
  check: (statement, context) =>
    commandsOf(statement).flatMap(({ at, body, relation }) => {
      const { concurrent, name } = partitionOf(body) ?? {}
      if (body.subtype !== "AT_DetachPartition" || concurrent === true) return []
      if (context.isNew(relation) || context.isNew(name)) return []
      const [table, partition] = [nameOf(relation), nameOf(name)]
      return [
        {
          at,
          message: `DETACH PARTITION ${partition} blocks reads and writes of all of ${table}`,
          fix: alone(`ALTER TABLE ${table} DETACH PARTITION ${partition} CONCURRENTLY;`, context)
        }
      ]
    })
}
