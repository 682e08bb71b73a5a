/** Ways through PostgreSQL's parse trees. */
import type { AlterTableCmd, AlterTableStmt, ColumnDef, Constraint, Node, RangeVar } from "libpg-query"
import { partsOf } from "./names.ts"
import type { LintStatement } from "./rule.ts"
import { partsBetweenCommas } from "./source.ts"

/** The body of a kind of node. */
export type Of<Tag extends string> = Node extends infer N ? (N extends Record<Tag, infer Body> ? Body : never) : never

/** All nodes of a kind, in a tree or in part of one. */
export const nodesIn = <const Tag extends string>(tree: unknown, tag: Tag): ReadonlyArray<Of<Tag>> => {
  const found: Array<Of<Tag>> = []
  const visit = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return
    if (isBelow(value, tag)) found.push(value[tag])
    for (const child of Object.values(value)) visit(child)
  }
  visit(tree)
  return found
}

const isBelow = <const Tag extends string>(value: object, tag: Tag): value is Record<Tag, Of<Tag>> => tag in value

/** One of the commands of an ALTER TABLE, and where in the statement's text it stands. */
export interface Command {
  readonly relation: RangeVar | undefined
  readonly body: AlterTableCmd
  readonly at: number
  /** As the file has it, without the comma behind it. */
  readonly text: string
}

/** Of ALTER TABLE; none of any other statement, ALTER INDEX and ALTER VIEW included. */
export const commandsOf = ({ node, text }: LintStatement): ReadonlyArray<Command> =>
  "AlterTableStmt" in node && isTable(node.AlterTableStmt) ? commandsIn(node.AlterTableStmt, text) : []

const isTable = ({ objtype }: AlterTableStmt): boolean =>
  objtype === "OBJECT_TABLE" || objtype === "OBJECT_FOREIGN_TABLE"

/** Of any ALTER that has commands. */
export const commandsIn = ({ cmds = [], relation }: AlterTableStmt, text: string): ReadonlyArray<Command> => {
  const bodies = cmds.flatMap((command) => ("AlterTableCmd" in command ? [command.AlterTableCmd] : []))
  const parts = partsBetweenCommas(text)
  return bodies.map((body, i) => {
    const part = parts.length === bodies.length ? parts[i] : undefined
    return { relation, body, at: i === 0 ? 0 : (part?.start ?? 0), text: part === undefined ? "" : part.text }
  })
}

/** The definition that an ADD COLUMN or an ALTER COLUMN TYPE has. */
export const columnOf = ({ def }: AlterTableCmd): ColumnDef | undefined =>
  def !== undefined && "ColumnDef" in def ? def.ColumnDef : undefined

export const constraintOf = ({ def }: AlterTableCmd): Constraint | undefined =>
  def !== undefined && "Constraint" in def ? def.Constraint : undefined

/** The columns that a constraint of a table names. */
export const keyColumns = ({ fk_attrs, keys }: Constraint): ReadonlyArray<string> => partsOf(keys ?? fk_attrs)

export const constraintsOf = (column: ColumnDef | undefined): ReadonlyArray<Constraint> =>
  (column?.constraints ?? []).flatMap((node) => ("Constraint" in node ? [node.Constraint] : []))

/** The name of an option such as `concurrently`, and its value if that is a word or a number. */
export const optionsOf = (options: ReadonlyArray<Node> | undefined): ReadonlyMap<string, string> =>
  new Map(
    (options ?? []).flatMap((option) =>
      "DefElem" in option ? [[option.DefElem.defname ?? "", valueOf(option.DefElem.arg)] as const] : []
    )
  )

const valueOf = (node: Node | undefined): string => {
  if (node === undefined) return ""
  if ("String" in node) return node.String.sval ?? ""
  if ("Integer" in node) return String(node.Integer.ival ?? 0)
  if ("Boolean" in node) return String(node.Boolean.boolval ?? false)
  return ""
}
