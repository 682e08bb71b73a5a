/** Names of the columns of constraints and indexes, which know them by their numbers. */
import { list } from "./json.ts"

/** An array of numbers, of which `count` are wanted. */
export interface Numbers {
  readonly array: string
  /** Where it begins. */
  readonly first: 0 | 1
  readonly count: string
}

/** The names as a JSON array; NULL when there are none. Most have one. */
export const keyNames = ({ array, count, first }: Numbers, named: (number: string) => string): string =>
  `CASE ${count} WHEN 1 THEN '[' || ${named(`${array}[${first}]`)} || ']'
    ELSE (SELECT ${list(named("u.n"), "u.i")} FROM pg_catalog.unnest(${array}) WITH ORDINALITY u(n, i) WHERE u.i <= ${count}) END`
