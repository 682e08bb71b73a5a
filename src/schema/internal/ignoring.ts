/**
 * What of a schema is not compared, because it is not the application's to say:
 * objects by kind and name, and owners, grants and comments as such.
 */
import { SchemaObject } from "../../catalog/SchemaObject.ts"
import { didYouMean } from "../../config/internal/nearest.ts"
import type { Difference } from "./difference.ts"
import { nameOf } from "./diff.ts"
import type { Comparable } from "./diff.ts"

/** What may be left out whole, and the differences that it is about. */
const classes: Readonly<Record<string, (difference: Difference) => boolean>> = {
  owners: ({ attribute }) => attribute === "owner",
  grants: ({ kind }) => kind === "grant" || kind === "grants" || kind === "default privileges",
  comments: ({ attribute }) => attribute === "comment"
}

const classNames = Object.keys(classes)

/** A kind, which may be of several words, and a name; `*` stands for any text in both. */
const pattern = /^(\*|[a-z*][a-z *]*) (\S.*)$/u

/** What stands in an object has the kind of its list. */
const partKinds = ["attribute", "column", "constraint", "grant", "index", "parent", "policy", "rule", "trigger"]

/** Every kind that a difference may be of. Whoever ignores nothing does not have it made. */
const makeKinds = (): ReadonlyArray<string> => [
  ...SchemaObject.members.flatMap(({ fields: { kind } }) => ("literals" in kind ? kind.literals : [kind.literal])),
  ...partKinds
]

const escape = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/gu, "\\$&")

const globOf = (entry: string): RegExp => new RegExp(`^${entry.split("*").map(escape).join(".*")}$`, "su")

/** What may be meant for the kind: it is of several words, and so may the name be. */
const beginningsOf = (entry: string): ReadonlyArray<string> =>
  Array.from(entry.matchAll(/ /gu), ({ index }) => entry.slice(0, index))

/** What is no class and no pattern, or a pattern of no kind, is told before anything is compared, in words that hold nothing of it. */
export const ignorableProblem = (entry: string): string | undefined => {
  if (classNames.includes(entry)) return undefined
  if (!pattern.test(entry)) {
    const meant = didYouMean(entry, classNames)
    return `neither a kind with a name nor a class${meant === undefined ? "" : ` (${meant})`}`
  }
  const [beginnings, kinds] = [beginningsOf(entry), makeKinds()]
  if (beginnings.some((beginning) => kinds.some((kind) => globOf(beginning).test(kind)))) return undefined
  const meant = beginnings.flatMap((beginning) => didYouMean(beginning, kinds) ?? []).at(-1)
  return `of a kind that there is not${meant === undefined ? "" : ` (${meant})`}`
}

/** Tells what is left out. */
export interface Ignoring {
  /** Of an object and of all that is in it. */
  readonly object: (object: Comparable) => boolean
  readonly difference: (difference: Difference) => boolean
}

export const ignoring = (entries: ReadonlyArray<string>): Ignoring => {
  const globs = entries.filter((entry) => !classNames.includes(entry)).map(globOf)
  const about = entries.flatMap((entry) => classes[entry] ?? [])
  const matches = (kind: string, name: string) => globs.some((glob) => glob.test(`${kind} ${name}`))
  return {
    object: (object) => matches(object.kind, nameOf(object)),
    difference: (difference) =>
      matches(difference.kind, difference.object) || about.some((ignored) => ignored(difference))
  }
}
