/**
 * Takes out of a file what psql reads itself and never sends as SQL: the rows of
 * a COPY, and those of its commands that mean nothing to a migration. `pg_dump`
 * writes both. What is left has all lines of the file where they were.
 */
import type { Refusal } from "./refusal.ts"
import { type Piece, piecesOf } from "./quoting.ts"

export interface Cut {
  readonly sql: string
  /** The rows of each COPY, by where its statement ends in `sql`. */
  readonly rows: ReadonlyMap<number, string>
}

/** What cannot be taken out, and where it is. */
export interface CutFailure extends Refusal {
  readonly index: number
}

export const cut = (text: string): Cut | CutFailure => {
  const rows = new Map<number, string>()
  // A command has a backslash, and so has the end of a COPY's rows.
  if (!text.includes("\\")) return { sql: text, rows }
  let sql = ""
  let from = 0
  for (const piece of piecesOf(text)) {
    if (piece._tag !== "Data" && piece._tag !== "Backslash") continue
    const { end, start } = piece
    const refused = piece._tag === "Data" ? openData(text, piece) : command(text.slice(start, end))
    if (refused !== undefined) return { ...refused, index: piece._tag === "Data" ? piece.statementEnd : start }
    if (piece._tag === "Data") {
      rows.set(sql.length + piece.statementEnd - from, text.slice(start, end - endOfRows.length))
    }
    sql += text.slice(from, start) + text.slice(start, end).replaceAll(/[^\n]+/gu, "")
    from = end
  }
  return { sql: sql + text.slice(from), rows }
}

const endOfRows = "\\."

const openData = (text: string, { end, start }: Piece): Refusal | undefined => {
  const line = Math.max(start, text.lastIndexOf("\n", end - 1) + 1)
  return text.slice(line, end) === endOfRows
    ? undefined
    : { statement: "COPY ... FROM stdin", problem: "its rows have no end; put a line `\\.` behind them" }
}

const harmless = /^\\(?:restrict|unrestrict|echo|qecho|warn|timing|set[ \t]+ON_ERROR_STOP)\b/u

const command = (line: string): Refusal | undefined => {
  if (harmless.test(line)) return undefined
  const [name = "\\"] = /^\\[\w.!?]*/u.exec(line) ?? []
  const problem = advice[name] ?? "the server does not know commands of psql; remove it"
  return { statement: `the psql command ${name}`, problem }
}

const include = "put what the file has in its place"
const connect = "a migration runs in the database that it was started for; remove it (pg_dump writes it for --create)"

const advice: Readonly<Record<string, string>> = {
  "\\i": include,
  "\\ir": include,
  "\\include": include,
  "\\include_relative": include,
  "\\c": connect,
  "\\connect": connect,
  "\\copy": "a migration does not read other files; use COPY ... FROM stdin with the rows behind it",
  "\\.": "it ends the rows of a COPY ... FROM stdin, and none is before it; remove it"
}
