/** Columns that a statement gives to a table. */
import type { ColumnDef, Node, RangeVar, TypeName } from "libpg-query"
import { addedColumn, type Command, commandsIn, commandsOf, constraintsOf } from "./nodes.ts"
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
    const column = addedColumn(body)
    return column === undefined ? [] : [{ relation, column, how: "added", at: placeOf(column.location) }]
  })
}

export const definitionsIn = (nodes: ReadonlyArray<Node> | undefined): ReadonlyArray<ColumnDef> =>
  (nodes ?? []).flatMap((element) => ("ColumnDef" in element ? [element.ColumnDef] : []))

/** The commands of an ALTER of anything that has columns: of composite types and views too. */
export const commandsOfAll = (statement: LintStatement): ReadonlyArray<Command> =>
  "AlterTableStmt" in statement.node && statement.node.AlterTableStmt.objtype === "OBJECT_TYPE"
    ? commandsIn(statement.node.AlterTableStmt, statement.text)
    : commandsOf(statement)

/** The name of a column's type as `format_type` calls it, without size and brackets. */
export const typeNameOf = ({ typeName }: ColumnDef): string => (typeName === undefined ? "" : typeOf(typeName).name)

export const hasConstraint = (column: ColumnDef, ...kinds: ReadonlyArray<string>): boolean =>
  constraintsOf(column).some(({ contype = "" }) => kinds.includes(contype))

/** The statement with another type for the column. */
export const withType = (
  { placeOf, text }: LintStatement,
  { column }: TypedColumn,
  type: string | ((spelling: string) => string),
  note: string = ""
): string => {
  const from = placeOf(column.typeName?.location)
  const spelling = typeSpelling.exec(text.slice(from))?.[0] ?? ""
  const written = typeof type === "string" ? type : type(spelling)
  const definition = itemAt(text, from).length
  const [rest, behind] = [text.slice(from + spelling.length, from + definition), text.slice(from + definition)]
  return `${text.slice(0, from)}${written}${rest}${note}${behind};`
}

const typeSpelling =
  /^(?:pg_catalog\s*\.\s*)?(?:national\s+)?"?\w+"?(?:\s+varying)?(?:\s*\(\s*\d+(?:\s*,\s*-?\d+)?\s*\))?(?:\s+with(?:out)?\s+time\s+zone)?/iu

/** What is wrong with a type, and what to write in place of how the file spells it. */
export interface BadType {
  readonly message: string
  readonly type: string | ((spelling: string) => string)
  /** What the column's definition then needs at its end. */
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
      return [{ at: typed.at, message, fix: withType(statement, typed, type, note) }]
    })
})
