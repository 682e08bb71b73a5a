/** Ways through PostgreSQL's parse trees. */
import type {
  A_Const,
  AlterTableCmd,
  AlterTableStmt,
  ATAlterConstraint,
  ColumnDef,
  Constraint,
  Node,
  PartitionCmd,
  RangeVar
} from "libpg-query"
import { optionsOf } from "../statementOptions.ts"
import { partsOf } from "./names.ts"
import type { LintStatement } from "./rule.ts"
import { partsBetweenCommas } from "./source.ts"

/** The body of a kind of node. */
export type Of<Tag extends string> = Node extends infer N ? (N extends Record<Tag, infer Body> ? Body : never) : never

type Index = Map<string, Array<unknown>>

/** Dozens of rules look into the same tree: it is walked once. */
const indexes = new WeakMap<object, Index>()

/** All nodes of a kind, in a tree or in part of one. */
export const nodesIn = <const Tag extends string>(tree: unknown, tag: Tag): ReadonlyArray<Of<Tag>> => {
  if (typeof tree !== "object" || tree === null) return []
  const index = indexes.get(tree) ?? indexOf(tree)
  return (index.get(tag) ?? []) as ReadonlyArray<Of<Tag>>
}

const indexOf = (tree: object): Index => {
  const index: Index = new Map()
  visit(tree, index)
  indexes.set(tree, index)
  return index
}

const visit = (value: object, index: Index): void => {
  for (const [key, child] of Object.entries(value)) {
    if (typeof child !== "object" || child === null) continue
    // Only the names of node types begin with a capital.
    if (/^[A-Z]/u.test(key)) note(index, key, child)
    visit(child, index)
  }
}

const note = (index: Index, tag: string, node: object): void => {
  const known = index.get(tag)
  if (known === undefined) index.set(tag, [node])
  else known.push(node)
}

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

/** Of tables whose rows are here, and not on the server behind a foreign table. */
export const storedCommandsOf = (statement: LintStatement): ReadonlyArray<Command> =>
  isForeign(statement) ? [] : commandsOf(statement)

export const isForeign = ({ node }: LintStatement): boolean =>
  "AlterTableStmt" in node && node.AlterTableStmt.objtype === "OBJECT_FOREIGN_TABLE"

const isTable = ({ objtype }: AlterTableStmt): boolean =>
  objtype === "OBJECT_TABLE" || objtype === "OBJECT_FOREIGN_TABLE"

/** Of any ALTER that has commands. */
export const commandsIn = (alter: AlterTableStmt, text: string): ReadonlyArray<Command> => {
  const known = commands.get(alter) ?? readCommands(alter, text)
  commands.set(alter, known)
  return known
}

const commands = new WeakMap<AlterTableStmt, ReadonlyArray<Command>>()

const readCommands = ({ cmds = [], relation }: AlterTableStmt, text: string): ReadonlyArray<Command> => {
  const bodies = cmds.flatMap((command) => ("AlterTableCmd" in command ? [command.AlterTableCmd] : []))
  const parts = partsBetweenCommas(text)
  return bodies.map((body, i) => {
    const part = parts.length === bodies.length ? parts[i] : undefined
    return { relation, body, at: i === 0 ? 0 : (part?.start ?? 0), text: part === undefined ? "" : part.text }
  })
}

/** The relations of a list. */
export const relationsIn = (nodes: ReadonlyArray<Node> | undefined): ReadonlyArray<RangeVar> =>
  (nodes ?? []).flatMap((node) => ("RangeVar" in node ? [node.RangeVar] : []))

/** The definition that an ADD COLUMN or an ALTER COLUMN TYPE has. */
export const columnOf = ({ def }: AlterTableCmd): ColumnDef | undefined =>
  def !== undefined && "ColumnDef" in def ? def.ColumnDef : undefined

/** The definition of an ADD COLUMN. */
export const addedColumn = (command: AlterTableCmd): ColumnDef | undefined =>
  command.subtype === "AT_AddColumn" ? columnOf(command) : undefined

/** What an ATTACH or a DETACH is about. */
export const partitionOf = ({ def }: AlterTableCmd): PartitionCmd | undefined =>
  def !== undefined && "PartitionCmd" in def ? def.PartitionCmd : undefined

export const constraintOf = ({ def }: AlterTableCmd): Constraint | undefined =>
  def !== undefined && "Constraint" in def ? def.Constraint : undefined

/** What an ALTER CONSTRAINT changes. */
export const alteredConstraint = ({ def }: AlterTableCmd): ATAlterConstraint | undefined =>
  def !== undefined && "ATAlterConstraint" in def ? def.ATAlterConstraint : undefined

/** The columns that a constraint of a table names. */
export const keyColumns = ({ fk_attrs, keys }: Constraint): ReadonlyArray<string> => partsOf(keys ?? fk_attrs)

export const constraintsOf = (column: ColumnDef | undefined): ReadonlyArray<Constraint> =>
  (column?.constraints ?? []).flatMap((node) => ("Constraint" in node ? [node.Constraint] : []))

/** Those of a command, such as SET ( ... ) or RESTART. */
export const optionsIn = ({ def }: AlterTableCmd): ReadonlyMap<string, string> =>
  optionsOf(def !== undefined && "List" in def ? def.List.items : undefined)

/** A constant that is a text, a number or a truth. */
export const constantOf = ({ boolval, fval, ival, sval }: A_Const): string | undefined => {
  if (sval !== undefined) return sval.sval ?? ""
  if (fval !== undefined) return fval.fval
  if (ival !== undefined) return String(ival.ival ?? 0)
  return boolval === undefined ? undefined : String(boolval.boolval ?? false)
}
