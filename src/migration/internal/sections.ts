/**
 * Takes a file apart that has both directions, below lines `-- migrate:up` and
 * `-- migrate:down`, as dbmate writes them. A section keeps its marker, which is
 * a comment and may have options, and the lines of the file, so that a place in
 * it is the place in the file.
 */
import { piecesOf } from "./quoting.ts"

export interface Sections {
  readonly up: string
  /** Not there if there is no such section, or nothing in it: an empty one is what a template left. */
  readonly down: string | undefined
  /** What was written for `up`, without its marker: the same wherever in the file it stands. */
  readonly contents: string
}

interface Marker {
  readonly direction: string
  readonly start: number
  readonly end: number
}

/** A problem in words if it has sections that cannot be what was meant, and `undefined` if it has none. */
export const sectionsOf = (text: string): Sections | string | undefined => {
  // Most files without sections are told without a look at their quotes.
  if (!/--[ \t]*migrate/iu.test(text)) return foreign(text)
  const markers = markersOf(text)
  const [up, down, more] = markers
  if (up === undefined) return misspelt(text) ?? foreign(text)
  const lineOf = (at: number) => text.slice(0, at).split("\n").length
  if (up.direction !== "up") return `its first section, at line ${lineOf(up.start)}, must be \`-- migrate:up\``
  if (down?.direction === "up" || more !== undefined) {
    const twice = down?.direction === "up" ? down : more
    return `it has another section \`-- migrate:${twice?.direction}\` at line ${lineOf(twice?.start ?? 0)}; make one of them`
  }
  const before = statementBefore(text, up.start)
  if (before !== undefined) {
    return `it has a statement before its first section, at line ${lineOf(before)}; move it below \`-- migrate:up\``
  }
  const contents = text.slice(up.end, down?.start)
  const reverting = down === undefined ? "" : text.slice(down.end)
  return {
    up: inPlace(text, up.start, down?.start),
    down: down === undefined || reverting.trim() === "" ? undefined : inPlace(text, down.start, undefined),
    contents: contents.trim()
  }
}

const marker = /^--[ \t]*migrate:(up|down)(?![\w-])/u

const markersOf = (text: string, form: RegExp = marker): ReadonlyArray<Marker> => {
  const markers: Array<Marker> = []
  for (const { _tag, end, start } of piecesOf(text)) {
    if (_tag !== "LineComment" || !beginsLine(text, start)) continue
    const direction = form
      .exec(text.slice(start, end))
      ?.slice(1)
      .find((found) => found !== undefined)
    if (direction !== undefined) markers.push({ direction: direction.toLowerCase(), start, end })
  }
  return markers
}

const beginsLine = (text: string, at: number): boolean =>
  text.slice(text.lastIndexOf("\n", at - 1) + 1, at).trim() === ""

/** Only the ends of the lines before it are kept. */
const inPlace = (text: string, start: number, end: number | undefined): string =>
  text.slice(0, start).replaceAll(/[^\n]+/gu, "") + text.slice(start, end)

/** Where something begins that is neither white space nor a comment. */
const statementBefore = (text: string, end: number): number | undefined => {
  let from = 0
  for (const piece of piecesOf(text.slice(0, end))) {
    const at = from + text.slice(from, piece.start).search(/\S|$/u)
    if (at < piece.start || !piece._tag.endsWith("Comment")) return at
    from = piece.end
  }
  const at = text.slice(from, end).search(/\S/u)
  return at === -1 ? undefined : from + at
}

const misspelt = (text: string): string | undefined => {
  const [line] = /^[ \t]*--[ \t]*migrate\b.*$/imu.exec(text) ?? []
  if (line === undefined) return undefined
  const direction = /down/iu.test(line) ? "down" : "up"
  return `its line \`${line.trim()}\` marks no section; write \`-- migrate:${direction}\``
}

/** The markers of goose, sql-migrate and node-pg-migrate. */
const foreignMarker = /^[ \t]*--[ \t]*(?:\+(?:goose|migrate)[ \t]+(up|down)\b|(up|down) migration\b).*$/imu

/** Everybody's, where a comment may as well speak of a migration. */
const anyMarker =
  /^--[ \t]*(?:migrate:(up|down)(?![\w-])|\+(?:goose|migrate)[ \t]+(up|down)\b|(up|down) migration[ \t\r]*$)/iu

const foreign = (text: string): string | undefined => {
  const [line, first, second] = foreignMarker.exec(text) ?? []
  const direction = (first ?? second)?.toLowerCase()
  return line === undefined ? undefined : `write \`-- migrate:${direction}\` for its line \`${line.trim()}\``
}

/** A section of another direction in a file that is one: what stands below it would run too. Where it begins, counted from 1. */
export const straySection = (
  text: string,
  own: "up" | "down" | "verify"
): { readonly line: number; readonly marker: string } | undefined => {
  if (!/--[ \t]*(?:migrate|\+|up migration|down migration)/iu.test(text)) return undefined
  const stray = markersOf(text, anyMarker).find(({ direction }) => direction !== own)
  // What stands below it may be a note: comments do not run.
  if (stray === undefined || statementBefore(text.slice(stray.end), text.length) === undefined) return undefined
  return { line: text.slice(0, stray.start).split("\n").length, marker: text.slice(stray.start, stray.end).trim() }
}
