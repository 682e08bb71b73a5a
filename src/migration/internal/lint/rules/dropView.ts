import { afterwards, steps } from "../contract.ts"
import { advice } from "../fixes.ts"
import { relationOf, spell } from "../names.ts"
import { droppedBy, isMadeAfter, wordOf } from "../objects.ts"
import type { Rule } from "../rule.ts"

export const dropView: Rule = {
  name: "drop-view",
  reason: "What runs at the moment still reads the view: its statements fail from the commit on.",
  check: (statement, context) =>
    droppedBy(statement.node).flatMap(({ kind, parts }) => {
      if (kind !== "OBJECT_VIEW" && kind !== "OBJECT_MATVIEW") return []
      const isReplaced = context.transaction && isMadeAfter(statement, context, { kind, parts })
      if (isReplaced || context.isNew(relationOf(parts))) return []
      const [view, word] = [spell(...parts), wordOf(kind)]
      const change =
        kind === "OBJECT_VIEW" ? [advice(`to change it: CREATE OR REPLACE VIEW ${view} AS ...; to be rid of it:`)] : []
      const drop = afterwards("drop-view", `no running application names ${view}`, `DROP ${word.toUpperCase()} ${view}`)
      return [{ message: `drops the ${word} ${view}`, fix: steps(...change, drop) }]
    })
}
