/**
 * Splits a file of SQL into its statements with PostgreSQL's own parser, so that
 * dollar quoting, `BEGIN ATOMIC` bodies, nested comments and semicolons in
 * strings are what the server takes them for. The parser is WebAssembly of
 * 1.7 MB: it is loaded when the first file has to be split, not before.
 *
 * Statements are sent one by one, because that is what the extended protocol
 * does, and because only so can a failure be told by its statement.
 */
import * as Effect from "effect/Effect"
import type { Node, SqlError } from "libpg-query"
import { aloneOf, type Recovery } from "./alone.ts"
import { type Directives, directivesOf } from "./directives.ts"
import { cut } from "./psql.ts"
import { copyWithoutRows, refusal, type Refusal, transactionAround } from "./refusal.ts"

export interface Statement {
  readonly text: string
  /** The line of the file on which it begins, counted from 1. */
  readonly line: number
  /** The column of that line, counted from 1, in UTF-16 units, as editors do. */
  readonly column: number
  /** What it is, such as `CREATE INDEX CONCURRENTLY`, if PostgreSQL runs it only outside a transaction. */
  readonly alone?: string
  /** How to go on with it where it has no transaction. Not there if it may share one with the note that it has finished. */
  readonly recovery?: Recovery
  /** The rows of a `COPY ... FROM stdin`, as the file has them behind it, each with the end of its line. */
  readonly copyData?: string
}

/** A file, ready to run. */
export interface SqlScript {
  readonly statements: ReadonlyArray<Statement>
  readonly directives: Directives
}

/** Why a file cannot be split, with the place counted from 1. */
export type SplitFailure =
  | { readonly _tag: "Syntax"; readonly line: number; readonly column: number; readonly message: string }
  | {
      readonly _tag: "Refused"
      readonly line: number
      readonly column: number
      readonly statement: string
      readonly problem: string
    }

/** A statement and its parse tree. */
export interface ParsedStatement extends Statement {
  readonly node: Node
  /** Where it begins in the text, in UTF-16 units. */
  readonly start: number
}

/** A file with its parse trees, which are many times as large as the file. */
export interface ParsedScript {
  /** The file without what is no SQL. */
  readonly sql: string
  readonly statements: ReadonlyArray<ParsedStatement>
  readonly directives: Directives
  /** Where in `sql` a place of the parser's is. */
  readonly indexOf: (location: number) => number
}

export const split = (text: string): Effect.Effect<SqlScript, SplitFailure> =>
  Effect.map(read(text), ({ directives, statements }) => ({
    statements: statements.map(({ node: _node, start: _start, ...statement }) => statement),
    directives
  }))

export const read = Effect.fnUntraced(function* (text: string): Effect.fn.Return<ParsedScript, SplitFailure> {
  const without = cut(text)
  if ("problem" in without) return yield* refuse(text, without.index, without)
  const { rows, sql } = without
  const directives = directivesOf(sql)
  if ("problem" in directives) return yield* refuse(sql, directives.index, directives)
  // The parser refuses the empty string, and says of one comment that it has no statements.
  const { stmts = [] } = yield* parse(sql === "" ? ";" : sql)
  const around = transactionAround(
    stmts.map(({ stmt }) => stmt),
    directives.transaction
  )
  const indexOf = toIndex(sql)
  const statements: Array<ParsedStatement> = []
  let [line, measured] = [1, 0]
  for (const { stmt, stmt_len, stmt_location = 0 } of around ? stmts.slice(1, -1) : stmts) {
    const start = indexOf(stmt_location)
    const end = stmt_len === undefined ? sql.length : indexOf(stmt_location + stmt_len)
    line += newlines(sql, measured, start)
    measured = start
    const copyData = rows.get(end)
    if (stmt === undefined) continue
    const alone = aloneOf(stmt)
    const refused = refusal(stmt, copyData !== undefined, around ? alone.alone : undefined)
    if (refused !== undefined) return yield* refuse(sql, start, refused)
    statements.push({
      text: sql.slice(start, end).trimEnd(),
      line,
      column: columnAt(sql, start),
      node: stmt,
      start,
      ...alone,
      ...(copyData === undefined ? {} : { copyData })
    })
  }
  return { sql, statements, directives, indexOf }
})

const refuse = (text: string, at: number, { problem, statement }: Refusal) =>
  Effect.fail<SplitFailure>({
    _tag: "Refused",
    line: lineAt(text, at),
    column: columnAt(text, at),
    statement,
    problem
  })

const parse = (text: string) =>
  Effect.tryPromise({
    try: () => import("libpg-query").then(({ parse }) => parse(text)),
    catch: (error) => failure(text, error)
  })

const failure = (text: string, error: unknown): SplitFailure => {
  const message = error instanceof Error ? error.message : String(error)
  const at = characterToIndex(text, detailsOf(error)?.cursorPosition ?? 0)
  const line = lineAt(text, at)
  // Where nothing ends the rows of a COPY, the parser has met them.
  const copy = text.includes("\\.") ? null : copyStatement.exec(text.slice(0, at))
  if (copy !== null) {
    const [line, column] = [lineAt(text, copy.index), columnAt(text, copy.index)]
    return { _tag: "Refused", line, column, ...copyWithoutRows }
  }
  return { _tag: "Syntax", line, column: columnAt(text, at), message }
}

const copyStatement = /^[ \t]*COPY\b[^;]*\bFROM\s+STDIN\b[^;]*;/imu

const detailsOf = (error: unknown): SqlError["sqlDetails"] =>
  error instanceof Error && "sqlDetails" in error ? (error as SqlError).sqlDetails : undefined

/** Statements are placed by bytes of UTF-8, and strings here count UTF-16 units. */
const toIndex = (text: string): ((byte: number) => number) => {
  const bytes = Buffer.from(text, "utf8")
  if (bytes.length === text.length) return (byte) => byte
  let lastByte = 0
  let lastIndex = 0
  return (byte) => {
    // The places come in order, so that each part of the file is measured once.
    if (byte < lastByte) lastByte = lastIndex = 0
    lastIndex += bytes.toString("utf8", lastByte, byte).length
    lastByte = byte
    return lastIndex
  }
}

/** Errors are placed by characters, and one outside the basic plane is two UTF-16 units. */
export const characterToIndex = (text: string, character: number): number => {
  let index = 0
  for (let n = 0; n < character && index < text.length; n++) {
    index += (text.codePointAt(index) ?? 0) > 0xffff ? 2 : 1
  }
  return index
}

/** The line, counted from 1, that has the character at `index`. */
export const lineAt = (text: string, index: number): number => 1 + newlines(text, 0, index)

/** The column, counted from 1, of the character at `index` in its line. */
export const columnAt = (text: string, index: number): number =>
  index === 0 ? 1 : index - text.lastIndexOf("\n", index - 1)

const newlines = (text: string, from: number, to: number): number => {
  let count = 0
  for (let i = text.indexOf("\n", from); i !== -1 && i < to; i = text.indexOf("\n", i + 1)) count++
  return count
}
