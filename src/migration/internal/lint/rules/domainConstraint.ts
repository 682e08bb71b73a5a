import { advice, apart } from "../fixes.ts"
import { partsOf, spell } from "../names.ts"
import type { Rule } from "../rule.ts"
import { itemAt } from "../source.ts"

export const domainConstraint: Rule = {
  name: "domain-constraint",
  reason:
    "A constraint that is added to a domain is held to all columns of that type at once: every table that has one is read under a SHARE lock, which blocks writes.",
  check: ({ node, placeOf, text }) => {
    if (!("AlterDomainStmt" in node)) return []
    const { def, subtype, typeName } = node.AlterDomainStmt
    const domain = spell(...partsOf(typeName))
    const message = `it blocks writes to all tables that have a column of ${domain}`
    if (subtype === "O") {
      return [
        { message, fix: advice(`make the columns of type ${domain} NOT NULL instead, each as set-not-null says`) }
      ]
    }
    const constraint = subtype === "C" && def !== undefined && "Constraint" in def ? def.Constraint : undefined
    if (constraint === undefined || constraint.skip_validation === true) return []
    const fix = apart(
      `ALTER DOMAIN ${domain} ADD ${itemAt(text, placeOf(constraint.location))} NOT VALID;`,
      "-- new values are held to it; VALIDATE CONSTRAINT while nobody writes, or check the tables by queries"
    )
    return [{ message, fix }]
  }
}
