/** What the database knows of tables, as the statements of a migration change it. What they may have changed is not known any more. */
import type { AlterTableCmd, Node, RangeVar } from "libpg-query"
import type { RelationFacts, TableFacts } from "../../../catalog/RelationFacts.ts"
import { commandsIn } from "./nodes.ts"

/** A name may have a dot in it, and never this. */
export const keyFor = (schema: string, name: string): string => `${schema}\0${name}`

export const schemaOf = (key: string): string => key.slice(0, key.indexOf("\0"))

export interface Known {
  /** By its key. */
  readonly table: (key: string) => TableFacts | undefined
  /** `undefined` if it is made anew or gone. */
  readonly set: (key: string, table: TableFacts | undefined) => void
  /** After an ALTER TABLE has run. */
  readonly change: (node: Node, keyOf: (relation: RangeVar | undefined) => string) => void
}

export const knowing = (facts: RelationFacts | undefined): Known => {
  const tables = new Map<string, TableFacts>()
  for (const table of facts?.tables ?? []) tables.set(keyFor(table.schema, table.name), table)
  const set: Known["set"] = (key, table) => void (table === undefined ? tables.delete(key) : tables.set(key, table))
  const change: Known["change"] = (node, keyOf) => {
    if (tables.size === 0 || !("AlterTableStmt" in node)) return
    const key = keyOf(node.AlterTableStmt.relation)
    const before = tables.get(key)
    if (before === undefined) return
    const commands = commandsIn(node.AlterTableStmt, "")
    tables.set(
      key,
      commands.reduce((table, { body }) => changed(table, body), before)
    )
  }
  return { table: (key) => tables.get(key), set, change }
}

const changed = (table: TableFacts, { name, subtype }: AlterTableCmd): TableFacts => {
  switch (subtype) {
    case "AT_DropConstraint":
      return { ...table, constraints: table.constraints.filter((constraint) => constraint.name !== name) }
    case "AT_ValidateConstraint":
      return { ...table, constraints: table.constraints.map((one) => (one.name === name ? validated(one) : one)) }
    case "AT_DropNotNull":
    case "AT_SetNotNull":
      return withNull(table, name, subtype === "AT_DropNotNull")
    case "AT_AlterColumnType":
    case "AT_DropColumn":
      return { ...table, columns: table.columns.filter((column) => column.name !== name) }
    default:
      return table
  }
}

const validated = <C extends TableFacts["constraints"][number]>(constraint: C): C => ({
  ...constraint,
  validated: true
})

const withNull = (table: TableFacts, name: string | undefined, nullable: boolean): TableFacts => ({
  ...table,
  columns: table.columns.map((column) => (column.name === name ? { ...column, nullable } : column))
})
