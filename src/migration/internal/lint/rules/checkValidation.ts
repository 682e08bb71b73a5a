import { apart, columnWithout, constraintName, constraintTexts, definitionOf, inTwoSteps, unnamed } from "../fixes.ts"
import { nameOf } from "../names.ts"
import { addedColumn, type Command, storedCommandsOf, constraintOf } from "../nodes.ts"
import type { LintStatement, Problem, Rule } from "../rule.ts"

export const checkValidation: Rule = {
  name: "check-validation",
  reason:
    "A CHECK that is held to all rows when it is added reads the whole table under an ACCESS EXCLUSIVE lock, which blocks reads too.",
  check: (statement, { isNew }) =>
    storedCommandsOf(statement).flatMap((command) =>
      isNew(command.relation) ? [] : [...ofConstraint(statement, command), ...ofColumn(statement, command)]
    )
}

const messageOf = ({ relation }: Command): string => `the CHECK reads all of ${nameOf(relation)} while nobody else can`

const ofConstraint = (statement: LintStatement, command: Command): ReadonlyArray<Problem> => {
  const constraint = constraintOf(command.body)
  if (constraint?.contype !== "CONSTR_CHECK" || constraint.skip_validation === true) return []
  const name = constraintName(constraint, command.relation?.relname ?? "", [])
  const steps = inTwoSteps(command, name, definitionOf(statement, constraint))
  return [{ at: command.at, message: messageOf(command), fix: apart(...steps) }]
}

const ofColumn = (statement: LintStatement, command: Command): ReadonlyArray<Problem> => {
  const column = addedColumn(command.body)
  if (column === undefined) return []
  return constraintTexts(statement, column).flatMap(({ constraint, text }) => {
    if (constraint.contype !== "CONSTR_CHECK") return []
    const name = constraintName(constraint, command.relation?.relname ?? "", [column.colname ?? ""])
    const without = columnWithout(statement, column, ({ contype }) => contype === "CONSTR_CHECK")
    const fix = apart(
      `ALTER TABLE ${nameOf(command.relation)} ADD COLUMN ${without};`,
      ...inTwoSteps(command, name, unnamed(text))
    )
    return [{ at: command.at, message: messageOf(command), fix }]
  })
}
