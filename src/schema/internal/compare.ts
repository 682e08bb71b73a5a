/** Comparing catalogues: two of them, or one with what is expected of it. */
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import type { Catalog, Table } from "../../catalog/Catalog.ts"
import { find } from "../../catalog/Catalog.ts"
import type { Difference } from "../Difference.ts"
import { SchemaDrift, SchemaError } from "../SchemaError.ts"

/** A table that an application cannot do without. */
export interface CriticalTable {
  /** `schema.table`, or `table` in the search path. */
  readonly table: string
  /** The columns that it must have, whatever else it has. Without it, its columns are not looked at. */
  readonly columns?: ReadonlyArray<string>
}

/** What is missing from the catalogue of what an application needs. */
export const missing = (catalog: Catalog, critical: ReadonlyArray<CriticalTable>): ReadonlyArray<Difference> =>
  critical.flatMap((wanted): ReadonlyArray<Difference> => {
    const table = find(catalog, wanted.table)
    if (table === undefined) return [{ kind: "missing", of: "table", object: wanted.table, detail: "" }]
    const present = new Set(table.columns.map(({ name }) => name))
    return (wanted.columns ?? [])
      .filter((column) => !present.has(column))
      .map((column) => ({ kind: "missing", of: "column", object: `${wanted.table}.${column}`, detail: "" }))
  })

/** Fails with everything that is missing. */
export const requireTables = (
  catalog: Catalog,
  critical: ReadonlyArray<CriticalTable>
): Effect.Effect<void, SchemaError> => {
  const differences = missing(catalog, critical)
  return Arr.isReadonlyArrayNonEmpty(differences)
    ? Effect.fail(new SchemaError({ reason: new SchemaDrift({ differences }) }))
    : Effect.void
}

interface Part {
  readonly of: Difference["of"]
  readonly name: string
  readonly text: string
}

const partsOf = (table: Table): ReadonlyArray<Part> => [
  ...table.columns.map(({ name, nullable, type }) => ({
    of: "column" as const,
    name,
    text: nullable ? type : `${type} NOT NULL`
  })),
  ...table.constraints.map(({ definition, name }) => ({ of: "constraint" as const, name, text: definition })),
  ...table.indexes.map(({ definition, name, valid }) => ({
    of: "index" as const,
    name,
    text: valid ? definition : `${definition} INVALID`
  }))
]

const keyOf = (part: Part): string => `${part.of} ${part.name}`

const compareTables = (expected: Table, actual: Table): ReadonlyArray<Difference> => {
  const qualified = `${expected.schema}.${expected.name}`
  const there = new Map(partsOf(actual).map((part) => [keyOf(part), part]))
  const differences: Array<Difference> = []
  for (const part of partsOf(expected)) {
    const other = there.get(keyOf(part))
    there.delete(keyOf(part))
    const named = { of: part.of, object: `${qualified}.${part.name}` }
    if (other === undefined) differences.push({ ...named, kind: "missing", detail: part.text })
    else if (other.text !== part.text) {
      differences.push({ ...named, kind: "changed", detail: `expected ${part.text}, found ${other.text}` })
    }
  }
  for (const part of there.values()) {
    differences.push({ kind: "unexpected", of: part.of, object: `${qualified}.${part.name}`, detail: part.text })
  }
  return differences
}

/** What makes `actual` differ from `expected`; empty when they are the same. */
export const compare = (expected: Catalog, actual: Catalog): ReadonlyArray<Difference> => {
  const key = ({ name, schema }: Table) => `${schema}.${name}`
  const there = new Map(actual.tables.map((table) => [key(table), table]))
  const differences: Array<Difference> = []
  for (const table of expected.tables) {
    const other = there.get(key(table))
    there.delete(key(table))
    if (other === undefined) differences.push({ kind: "missing", of: "table", object: key(table), detail: "" })
    else differences.push(...compareTables(table, other))
  }
  for (const table of there.values()) {
    differences.push({ kind: "unexpected", of: "table", object: key(table), detail: "" })
  }
  return differences
}
