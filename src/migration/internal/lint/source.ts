/**
 * Parts of a statement as the file spells them. The parser says where most things
 * begin and never where they end, so that ends are found by parentheses, commas
 * and what is inside quotes.
 */
import { piecesOf } from "../quoting.ts"

export interface SourcePart {
  readonly start: number
  readonly text: string
}

/** The text with spaces in place of comments, and letters in place of what is quoted, so that it has no stray comma. */
export const masked = (text: string): string => {
  let plain = ""
  let from = 0
  for (const { _tag, end, start } of piecesOf(text)) {
    plain += text.slice(from, start) + (_tag === "Quoted" ? "q" : " ").repeat(end - start)
    from = end
  }
  return plain + text.slice(from)
}

/** Without spaces and comments behind it, of which one would swallow what is written there. */
export const trimmed = (text: string): string => text.slice(0, masked(text).trimEnd().length)

/** What stands between the commas that are in no parentheses. */
export const partsBetweenCommas = (text: string): ReadonlyArray<SourcePart> => {
  const plain = masked(text)
  const parts: Array<SourcePart> = []
  for (let from = 0; from <= plain.length;) {
    const end = itemEnd(plain, from)
    const start = from + plain.slice(from, end).search(/\S|$/u)
    parts.push({ start, text: trimmed(text.slice(start, end)) })
    from = end + 1
  }
  return parts
}

/** From a place to the comma, the closing parenthesis or the end behind it. */
export const itemAt = (text: string, from: number, before: number = text.length): string =>
  trimmed(text.slice(from, Math.min(before, itemEnd(masked(text), from))))

const itemEnd = (plain: string, from: number): number => {
  let depth = 0
  for (let i = from; i < plain.length; i++) {
    const character = plain.charAt(i)
    if (character === "(" || character === "[") depth++
    else if ((character === ")" || character === "]") && --depth < 0) return i
    else if (character === "," && depth === 0) return i
  }
  return plain.length
}

/** The text with something else in place of what is found outside of comments and strings; `$&` is what was there. */
export const replaced = (text: string, pattern: RegExp, by: string): string => {
  let written = ""
  let from = 0
  for (const { 0: found, index } of masked(text).matchAll(pattern)) {
    written += text.slice(from, index) + by.replace("$&", () => text.slice(index, index + found.length))
    from = index + found.length
  }
  return written + text.slice(from)
}
