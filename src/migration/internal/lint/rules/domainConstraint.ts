import type { Node } from "libpg-query"
import { advice, apart } from "../fixes.ts"
import { partsOf, spell } from "../names.ts"
import { isMadeBefore } from "../objects.ts"
import type { LintStatement, Rule } from "../rule.ts"
import { itemAt } from "../source.ts"

export const domainConstraint: Rule = {
  name: "domain-constraint",
  reason:
    "A constraint that is added to a domain, or validated, is held to all columns of that type at once: every table that has one is read under a SHARE lock, which blocks writes.",
  check: (statement, context) => {
    if (!("AlterDomainStmt" in statement.node)) return []
    const { typeName } = statement.node.AlterDomainStmt
    const parts = partsOf(typeName)
    const fix = fixFor(statement, statement.node.AlterDomainStmt, spell(...parts))
    if (fix === undefined || isMadeBefore(statement, context, { kind: "OBJECT_DOMAIN", parts })) return []
    return [{ message: `it blocks writes to all tables that have a column of ${spell(...parts)}`, fix }]
  }
}

type AlterDomain = Extract<Node, { AlterDomainStmt: unknown }>["AlterDomainStmt"]

const fixFor = (
  { placeOf, text }: LintStatement,
  { def, subtype }: AlterDomain,
  domain: string
): string | undefined => {
  if (subtype === "O") {
    return advice(`make the columns of type ${domain} NOT NULL instead, each as set-not-null says`)
  }
  if (subtype === "V") {
    return advice(
      "leave it as it is, for new values are held to it: see by a query of each table that the old ones are;",
      "or allow it here with the reason why nobody writes meanwhile"
    )
  }
  const constraint = subtype === "C" && def !== undefined && "Constraint" in def ? def.Constraint : undefined
  if (constraint === undefined || constraint.skip_validation === true) return undefined
  return apart(
    `ALTER DOMAIN ${domain} ADD ${itemAt(text, placeOf(constraint.location))} NOT VALID;`,
    "-- new values are held to it; see by a query of each table that the old ones are"
  )
}
