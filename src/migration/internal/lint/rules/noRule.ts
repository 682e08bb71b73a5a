import { advice } from "../fixes.ts"
import { nameOf, spell } from "../names.ts"
import type { Rule } from "../rule.ts"

export const noRule: Rule = {
  name: "no-rule",
  reason:
    "A rule rewrites statements: functions in them are called several times, RETURNING and COPY pass it by, and row counts are not what the application expects.",
  check: ({ node }) => {
    if (!("RuleStmt" in node)) return []
    const { event = "CMD_UPDATE", relation, rulename } = node.RuleStmt
    if (event === "CMD_SELECT") return []
    const [table, on] = [nameOf(relation), event.replace("CMD_", "")]
    return [
      {
        message: `${spell(rulename)} rewrites every ${on} of ${table}`,
        fix: advice(
          `CREATE TRIGGER ${spell(rulename)} BEFORE ${on} ON ${table} FOR EACH ROW EXECUTE FUNCTION <function>();`,
          "or INSTEAD OF, on a view"
        )
      }
    ]
  }
}
