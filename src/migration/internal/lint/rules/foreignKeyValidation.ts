import type { Constraint } from "libpg-query"
import {
  advice,
  apart,
  columnWithout,
  constraintName,
  constraintTexts,
  definitionOf,
  inTwoSteps,
  unnamed
} from "../fixes.ts"
import { nameOf, spell } from "../names.ts"
import { addedColumn, alteredConstraint, type Command, commandsOf, constraintOf, keyColumns } from "../nodes.ts"
import { checksKey, defaultOf } from "../rewrites.ts"
import type { LintContext, LintStatement, Problem, Rule } from "../rule.ts"

export const foreignKeyValidation: Rule = {
  name: "foreign-key-validation",
  reason:
    "A foreign key that is checked when it is added reads both tables under SHARE ROW EXCLUSIVE locks: nobody can write to either meanwhile.",
  check: (statement, context) =>
    commandsOf(statement).flatMap((command) => {
      if (context.isNew(command.relation)) return []
      return [...ofConstraint(statement, command, context), ...ofColumn(statement, command), ...ofEnforced(command)]
    })
}

const messageOf = ({ relation }: Command, { pktable }: Constraint): string =>
  `the foreign key blocks writes to ${nameOf(relation)} and ${nameOf(pktable)} until all rows are checked`

const ofConstraint = (
  statement: LintStatement,
  command: Command,
  { facts, table }: LintContext
): ReadonlyArray<Problem> => {
  const constraint = constraintOf(command.body)
  if (constraint?.contype !== "CONSTR_FOREIGN" || constraint.skip_validation === true) return []
  const name = constraintName(constraint, command.relation?.relname ?? "", keyColumns(constraint))
  const steps = inTwoSteps(command, name, definitionOf(statement, constraint))
  const isPartitioned = table(command.relation)?.kind === "partitioned table"
  const note =
    "-- before PostgreSQL 18 a partitioned table has no NOT VALID foreign key: do this to each partition, then to it"
  const notes = isPartitioned && (facts?.serverVersion ?? 0) < 180_000 ? [note] : []
  return [{ at: command.at, message: messageOf(command, constraint), fix: apart(...notes, ...steps) }]
}

/** From PostgreSQL 18 on. */
const ofEnforced = ({ at, body, relation }: Command): ReadonlyArray<Problem> => {
  const { conname } = alteredConstraint(body) ?? {}
  if (conname === undefined || !checksKey(body)) return []
  const [table, name] = [nameOf(relation), spell(conname)]
  const message = `ENFORCED checks all rows of ${table} and of the table that ${name} points at`
  const fix = advice(
    `ALTER TABLE ${table} DROP CONSTRAINT ${name}, ADD CONSTRAINT ${name} <its definition> NOT VALID;`,
    `and in a transaction of its own: ALTER TABLE ${table} VALIDATE CONSTRAINT ${name};`
  )
  return [{ at, message, fix }]
}

/** Where the new column has no default, all rows have NULL in it, and PostgreSQL knows that there is nothing to check. */
const ofColumn = (statement: LintStatement, command: Command): ReadonlyArray<Problem> => {
  const column = addedColumn(command.body)
  if (column === undefined || defaultOf(column) === undefined) return []
  return constraintTexts(statement, column).flatMap(({ constraint, text }) => {
    if (constraint.contype !== "CONSTR_FOREIGN") return []
    const columns = [column.colname ?? ""]
    const name = constraintName(constraint, command.relation?.relname ?? "", columns)
    const without = columnWithout(statement, column, ({ contype }) => contype === "CONSTR_FOREIGN")
    const steps = inTwoSteps(command, name, `FOREIGN KEY (${spell(column.colname)}) ${unnamed(text)}`)
    const fix = apart(`ALTER TABLE ${nameOf(command.relation)} ADD COLUMN ${without};`, ...steps)
    return [{ at: command.at, message: messageOf(command, constraint), fix }]
  })
}
