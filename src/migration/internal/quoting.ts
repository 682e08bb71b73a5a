/**
 * Finds what is not inside quotes in a text of SQL: comments, semicolons and
 * backslashes. It knows the quotes of PostgreSQL's own scanner and nothing else of
 * the language, and serves what must be decided before the parser sees a text:
 * where a section begins, which line is a directive, and where the data of a COPY
 * are, which are no SQL at all. What is never closed goes on to the end.
 */

export interface Piece {
  readonly _tag: "LineComment" | "BlockComment" | "Quoted" | "Semicolon" | "Backslash"
  readonly start: number
  readonly end: number
}

const letter = String.raw`A-Za-z_\u{80}-\u{10ffff}`

// An identifier may hold dollars, and then `$$` in it opens nothing. An E makes a string's backslashes escapes.
const opening = new RegExp(
  String.raw`--[^\n]*|/\*|(?<![\w$\u{80}-\u{10ffff}])[eE]'|['";\\]|` +
    String.raw`(?<![${letter}][\w$\u{80}-\u{10ffff}]*)\$(?:[${letter}][\w\u{80}-\u{10ffff}]*)?\$`,
  "gu"
)

/** The next piece that begins at `from`, which must be outside of quotes, or behind it. */
export const nextPiece = (text: string, from: number): Piece | undefined => {
  opening.lastIndex = from
  const found = opening.exec(text)
  if (found === null) return undefined
  const [{ length }] = found
  const { index: start } = found
  return { ...pieceOf(text, found[0], start + length), start }
}

const pieceOf = (text: string, opened: string, end: number): Omit<Piece, "start"> => {
  if (opened.startsWith("--")) return { _tag: "LineComment", end }
  switch (opened) {
    case "/*":
      return { _tag: "BlockComment", end: endOfComment(text, end) }
    case ";":
      return { _tag: "Semicolon", end }
    case "\\":
      return { _tag: "Backslash", end }
    case "e'":
    case "E'":
      return { _tag: "Quoted", end: endOfEscaped(text, end) }
    default:
      // A doubled quote closes and opens at once, which comes to the same.
      return { _tag: "Quoted", end: behind(text, opened, end) }
  }
}

const behind = (text: string, closing: string, from: number): number => {
  const at = text.indexOf(closing, from)
  return at === -1 ? text.length : at + closing.length
}

const endOfComment = (text: string, from: number): number => {
  const mark = /\/\*|\*\//gu
  mark.lastIndex = from
  for (let depth = 1; depth > 0;) {
    const found = mark.exec(text)
    if (found === null) return text.length
    depth += found[0] === "/*" ? 1 : -1
  }
  return mark.lastIndex
}

/** Two strings with nothing but a new line and comments between them are one, and its backslashes stay escapes. */
const continued = /(?:[ \t\f\v\r]|--[^\n]*)*\n(?:\s|--[^\n]*\n)*'|'/uy

const endOfEscaped = (text: string, from: number): number => {
  const mark = /\\[^]|'/gu
  mark.lastIndex = from
  for (let found = mark.exec(text); found !== null; found = mark.exec(text)) {
    if (found[0] !== "'") continue
    continued.lastIndex = mark.lastIndex
    if (!continued.test(text)) return mark.lastIndex
    mark.lastIndex = continued.lastIndex
  }
  return text.length
}
