/**
 * The place in a statement that the server points to, and that place shown.
 *
 * A server counts characters from 1 (manual, 55.8, field P): not UTF-16 units, of
 * which an emoji is two, and not columns of a terminal, of which it is two as well.
 * So the three are kept apart here.
 */

/** Both counted from 1; the column in characters. */
export interface Location {
  readonly line: number
  readonly column: number
}

interface Place extends Location {
  readonly lines: ReadonlyArray<string>
}

const lineBreak = /\r\n|\n|\r/u

/** The index in UTF-16 units of a character; a lone surrogate is sent as one character. */
const indexOf = (text: string, position: number): number | undefined => {
  let index = 0
  for (let left = position - 1; left > 0; left--) {
    const point = text.codePointAt(index)
    if (point === undefined) return undefined
    index += point > 0xffff ? 2 : 1
  }
  return index
}

const lengthOf = (text: string): number => Array.from(text).length

const placeOf = (statement: string, position: number): Place | undefined => {
  const index = position >= 1 ? indexOf(statement, position) : undefined
  if (index === undefined) return undefined
  const before = statement.slice(0, index).split(lineBreak)
  return {
    lines: statement.split(lineBreak),
    line: before.length,
    column: lengthOf(before.at(-1) ?? "") + 1
  }
}

/** Line and column of a position, which may be one behind the end; nothing where the statement is shorter. */
export const locate = (statement: string, position: number): Location | undefined => {
  const place = placeOf(statement, position)
  return place === undefined ? undefined : { line: place.line, column: place.column }
}

/** Characters of a line that are shown at most, most of them before the caret. */
const width = 100
const lead = 70

/** A window of a line's characters, with dots where it was cut. */
const windowOf = (line: string, from: number): string => {
  const characters = Array.from(line)
  const cut = characters.slice(from, from + width).map(printable)
  return `${from === 0 ? "" : "…"}${cut.join("")}${from + width < characters.length ? "…" : ""}`
}

/** What would move the cursor of a terminal is shown and does nothing. */
const printable = (character: string): string => (/[^\P{Cc}\t]/u.test(character) ? "\uFFFD" : character)

const invisible = /[\p{Mn}\p{Me}\p{Cf}]/u

/** Unicode Standard Annex 11, the ranges that are wide; emoji are. */
const wide =
  /[\p{Emoji_Presentation}\u1100-\u115F\u2E80-\u303E\u3041-\u33FF\u3400-\u4DBF\u4E00-\uA4CF\uA960-\uA97F\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF01-\uFF60\uFFE0-\uFFE6\u{20000}-\u{3FFFD}]/u

/** As much space as a terminal needs for a character. A tab is copied, since its width depends on where it stands. */
const blank = (character: string): string =>
  character === "\t" ? "\t" : invisible.test(character) ? "" : wide.test(character) ? "  " : " "

/** The line that the server points into, its neighbours, and a caret under the character. */
export const excerpt = (statement: string, position: number): string | undefined => {
  const place = placeOf(statement, position)
  if (place === undefined) return undefined
  const { column, line, lines } = place
  const from = column > width ? column - 1 - lead : 0
  const last = Math.min(lines.length, line + 1)
  const gutter = String(last).length
  const shown: Array<string> = []
  for (let number = Math.max(1, line - 1); number <= last; number++) {
    const text = windowOf(lines[number - 1] ?? "", number === line ? from : 0)
    shown.push(`${String(number).padStart(gutter)} | ${text}`.trimEnd())
    if (number !== line) continue
    const before = Array.from(windowOf(lines[line - 1] ?? "", from)).slice(0, column - 1 - from + (from === 0 ? 0 : 1))
    shown.push(`${" ".repeat(gutter)} | ${before.map(blank).join("")}^`)
  }
  return shown.join("\n")
}
