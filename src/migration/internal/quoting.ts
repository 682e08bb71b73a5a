/**
 * Finds what is not inside quotes in a text of SQL: comments, semicolons and
 * backslashes. It knows the quotes of PostgreSQL's own scanner and nothing else of
 * the language, and serves what must be decided before the parser sees a text:
 * where a section begins, which line is a directive, and where the data of a COPY
 * are, which are no SQL at all. What is never closed goes on to the end.
 */

interface QuotedPiece {
  readonly _tag: "LineComment" | "BlockComment" | "Quoted" | "Semicolon" | "Backslash"
  readonly start: number
  readonly end: number
}

export type Piece =
  | QuotedPiece
  /** The rows of a COPY, with the line that ends them if there is one. Its statement ends at `statementEnd`. */
  | { readonly _tag: "Data"; readonly start: number; readonly end: number; readonly statementEnd: number }

const letter = String.raw`A-Za-z_\u{80}-\u{10ffff}`

// An identifier may hold dollars, and then `$$` in it opens nothing. An E makes a string's backslashes escapes.
const opening = new RegExp(
  String.raw`--[^\n]*|/\*|(?<![\w$\u{80}-\u{10ffff}])[eE]'|['";\\]|` +
    String.raw`(?<![${letter}][\w$\u{80}-\u{10ffff}]*)\$(?:[${letter}][\w\u{80}-\u{10ffff}]*)?\$`,
  "gu"
)

/**
 * All pieces of a file, in order. What follows the line of a `COPY ... FROM stdin;`
 * up to a line `\\.` is one piece, however many quotes the data have.
 */
export function* piecesOf(text: string): Generator<Piece> {
  // Only such a file can have data, and only for it are statements looked at.
  const copies = text.includes("\\.")
  let statement = ""
  let from = 0
  let data: { readonly start: number; readonly statementEnd: number } | undefined
  for (;;) {
    const piece = nextPiece(text, from)
    if (data !== undefined && (piece === undefined || piece.start >= data.start)) {
      const end = endOfData(text, data.start)
      yield { _tag: "Data", ...data, end }
      ;[from, statement, data] = [end, "", undefined]
      continue
    }
    if (piece === undefined) return
    yield piece
    if (copies) {
      statement += text.slice(from, piece.start) + standIn(piece)
      if (piece._tag === "Semicolon") {
        if (copyFromInput.test(statement)) data = { start: behind(text, "\n", piece.end), statementEnd: piece.start }
        statement = ""
      }
    }
    from = piece.end
  }
}

/** A query may read a table that is called stdin. */
const copyFromInput = /^\s*copy\b(?!\s*\()[^]*?\bfrom\s+stdin\b/iu

const standIn = ({ _tag }: Piece): string => (_tag === "Quoted" ? '"quoted"' : " ")

const endOfData = (text: string, from: number): number => {
  const end = /^\\\.$/gmu
  end.lastIndex = from
  return end.test(text) ? end.lastIndex : text.length
}

/** The next piece that begins at `from`, which must be outside of quotes, or behind it. */
const nextPiece = (text: string, from: number): QuotedPiece | undefined => {
  opening.lastIndex = from
  const found = opening.exec(text)
  if (found === null) return undefined
  const { index: start } = found
  return { ...pieceOf(text, found[0], start + found[0].length), start }
}

const pieceOf = (text: string, opened: string, end: number): Omit<QuotedPiece, "start"> => {
  if (opened.startsWith("--")) return { _tag: "LineComment", end }
  switch (opened) {
    case "/*":
      return { _tag: "BlockComment", end: endOfComment(text, end) }
    case ";":
      return { _tag: "Semicolon", end }
    case "\\":
      // psql takes the rest of the line for its command's, quotes and all.
      return { _tag: "Backslash", end: behind(text, "\n", end, 0) }
    case "e'":
    case "E'":
      return { _tag: "Quoted", end: endOfEscaped(text, end) }
    default:
      // A doubled quote closes and opens at once, which comes to the same.
      return { _tag: "Quoted", end: behind(text, opened, end) }
  }
}

const behind = (text: string, closing: string, from: number, length = closing.length): number => {
  const at = text.indexOf(closing, from)
  return at === -1 ? text.length : at + length
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
