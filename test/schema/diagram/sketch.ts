/**
 * Snapshots from a few words: a line for each table, `schema.table: column type [marks], ...`.
 *
 * Marks: `pk`, `uk` (unique by itself), `null`, `-> schema.table(column)`. Two
 * columns with the same `-> schema.table(column)#name` are one foreign key, and one
 * column may be in several.
 */
import type { Constraint, Table } from "../../../src/catalog/SchemaObject.ts"
import type { Snapshot } from "../../../src/catalog/Snapshot.ts"

const words = /^(?<name>\S+) (?<type>.*?)(?<marks>(?: pk| uk| null| -> \S+)*)$/
const arrows = / -> (?<schema>[^.]+)\.(?<table>[^(]+)\((?<column>[^)]+)\)(?:#(?<key>\S+))?/g

interface Sketched {
  readonly name: string
  readonly type: string
  readonly marks: string
}

const columnsOf = (text: string): ReadonlyArray<Sketched> =>
  text.split(", ").map((column) => {
    const { marks = "", name = "", type = "" } = words.exec(column)?.groups ?? {}
    return { name, type, marks }
  })

const foreignKeys = (table: string, columns: ReadonlyArray<Sketched>): ReadonlyArray<Constraint> => {
  const keys = new Map<string, Constraint>()
  for (const { marks, name } of columns) {
    for (const { groups } of marks.matchAll(arrows)) {
      const { column = "", key, schema = "", table: to = "" } = groups ?? {}
      const constraint = key ?? `${table}_${name}_fkey`
      const before = keys.get(constraint)
      keys.set(constraint, {
        name: constraint,
        kind: "foreign key",
        columns: [...(before?.columns ?? []), name],
        references: {
          schema,
          table: to,
          columns: [...(before?.references?.columns ?? []), column],
          onUpdate: "no action",
          onDelete: marks.includes(" null") ? "set null" : "cascade"
        },
        definition: "FOREIGN KEY"
      })
    }
  }
  return [...keys.values()]
}

const tableOf = (line: string): Table => {
  const [title = "", text = ""] = line.split(": ")
  const [schema = "", name = ""] = title.split(".")
  const columns = columnsOf(text)
  const primary = columns.filter(({ marks }) => marks.includes(" pk")).map(({ name }) => name)
  const unique = columns.filter(({ marks }) => marks.includes(" uk")).map(({ name }) => name)
  return {
    kind: "table",
    schema,
    name,
    columns: columns.map(({ marks, name, type }) => ({
      name,
      type,
      ...(marks.includes(" null") ? {} : { notNull: true })
    })),
    constraints: [
      ...(primary.length === 0
        ? []
        : [{ name: `${name}_pkey`, kind: "primary key" as const, columns: primary, definition: "PRIMARY KEY" }]),
      ...unique.map((column) => ({
        name: `${name}_${column}_key`,
        kind: "unique" as const,
        columns: [column],
        definition: "UNIQUE"
      })),
      ...foreignKeys(name, columns)
    ]
  }
}

export const snapshotOf = (objects: Snapshot["objects"]): Snapshot => ({
  format: 1,
  serverVersion: 180000,
  hash: "0".repeat(64),
  objects
})

/** The snapshot of the tables that these lines describe. */
export const sketch = (lines: string): Snapshot =>
  snapshotOf(
    lines
      .split("\n")
      .map((line) => line.trim())
      .filter((line) => line !== "")
      .map(tableOf)
  )
