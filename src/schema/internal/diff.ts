/**
 * Compares two snapshots by their structure, whatever kinds of objects they hold:
 * objects and what is in them are matched by kind and name, and everything else
 * about them is an attribute. An attribute that the snapshot gains is compared
 * without a line of code here, so that two snapshots differ exactly when
 * something is said to differ.
 */
import type { Difference } from "./difference.ts"
import { equal, isNamed } from "./json.ts"
import type { Json, JsonRecord, Named } from "./json.ts"
import { showChange, summary } from "./wording.ts"

/** An object of a snapshot, as far as it has to be known to compare it. */
export interface Comparable extends Named {
  readonly kind: string
}

/** What an object is known by, which is no attribute of it. What is in an object is known by its name alone. */
const identity: ReadonlySet<string> = new Set(["kind", "schema", "name"])
const extensionIdentity: ReadonlySet<string> = new Set(["kind", "name"])
const innerIdentity: ReadonlySet<string> = new Set(["name"])

/** `columns` are made of a `column` each, `policies` of a `policy`, `indexes` of an `index`. */
const kindOf = (list: string): string => {
  if (list.endsWith("ies")) return `${list.slice(0, -3)}y`
  return list.endsWith("xes") ? list.slice(0, -2) : list.replace(/s$/u, "")
}

/** An extension is one of the whole database, wherever its objects are. */
const identityOf = ({ kind }: Comparable): ReadonlySet<string> => (kind === "extension" ? extensionIdentity : identity)

/** Its qualified name. */
export const nameOf = (object: Comparable): string => {
  const { name, schema } = object
  return typeof schema === "string" && identityOf(object).has("schema") ? `${schema}.${name}` : name
}

/** What a difference is about. */
interface Subject {
  readonly kind: string
  readonly object: string
}

const changed = (subject: Subject, attribute: string, from: Json | undefined, to: Json | undefined): Difference => ({
  ...subject,
  change: "changed",
  attribute,
  ...(from === undefined ? {} : { from }),
  ...(to === undefined ? {} : { to }),
  detail: `${attribute}: ${showChange(from, to)}`
})

const isList = (value: Json | undefined): value is ReadonlyArray<Named> =>
  Array.isArray(value) && value.length > 0 && value.every(isNamed)

const isNone = (value: Json | undefined): boolean => value === undefined || (Array.isArray(value) && value.length === 0)

/** Every attribute that is not the same on both sides. */
const attributes = (
  subject: Subject,
  expected: JsonRecord,
  actual: JsonRecord,
  known: ReadonlySet<string>
): ReadonlyArray<Difference> => {
  const names = new Set([...Object.keys(expected), ...Object.keys(actual)])
  return [...names].flatMap((name) => {
    const [from, to] = [expected[name], actual[name]]
    if (known.has(name) || equal(from, to)) return []
    const inner = within(subject, name, from, to)
    return inner.length > 0 ? inner : [changed(subject, name, from, to)]
  })
}

/** What differs in two lists of things with names; nothing where one of them is no such list. */
const within = (
  subject: Subject,
  list: string,
  from: Json | undefined,
  to: Json | undefined
): ReadonlyArray<Difference> => {
  if (!(isList(from) || isNone(from)) || !(isList(to) || isNone(to))) return []
  const [expected, actual] = [isList(from) ? from : [], isList(to) ? to : []]
  const subjectOf = ({ name }: Named) => ({ kind: kindOf(list), object: `${subject.object}.${name}` })
  return [...match(expected, actual, subjectOf, () => innerIdentity), ...order(subject, list, expected, actual)]
}

/** Of what is in both lists, the order: it is that of the columns of a table. */
const order = (
  subject: Subject,
  list: string,
  expected: ReadonlyArray<Named>,
  actual: ReadonlyArray<Named>
): ReadonlyArray<Difference> => {
  const common = (one: ReadonlyArray<Named>, other: ReadonlyArray<Named>) => {
    const names = new Set(other.map(({ name }) => name))
    return one.map(({ name }) => name).filter((name) => names.has(name))
  }
  const [from, to] = [common(expected, actual), common(actual, expected)]
  return equal(from, to) ? [] : [changed(subject, `order of ${list}`, from, to)]
}

/** Pairs what is about the same, and compares each pair. */
const match = <A extends Named>(
  expected: ReadonlyArray<A>,
  actual: ReadonlyArray<A>,
  subjectOf: (value: A) => Subject,
  knownBy: (value: A) => ReadonlySet<string>
): ReadonlyArray<Difference> => {
  const keyOf = (value: A) => JSON.stringify(subjectOf(value))
  const there = new Map(actual.map((value) => [keyOf(value), value]))
  const differences: Array<Difference> = []
  for (const value of expected) {
    const other = there.get(keyOf(value))
    there.delete(keyOf(value))
    const subject = subjectOf(value)
    if (other === undefined) differences.push({ ...subject, change: "removed", from: value, detail: summary(value) })
    else differences.push(...attributes(subject, value, other, knownBy(value)))
  }
  for (const value of there.values()) {
    differences.push({ ...subjectOf(value), change: "added", to: value, detail: summary(value) })
  }
  return differences
}

/** What makes `actual` differ from `expected`: nothing when they are equal as JSON. */
export const compare = (
  expected: ReadonlyArray<Comparable>,
  actual: ReadonlyArray<Comparable>
): ReadonlyArray<Difference> =>
  match(expected, actual, (value) => ({ kind: value.kind, object: nameOf(value) }), identityOf)
