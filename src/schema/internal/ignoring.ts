/**
 * What of a schema is not compared, because it is not the application's to say:
 * objects by kind and name, and owners, grants and comments as such.
 */
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

/** What is no class and no pattern is told before anything is compared. */
export const isIgnorable = (entry: string): boolean => classNames.includes(entry) || pattern.test(entry)

const escape = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/gu, "\\$&")

const globOf = (entry: string): RegExp => new RegExp(`^${entry.split("*").map(escape).join(".*")}$`, "su")

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
