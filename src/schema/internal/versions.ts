/**
 * Snapshots of servers of different major versions: what PostgreSQL writes
 * otherwise for the same schema is no difference.
 *
 * - 15 gave the schema `public` another owner and other grants. A snapshot has it
 *   only where it is not as it comes, so that it is left out whole.
 * - 16 writes the definitions of views and rules otherwise, without the names of
 *   tables that they do not need. Whether they say the same cannot be told from
 *   the texts, so that they are compared on one version only.
 * - 17 has the privilege MAINTAIN, which is among all that an owner has.
 * - 18 lists NOT NULL among the constraints; the columns say it on every version.
 * - Extensions come with the server in versions of their own.
 */
import type { Comparable } from "./diff.ts"
import { isRecord } from "./json.ts"
import type { Json, JsonRecord } from "./json.ts"

/** Leaves out of an object what the version says, not the schema. */
type Rule = (object: JsonRecord) => JsonRecord

const without = (object: JsonRecord, ...names: ReadonlyArray<string>): JsonRecord =>
  Object.fromEntries(Object.entries(object).filter(([name]) => !names.includes(name)))

/** Changes what is in a list of an object, and leaves out a list of nothing, as a snapshot does. */
const inList =
  (list: string, change: (element: JsonRecord) => ReadonlyArray<Json>): Rule =>
  (object) => {
    const elements = object[list]
    if (!Array.isArray(elements)) return object
    const changed = elements.flatMap((element: Json) => (isRecord(element) ? change(element) : [element]))
    return changed.length === 0 ? without(object, list) : { ...object, [list]: changed }
  }

const views: Rule = (object) => {
  const own = object.kind === "view" || object.kind === "materialized view" ? without(object, "definition") : object
  return inList("rules", (rule) => [without(rule, "definition")])(own)
}

const withoutMaintain = inList("grants", (grant) => {
  const { privileges } = grant
  if (!Array.isArray(privileges)) return [grant]
  const left = privileges.filter((privilege: Json) => !String(privilege).startsWith("MAINTAIN"))
  return left.length === 0 ? [] : [{ ...grant, privileges: left }]
})

const notNulls = inList("constraints", (constraint) => (constraint.kind === "not null" ? [] : [constraint]))

const extensions: Rule = (object) => (object.kind === "extension" ? without(object, "version") : object)

/** What came with a major version, so that two are alike only where both have it or neither. */
const rules: ReadonlyArray<readonly [since: number, rule: Rule]> = [
  [16, views],
  [17, withoutMaintain],
  [18, notNulls]
]

export const majorOf = (serverVersion: number): number => Math.floor(serverVersion / 10_000)

const isPublic = ({ kind, name }: Comparable): boolean => kind === "schema" && name === "public"

/** What of the objects can be compared with those of the other version. */
export const comparable = (
  objects: ReadonlyArray<Comparable>,
  own: number,
  other: number
): ReadonlyArray<Comparable> => {
  const [older, newer] = [Math.min(majorOf(own), majorOf(other)), Math.max(majorOf(own), majorOf(other))]
  if (older === newer) return objects
  const isBetween = (since: number) => older < since && since <= newer
  const between = [...rules.filter(([since]) => isBetween(since)).map(([, rule]) => rule), extensions]
  return objects
    .filter((object) => !(isBetween(15) && isPublic(object)))
    .map((object) => {
      const { kind, name } = object
      return { ...between.reduce((value: JsonRecord, rule) => rule(value), object), kind, name }
    })
}
