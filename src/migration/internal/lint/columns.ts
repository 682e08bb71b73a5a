/** Columns that a statement gives to a table. */
import type { ColumnDef, Node, RangeVar, TypeName } from "libpg-query"
import { columnOf, type Command, commandsIn, commandsOf, constraintsOf } from "./nodes.ts"
import type { LintContext, LintStatement, Problem, Rule } from "./rule.ts"
import { itemAt } from "./source.ts"
import { typeOf } from "./types.ts"

export interface TypedColumn {
  readonly relation: RangeVar | undefined
  readonly column: ColumnDef
  readonly how: "created" | "added"
  /** Where its name stands in the statement. */
  readonly at: number
}

/** Of CREATE TABLE and ADD COLUMN. */
export const columnsOf = (statement: LintStatement): ReadonlyArray<TypedColumn> => {
  const { node, placeOf } = statement
  if ("CreateStmt" in node) {
    const { relation, tableElts } = node.CreateStmt
    return definitionsIn(tableElts).map((column) => ({
      relation,
      column,
      how: "created",
      at: placeOf(column.location)
    }))
  }
  return commandsOf(statement).flatMap(({ body, relation }) => {
    const column = body.subtype === "AT_AddColumn" ? columnOf(body) : undefined
    return column === undefined ? [] : [{ relation, column, how: "added", at: placeOf(column.location) }]
  })
}

const definitionsIn = (nodes: ReadonlyArray<Node> | undefined): ReadonlyArray<ColumnDef> =>
  (nodes ?? []).flatMap((element) => ("ColumnDef" in element ? [element.ColumnDef] : []))

/** The commands of an ALTER of anything that has columns: of composite types and views too. */
export const commandsOfAll = (statement: LintStatement): ReadonlyArray<Command> =>
  "AlterTableStmt" in statement.node && statement.node.AlterTableStmt.objtype === "OBJECT_TYPE"
    ? commandsIn(statement.node.AlterTableStmt, statement.text)
    : commandsOf(statement)

/** The name of a column's type as `format_type` calls it, without size and brackets. */
export const typeNameOf = ({ typeName }: ColumnDef): string => (typeName === undefined ? "" : typeOf(typeName).name)

export const isSerial = (column: ColumnDef): boolean => /^(?:small|big)?serial[248]?$/u.test(typeNameOf(column))

export const hasConstraint = (column: ColumnDef, ...kinds: ReadonlyArray<string>): boolean =>
  constraintsOf(column).some(({ contype = "" }) => kinds.includes(contype))

/** The column's definition as the file has it, with another type. */
export const withType = (
  { text, placeOf }: LintStatement,
  { at, column }: TypedColumn,
  type: (spelling: string) => string
): string => {
  const definition = itemAt(text, at)
  const from = placeOf(column.typeName?.location) - at
  const spelling = typeSpelling.exec(definition.slice(from))?.[0] ?? ""
  return `${definition.slice(0, from)}${type(spelling)}${definition.slice(from + spelling.length)}`
}

const typeSpelling =
  /^(?:pg_catalog\s*\.\s*)?(?:national\s+)?"?\w+"?(?:\s+varying)?(?:\s*\(\s*\d+(?:\s*,\s*-?\d+)?\s*\))?(?:\s+with(?:out)?\s+time\s+zone)?/iu

/** What is wrong with a type, and what to write in place of how the file spells it. */
export interface BadType {
  readonly message: string
  readonly type: (spelling: string) => string
  /** What else the column then needs. */
  readonly note?: string | undefined
}

/** A rule that is against columns of some type, wherever they get it. */
export const typeRule = (
  { name, reason }: Pick<Rule, "name" | "reason">,
  against: (type: string, column: TypedColumn, typeName: TypeName, context: LintContext) => BadType | undefined
): Rule => ({
  name,
  reason,
  check: (statement, context) =>
    columnsOf(statement).flatMap((typed): ReadonlyArray<Problem> => {
      const { typeName } = typed.column
      const bad = typeName === undefined ? undefined : against(typeNameOf(typed.column), typed, typeName, context)
      if (bad === undefined) return []
      const { message, note, type } = bad
      const written = withType(statement, typed, type)
      return [{ at: typed.at, message, fix: note === undefined ? written : `${written}${note}` }]
    })
})
