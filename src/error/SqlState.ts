/**
 * PostgreSQL's error codes by name, and what is known about each.
 *
 * `SqlState.UNIQUE_VIOLATION` is `"23505"`; `SqlState.describe("23505")` says
 * what kind of failure it is and what may be run again after it. A code that an
 * extension or a later server invents is described by its class, as the SQL
 * standard means it to be (ISO 9075-2, 24.1).
 */
import { build, type Description } from "./internal/sqlStateTable.ts"

export * from "./internal/sqlStateCodes.ts"
export type { Description }

let table: ReadonlyMap<string, Description> | undefined

/** All 262 codes of PostgreSQL 18, in their order. Built when first asked for. */
export const all = (): ReadonlyMap<string, Description> => (table ??= build())

/**
 * What is known about a code. Unknown codes get the description of their class,
 * and codes of an unknown class an `internal` failure that nothing runs again.
 */
export const describe = (code: string): Description => {
  const known = all()
  const exact = known.get(code)
  if (exact !== undefined) return exact
  const general = known.get(`${code.slice(0, 2)}000`)
  return general === undefined ? { ...unknownClass, code } : { ...general, code, known: false }
}

const unknownClass = {
  name: undefined,
  condition: "unknown_sqlstate",
  known: false,
  kind: "error",
  category: "internal",
  transient: false,
  connectionLost: false,
  retryScope: "never"
} as const
