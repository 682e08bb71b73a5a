/** The one text that a value of a snapshot has, on the server and here. */

const first = ["kind", "schema", "name", "owner", "comment", "grants"]

const rank = (key: string): number => (first.includes(key) ? first.indexOf(key) : first.length)

/** What names a thing comes first, the rest in the order of the alphabet. */
export const byKey = (a: string, b: string): number => rank(a) - rank(b) || (a < b ? -1 : 1)

const sortKeys = (_key: string, value: unknown): unknown =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => byKey(a, b)))
    : value

/** `indent` is for who reads it; the hash is that of the text without. */
export const canonical = (value: unknown, indent?: number): string => JSON.stringify(value, sortKeys, indent)
