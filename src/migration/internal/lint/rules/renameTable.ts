import { standIn, steps } from "../contract.ts"
import type { RangeVar } from "libpg-query"
import { nameOf } from "../names.ts"
import { isMadeAfter, relationParts, wordOf } from "../objects.ts"
import type { LintContext, LintStatement, Rule } from "../rule.ts"

export const renameTable: Rule = {
  name: "rename-table",
  reason:
    "What runs at the moment names the table or view as it was: its statements fail from the commit on, unless a view of the old name takes them.",
  check: (statement, context) => {
    if (!("RenameStmt" in statement.node)) return []
    const { newname = "", relation, renameType = "" } = statement.node.RenameStmt
    if (!relations.has(renameType) || context.isNew(relation) || isStoodInFor(statement, context, relation)) return []
    const [before, after] = [nameOf(relation), nameOf({ ...relation, relname: newname })]
    return [
      {
        message: `${wordOf(renameType)} ${before} is called ${after} from here on`,
        fix: steps(`${statement.text};`, standIn(before, after, context))
      }
    ]
  }
}

/** Whether a view of the old name comes with the same commit. */
export const isStoodInFor = (statement: LintStatement, context: LintContext, relation: RangeVar | undefined): boolean =>
  context.transaction && isMadeAfter(statement, context, { kind: "OBJECT_VIEW", parts: relationParts(relation) })

const relations = new Set(["OBJECT_TABLE", "OBJECT_VIEW", "OBJECT_MATVIEW", "OBJECT_FOREIGN_TABLE"])
