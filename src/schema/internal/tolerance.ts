/**
 * Differences that an application can live with: what a start itself puts right,
 * and what a later release has added.
 *
 * Added is only what no statement of an earlier release can run into. A column
 * that has to be given a value, and a constraint or a unique index over columns
 * that were there before, refuse rows that the earlier release writes; a
 * restrictive policy and a rule change what it reads and writes.
 */
import type { Difference } from "./difference.ts"
import { isRecord } from "./json.ts"
import type { Json, JsonRecord } from "./json.ts"

/** A constraint that holds for every row now, or an index that is complete now. */
export const isMended = ({ attribute, change, from, kind, to }: Difference): boolean => {
  if (change !== "changed") return false
  if (attribute === "notValid" || attribute === "invalid") return to === undefined
  return kind === "constraint" && attribute === "definition" && from === `${String(to)} NOT VALID`
}

/** What else was added, by kind and name: an added constraint over added columns alone restricts nobody. */
type Added = (kind: string, object: string) => boolean

type Test = (value: JsonRecord, table: string, added: Added) => boolean

const namesOf = (value: Json | undefined): ReadonlyArray<string> => (Array.isArray(value) ? value.map(String) : [])

/** It reads added columns only; of a domain, and of an expression, that is not known. */
const overAddedColumns: Test = ({ columns }, table, added) => {
  const names = namesOf(columns)
  return names.length > 0 && names.every((name) => added("column", `${table}.${name}`))
}

/** Which additions leave an earlier release alone; kinds that are not here do. */
const additions: Readonly<Record<string, Test>> = {
  column: (column) =>
    column.notNull !== true ||
    [column.default, column.identity, column.generated].some((filled) => filled !== undefined),
  constraint: overAddedColumns,
  index: (index, table, added) => index.unique !== true || overAddedColumns(index, table, added),
  policy: (policy) => policy.restrictive !== true,
  rule: () => false
}

/** Everything of `from` in its order, and more. */
const isExtended = (from: Json | undefined, to: Json | undefined): boolean => {
  const [before, after] = [namesOf(from), namesOf(to)]
  let at = 0
  for (const name of after) if (name === before[at]) at += 1
  return at === before.length
}

/** Which changes leave an earlier release alone: a kind and an attribute. */
const changes: Readonly<Record<string, (difference: Difference) => boolean>> = {
  "enum labels": ({ from, to }) => isExtended(from, to),
  "grant privileges": ({ from, to }) => isExtended(from, to)
}

const parentOf = ({ object, to }: Difference): string =>
  isRecord(to) && typeof to.name === "string" ? object.slice(0, -(to.name.length + 1)) : object

/** What an earlier release cannot live with. */
export const restrictions = (differences: ReadonlyArray<Difference>): ReadonlyArray<Difference> => {
  const names = new Set(
    differences.filter(({ change }) => change === "added").map(({ kind, object }) => `${kind} ${object}`)
  )
  const added: Added = (kind, object) => names.has(`${kind} ${object}`)
  return differences.filter((difference) => {
    const { attribute, change, kind, to } = difference
    if (change === "removed") return true
    if (change === "changed") return attribute !== "comment" && changes[`${kind} ${attribute}`]?.(difference) !== true
    const test = additions[kind]
    return test !== undefined && !(isRecord(to) && test(to, parentOf(difference), added))
  })
}
