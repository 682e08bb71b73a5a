import { apart, columnWithout, constraintName } from "../fixes.ts"
import { list, nameOf, partsOf, spell } from "../names.ts"
import { addedColumn, type Command, commandsOf, constraintOf, constraintsOf } from "../nodes.ts"
import { isKnownParentAlone } from "../rewrites.ts"
import type { Constraint } from "libpg-query"
import type { LintStatement, Problem, Rule } from "../rule.ts"

export const uniqueConstraint: Rule = {
  name: "unique-constraint",
  reason:
    "UNIQUE and PRIMARY KEY build their index under an ACCESS EXCLUSIVE lock: nobody can read or write the table meanwhile.",
  check: (statement, context) =>
    commandsOf(statement).flatMap((command) =>
      context.isNew(command.relation) || isKnownParentAlone(context, command.relation)
        ? []
        : [...ofConstraint(command), ...ofColumn(statement, command)]
    )
}

/** One WITHOUT OVERLAPS is an exclusion constraint, which cannot be made of an index. */
const isUnique = ({ contype, without_overlaps }: Constraint): boolean =>
  (contype === "CONSTR_UNIQUE" || contype === "CONSTR_PRIMARY") && without_overlaps !== true

const ofConstraint = (command: Command): ReadonlyArray<Problem> => {
  const constraint = constraintOf(command.body)
  if (constraint === undefined || !isUnique(constraint) || constraint.indexname !== undefined) return []
  const columns = partsOf(constraint.keys)
  const fix = apart(...withIndex(command, constraint, columns))
  return [{ at: command.at, message: messageOf(command, constraint), fix }]
}

const ofColumn = (statement: LintStatement, command: Command): ReadonlyArray<Problem> => {
  const column = addedColumn(command.body)
  const constraint = constraintsOf(column).find(isUnique)
  if (column === undefined || constraint === undefined) return []
  const add = `ALTER TABLE ${nameOf(command.relation)} ADD COLUMN ${columnWithout(statement, column, isUnique)};`
  const fix = apart(add, ...withIndex(command, constraint, [column.colname ?? ""]))
  return [{ at: command.at, message: messageOf(command, constraint), fix }]
}

const wordFor = ({ contype }: Constraint): string => (contype === "CONSTR_PRIMARY" ? "PRIMARY KEY" : "UNIQUE")

const messageOf = ({ relation }: Command, constraint: Constraint): string =>
  `${wordFor(constraint)} builds an index on ${nameOf(relation)} while nobody else can use the table`

/** A primary key makes its columns NOT NULL, too. */
const withIndex = (
  { relation }: Command,
  constraint: Constraint,
  columns: ReadonlyArray<string>
): ReadonlyArray<string> => {
  const isPrimary = constraint.contype === "CONSTR_PRIMARY"
  const table = relation?.relname ?? ""
  const name = spell(constraintName(constraint, table, isPrimary ? [] : columns))
  const including = constraint.including === undefined ? "" : ` INCLUDE (${list(partsOf(constraint.including))})`
  const nulls = constraint.nulls_not_distinct === true ? " NULLS NOT DISTINCT" : ""
  const deferred =
    constraint.initdeferred === true
      ? " DEFERRABLE INITIALLY DEFERRED"
      : constraint.deferrable === true
        ? " DEFERRABLE"
        : ""
  return [
    ...(isPrimary ? [`-- first make ${list(columns)} NOT NULL, as set-not-null says`] : []),
    `CREATE UNIQUE INDEX CONCURRENTLY ${name} ON ${nameOf(relation)} (${list(columns)})${including}${nulls};`,
    `ALTER TABLE ${nameOf(relation)} ADD CONSTRAINT ${name} ${wordFor(constraint)} USING INDEX ${name}${deferred};`
  ]
}
