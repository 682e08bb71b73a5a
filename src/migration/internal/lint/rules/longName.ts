import { advice } from "../fixes.ts"
import { piecesOf } from "../../quoting.ts"
import type { LintStatement, Rule } from "../rule.ts"

/** Bytes of a name that PostgreSQL keeps: NAMEDATALEN - 1. */
const limit = 63

export const longName: Rule = {
  name: "long-name",
  reason:
    "PostgreSQL cuts a name after 63 bytes and says so in a notice only: two long names can become one, and what looks for the whole name does not find it.",
  check: (statement) =>
    namesIn(statement)
      .filter(({ name }) => Buffer.byteLength(name) > limit)
      .map(({ at, name }) => ({
        at,
        message: `${name} has ${Buffer.byteLength(name)} bytes, of which ${limit} are kept`,
        fix: advice(`a name of at most ${limit} bytes; PostgreSQL makes of it ${cut(name)}`)
      }))
}

interface Name {
  readonly at: number
  readonly name: string
}

/** All words, and what is in double quotes; no text can have a long name that is not that long itself. */
const namesIn = ({ text }: LintStatement): ReadonlyArray<Name> => {
  if (text.length <= limit && Buffer.byteLength(text) <= limit) return []
  const names: Array<Name> = []
  let from = 0
  for (const { _tag, end, start } of piecesOf(text)) {
    names.push(...wordsIn(text.slice(from, start), from))
    if (_tag === "Quoted" && text.startsWith('"', start)) {
      names.push({ at: start, name: text.slice(start + 1, end - 1).replaceAll('""', '"') })
    }
    from = end
  }
  return [...names, ...wordsIn(text.slice(from), from)]
}

const wordsIn = (text: string, at: number): ReadonlyArray<Name> =>
  [...text.matchAll(/[\p{L}_\u{80}-\u{10ffff}][\w$\u{80}-\u{10ffff}]{15,}/gu)].map(({ index, 0: name }) => ({
    at: at + index,
    name
  }))

const cut = (name: string): string => {
  let kept = ""
  for (const character of name) {
    if (Buffer.byteLength(kept + character) > limit) break
    kept += character
  }
  return kept
}
