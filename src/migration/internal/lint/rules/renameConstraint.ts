import { afterwards } from "../contract.ts"
import { nameOf, spell } from "../names.ts"
import type { Rule } from "../rule.ts"

export const renameConstraint: Rule = {
  name: "rename-constraint",
  reason:
    "Applications tell violations apart by the constraint's name, and ON CONFLICT ON CONSTRAINT takes it: both no longer find it.",
  check: ({ node, text }, context) => {
    if (!("RenameStmt" in node)) return []
    const { newname = "", relation, renameType, subname = "" } = node.RenameStmt
    if (renameType !== "OBJECT_TABCONSTRAINT" || context.isNew(relation)) return []
    const [table, before, after] = [nameOf(relation), spell(subname), spell(newname)]
    return [
      {
        message: `the constraint ${before} of ${table} is called ${after} from here on`,
        fix: afterwards("rename-constraint", `every running application knows both ${before} and ${after}`, text)
      }
    ]
  }
}
