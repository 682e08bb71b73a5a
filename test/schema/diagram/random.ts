/** Schemas by chance, the same for the same seed. */
import type { Snapshot } from "../../../src/catalog/Snapshot.ts"
import { sketch } from "./sketch.ts"

/** Numbers below a limit (mulberry32). */
const numbers = (seed: number) => {
  let state = seed
  return (limit: number): number => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return (((mixed ^ (mixed >>> 14)) >>> 0) % 1_000_000_000) % limit
  }
}

/** Tables of one to fifteen columns; the foreign keys may lead anywhere, also to the table itself, and half of them to few tables. */
export const randomSchema = (seed: number, tables: number, keys: number): Snapshot => {
  const below = numbers(seed)
  const columns = Array.from({ length: tables }, (_, table) => [
    "id bigint pk",
    ...Array.from({ length: below(14) }, (_, column) => `${"column".repeat(1 + below(4))}_${table}_${column} text null`)
  ])
  for (let key = 0; key < keys; key++) {
    const to = below(2) === 0 ? below(Math.max(1, tables >> 3)) : below(tables)
    columns[below(tables)]?.push(`key_${key} bigint${below(2) === 0 ? " null" : ""} -> ${schemaOf(to)}.table_${to}(id)`)
  }
  return sketch(columns.map((each, table) => `${schemaOf(table)}.table_${table}: ${each.join(", ")}`).join("\n"))
}

const schemaOf = (table: number): string => `schema_${table % 3}`
