/**
 * Chooses what of a snapshot is drawn.
 *
 * Partitions are not: they repeat the table that they belong to. A foreign key to
 * a table that is not chosen is not drawn either, but its columns stay marked.
 */
import type { Constraint, Table } from "../../../catalog/SchemaObject.ts"
import { isTable } from "../../../catalog/SchemaObject.ts"
import type { Snapshot } from "../../../catalog/Snapshot.ts"
import { matchesAny } from "./glob.ts"
import type { Entity, Field, Model, Relation } from "./model.ts"
import type { DiagramOptions } from "./options.ts"
import { shortType } from "./shortType.ts"

const keyOf = (schema: string, name: string): string => JSON.stringify([schema, name])

/** A pattern with a dot is for `schema.table`, one without for the table's name in any schema. */
const isChosen = (table: Table, { schemas, tables }: DiagramOptions): boolean =>
  table.bound === undefined &&
  (schemas === undefined || matchesAny(schemas, table.schema)) &&
  (tables === undefined ||
    matchesAny(tables, table.name) ||
    matchesAny(
      tables.filter((pattern) => pattern.includes(".")),
      `${table.schema}.${table.name}`
    ))

/** The sets of columns of which no two rows have the same values. */
const uniqueKeys = ({ constraints = [], indexes = [] }: Table): ReadonlyArray<ReadonlyArray<string>> => [
  ...constraints.filter(({ kind }) => kind === "primary key" || kind === "unique").map(({ columns }) => columns),
  ...indexes
    .filter(
      ({ columns, definition, invalid, unique }) =>
        unique === true && invalid !== true && !columns.includes("") && definition?.includes(" WHERE ") !== true
    )
    .map(({ columns }) => columns)
]

const constraintsOf = (table: Table, kind: Constraint["kind"]): ReadonlyArray<Constraint> =>
  (table.constraints ?? []).filter((constraint) => constraint.kind === kind)

const fieldsOf = (table: Table): ReadonlyArray<Field> => {
  const primary = new Set(constraintsOf(table, "primary key").flatMap(({ columns }) => columns))
  const foreign = new Set(constraintsOf(table, "foreign key").flatMap(({ columns }) => columns))
  const alone = new Set(uniqueKeys(table).flatMap((columns) => (columns.length === 1 ? columns : [])))
  return table.columns.map(({ name, notNull, type }) => ({
    name,
    type: shortType(type, table.schema),
    nullable: notNull !== true && !primary.has(name),
    primary: primary.has(name),
    foreign: foreign.has(name),
    unique: alone.has(name) && !primary.has(name)
  }))
}

/** Every column that is part of a key, or that a foreign key points to. */
const keysOnly = (table: Table, fields: ReadonlyArray<Field>, pointedTo: ReadonlySet<string>): ReadonlyArray<Field> => {
  const unique = new Set(uniqueKeys(table).flat())
  return fields.filter(({ foreign, name, primary }) => primary || foreign || unique.has(name) || pointedTo.has(name))
}

interface Chosen {
  readonly table: Table
  readonly entity: Entity
}

/** The first of those that fewest keys have: a tenant that is part of every key tells none from another. */
const anchorOf = (columns: ReadonlyArray<string>, keys: ReadonlyArray<Constraint>): number => {
  const uses = columns.map((column) => keys.filter((key) => key.columns.includes(column)).length)
  return uses.indexOf(Math.min(...uses))
}

const relationsOf = ({ entity, table }: Chosen, chosen: ReadonlyMap<string, Chosen>): ReadonlyArray<Relation> => {
  const keys = constraintsOf(table, "foreign key")
  return keys.flatMap(({ columns, name, references }) => {
    const to = references && chosen.get(keyOf(references.schema, references.table))
    if (references === undefined || to === undefined) return []
    return [
      {
        name,
        from: entity,
        columns,
        to: to.entity,
        referenced: references.columns,
        anchor: anchorOf(columns, keys),
        optional: columns.some((column) => entity.fields.find(({ name }) => name === column)?.nullable === true),
        unique: uniqueKeys(table).some((key) => key.every((column) => columns.includes(column))),
        onDelete: references.onDelete
      }
    ]
  })
}

const columnsPointedTo = (tables: ReadonlyArray<Table>): ReadonlyMap<string, ReadonlySet<string>> => {
  const found = new Map<string, Set<string>>()
  for (const { references } of tables.flatMap((table) => table.constraints ?? [])) {
    if (references === undefined) continue
    const key = keyOf(references.schema, references.table)
    const columns = found.get(key) ?? new Set()
    references.columns.forEach((column) => columns.add(column))
    found.set(key, columns)
  }
  return found
}

/** The tables and foreign keys that the options choose, in the snapshot's order. */
export const select = (snapshot: Snapshot, options: DiagramOptions): Model => {
  const tables = snapshot.objects.filter(isTable).filter((table) => isChosen(table, options))
  const pointedTo = columnsPointedTo(tables)
  const chosen = new Map<string, Chosen>()
  for (const table of tables) {
    const key = keyOf(table.schema, table.name)
    const all = fieldsOf(table)
    const fields = options.columns === "keys" ? keysOnly(table, all, pointedTo.get(key) ?? new Set()) : all
    chosen.set(key, {
      table,
      entity: { schema: table.schema, name: table.name, comment: table.comment, fields }
    })
  }
  const schemas = new Set(tables.map(({ schema }) => schema))
  return {
    entities: [...chosen.values()].map(({ entity }) => entity),
    relations: [...chosen.values()].flatMap((each) => relationsOf(each, chosen)),
    qualified: schemas.size > 1
  }
}
