import { standIn, steps } from "../contract.ts"
import { advice } from "../fixes.ts"
import { spell } from "../names.ts"
import { isMadeBefore } from "../objects.ts"
import type { Rule } from "../rule.ts"

export const renameSchema: Rule = {
  name: "rename-schema",
  reason: "Every name qualified with the schema fails from the commit on, and so does every search_path that has it.",
  check: (statement, context) => {
    if (!("RenameStmt" in statement.node)) return []
    const { newname, renameType, subname = "" } = statement.node.RenameStmt
    if (renameType !== "OBJECT_SCHEMA") return []
    if (isMadeBefore(statement, context, { kind: "OBJECT_SCHEMA", parts: [subname] })) return []
    const [before, after] = [spell(subname), spell(newname)]
    return [
      {
        message: `schema ${before} is called ${after} from here on`,
        fix: steps(
          `CREATE SCHEMA ${after};`,
          advice(
            "for each table, in one migration:",
            `ALTER TABLE ${before}.<table> SET SCHEMA ${after};`,
            standIn(`${before}.<table>`, `${after}.<table>`, context),
            `and when nothing names ${before} any more: DROP SCHEMA ${before};`
          )
        )
      }
    ]
  }
}
