/** What the fixes of several rules are made of. */
import type { ColumnDef, Constraint } from "libpg-query"
import { derived, nameOf, spell } from "./names.ts"
import { constraintsOf, type Command } from "./nodes.ts"
import type { LintContext, LintStatement } from "./rule.ts"
import { itemAt } from "./source.ts"

/** A migration whose statements have a transaction each: none holds its locks while the next one works. */
export const apart = (...statements: ReadonlyArray<string>): string =>
  ["-- pgkeel:no-transaction", ...statements].join("\n")

/** A statement that PostgreSQL runs only outside a transaction, and so not beside others. */
export const alone = (statement: string, { statements }: LintContext): string =>
  statements.length === 1 ? statement : `-- in a migration of its own:\n${statement}`

/** What no statement can do. */
export const advice = (...lines: ReadonlyArray<string>): string => lines.map((line) => `-- ${line}`).join("\n")

/** A constraint of a table as the file has it, without its name. */
export const definitionOf = ({ placeOf, text }: LintStatement, constraint: Constraint): string =>
  unnamed(itemAt(text, placeOf(constraint.location)))

/** The text of a constraint without its name. */
export const unnamed = (text: string): string => text.replace(/^CONSTRAINT\s+(?:"(?:[^"]|"")+"|\S+)\s+/iu, "")

/** Its name, or the one that PostgreSQL would give it. */
export const constraintName = (constraint: Constraint, table: string, columns: ReadonlyArray<string>): string =>
  constraint.conname ?? derived(table, ...columns, suffixes[constraint.contype ?? ""] ?? "check")

const suffixes: Readonly<Record<string, string>> = {
  CONSTR_CHECK: "check",
  CONSTR_FOREIGN: "fkey",
  CONSTR_PRIMARY: "pkey",
  CONSTR_UNIQUE: "key"
}

/** The two steps that let the table be used while it is checked. */
export const inTwoSteps = ({ relation }: Command, name: string, definition: string): ReadonlyArray<string> => [
  `ALTER TABLE ${nameOf(relation)} ADD CONSTRAINT ${spell(name)} ${definition} NOT VALID;`,
  `ALTER TABLE ${nameOf(relation)} VALIDATE CONSTRAINT ${spell(name)};`
]

/** A column's constraints with the text of each. */
export const constraintTexts = (statement: LintStatement, column: ColumnDef) => {
  const constraints = constraintsOf(column)
  const places = constraints.map(({ location }) => statement.placeOf(location))
  return constraints.map((constraint, i) => ({
    constraint,
    text: itemAt(statement.text, places[i] ?? 0, places[i + 1])
  }))
}

/** A column's definition without some of its constraints. */
export const columnWithout = (
  statement: LintStatement,
  column: ColumnDef,
  isLeftOut: (constraint: Constraint) => boolean
): string => {
  const texts = constraintTexts(statement, column)
  const first = texts[0] && statement.placeOf(texts[0].constraint.location)
  const start = itemAt(statement.text, statement.placeOf(column.location), first)
  return [start, ...texts.flatMap(({ constraint, text }) => (isLeftOut(constraint) ? [] : [text]))].join(" ")
}
