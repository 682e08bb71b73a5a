/** What is missing of the tables that an application cannot do without. */
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import { find } from "../../catalog/Outline.ts"
import type { Outline, Table } from "../../catalog/Outline.ts"
import type { CriticalTable } from "../CriticalTable.ts"
import { SchemaDrift, SchemaError } from "../SchemaError.ts"
import { accepts } from "./columnType.ts"
import type { Difference } from "./difference.ts"
import { modelColumns, readsAs } from "./modelColumns.ts"
import type { Reads } from "./modelColumns.ts"

/** How the client names the columns of fields. */
export type NameColumn = (field: string) => string

interface WantedColumn {
  readonly name: string
  readonly type?: string | undefined
  readonly nullable?: boolean | undefined
  readonly reads?: Reads | undefined
}

const columnsOf = ({ columns = [], model }: CriticalTable, nameColumn: NameColumn): ReadonlyArray<WantedColumn> => [
  ...columns.map((column) => (typeof column === "string" ? { name: column } : column)),
  ...(model === undefined ? [] : modelColumns(model).map((column) => ({ ...column, name: nameColumn(column.name) })))
]

const changed = (object: string, attribute: string, from: string, to: string): Difference => ({
  kind: "column",
  object,
  change: "changed",
  attribute,
  from,
  to,
  detail: `${attribute}: ${from} -> ${to}`
})

const nullability = (nullable: boolean): string => (nullable ? "NULL" : "NOT NULL")

const differencesOf = (name: string, table: Table, wanted: WantedColumn): ReadonlyArray<Difference> => {
  const object = `${name}.${wanted.name}`
  const found = table.columns.find((column) => column.name === wanted.name)
  if (found === undefined) {
    return [{ kind: "column", object, change: "removed", detail: wanted.type ?? "" }]
  }
  const { nullable, reads, type } = wanted
  return [
    ...(type === undefined || accepts(type, found.type) ? [] : [changed(object, "type", type, found.type)]),
    ...(reads === undefined || readsAs(found.type, reads)
      ? []
      : [changed(object, "type", `one that is read as ${reads}`, found.type)]),
    ...(nullable === undefined || found.nullable === null || nullable === found.nullable
      ? []
      : [changed(object, "nullable", nullability(nullable), nullability(found.nullable))])
  ]
}

/** What is missing from the outline of what an application needs. */
export const missing = (
  outline: Outline,
  critical: ReadonlyArray<CriticalTable>,
  nameColumn: NameColumn = (field) => field
): ReadonlyArray<Difference> =>
  critical.flatMap((wanted): ReadonlyArray<Difference> => {
    const table = find(outline, wanted.table)
    if (table === undefined) return [{ kind: "table", object: wanted.table, change: "removed", detail: "" }]
    return columnsOf(wanted, nameColumn).flatMap((column) => differencesOf(wanted.table, table, column))
  })

/** Fails with every difference, if there is any. */
export const refuse = (differences: ReadonlyArray<Difference>): Effect.Effect<void, SchemaError> =>
  Arr.isReadonlyArrayNonEmpty(differences)
    ? Effect.fail(new SchemaError({ reason: new SchemaDrift({ differences, snapshot: undefined }) }))
    : Effect.void
