import { steps } from "../contract.ts"
import { advice } from "../fixes.ts"
import { relationOf } from "../names.ts"
import { commandsOfAll } from "../columns.ts"
import { droppedBy, isMadeBefore } from "../objects.ts"
import type { LintContext, LintStatement, Rule } from "../rule.ts"
import { masked, replaced } from "../source.ts"

export const cascade: Rule = {
  name: "cascade",
  reason:
    "CASCADE takes with it what depends on it, whatever that is on the database where it runs: views, foreign keys, columns.",
  check: (statement, context) =>
    takesMore(statement, context)
      ? [
          {
            at: Math.max(0, masked(statement.text).search(/\bCASCADE\b\s*(?:,|$)/iu)),
            message: "takes with it whatever depends on what it names",
            fix: without(statement)
          }
        ]
      : []
}

const takesMore = (statement: LintStatement, context: LintContext): boolean => {
  const { node } = statement
  const { isNew } = context
  if ("DropStmt" in node) {
    const isOwn = droppedBy(node).every(
      (dropped) => isNew(relationOf(dropped.parts)) || isMadeBefore(statement, context, dropped)
    )
    return isCascade(node.DropStmt.behavior) && !isOwn
  }
  if ("DropOwnedStmt" in node) return isCascade(node.DropOwnedStmt.behavior)
  return commandsOfAll(statement).some(({ body, relation }) => isCascade(body.behavior) && !isNew(relation))
}

const isCascade = (behavior: string | undefined): boolean => behavior === "DROP_CASCADE"

const without = ({ text }: LintStatement): string =>
  steps(
    advice("name what goes with it, each in a statement of its own before this one"),
    `${replaced(text, /\s+CASCADE\b(?=\s*(?:,|$))/giu, "")};`
  )
