/**
 * COPY: the fastest way for many rows in and out, as a part of the transaction that
 * is open, or of its own where none is.
 *
 * A COPY has its connection until it has ended. A statement of the same transaction
 * waits meanwhile, and one that the COPY itself would have to wait for is refused:
 * at once where that is seen, and else when the COPY has stood still for some seconds.
 * Bytes go no faster than the slower side. A COPY that fails, or is interrupted,
 * copies nothing; inside of a transaction, the transaction has failed then.
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Sink from "effect/Sink"
import * as SqlClient from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import * as Stream from "effect/Stream"
import * as Rule from "../config/internal/rules.ts"
import { copyIn, copyOut } from "../connection/CopyProtocol.ts"
import { checkOptions } from "../connection/internal/options.ts"
import type { Taken } from "../connection/internal/options.ts"
import { DatabaseError } from "../error/DatabaseError.ts"
import { quoteIdentifier } from "../error/internal/quote.ts"
import { columnsOf, quoteTable } from "./internal/columns.ts"
import type { TableName } from "./internal/columns.ts"
import { currentConnection } from "./internal/current.ts"
import { toStream } from "./internal/rows.ts"
import type { Rows } from "./internal/rows.ts"
import { copyLine, encodeRows } from "./internal/valueText.ts"
import type { Row } from "./internal/valueText.ts"

export type { TableName } from "./internal/columns.ts"
export type { Rows } from "./internal/rows.ts"
export type { Row } from "./internal/valueText.ts"

/** How the bytes are to be read (manual, COPY, "File Formats"). */
export type Format = "text" | "csv" | "binary"

export interface FormatOptions {
  /** Default: text. */
  readonly format?: Format | undefined
  /** For text (from PostgreSQL 15) and CSV: whether the first line names the columns. Default: false. */
  readonly header?: boolean | undefined
}

/** A table, or some of its columns. */
export interface TableSource extends FormatOptions {
  readonly table: TableName
  /** Default: all columns, in the order of the table. */
  readonly columns?: ReadonlyArray<string> | undefined
}

/** The rows of a query. COPY takes no parameters, so the query is text. */
export interface QuerySource extends FormatOptions {
  readonly query: string
}

/** A whole COPY statement, for what the other forms cannot say. */
export interface CopyStatement {
  readonly statement: string
}

const formats: Taken<FormatOptions>["rules"] = {
  // It becomes a part of the statement, so that nothing else may pass.
  format: Rule.oneOf(["text", "csv", "binary"] satisfies ReadonlyArray<Format>, "no format of COPY"),
  header: Rule.anyFlag
}

const namePair = Rule.listOf(Rule.text)

const tableRules: Taken<TableSource>["rules"] = {
  table: {
    accepted: `the name of a table, or its schema and name such as ["app", "customer"]`,
    problem: (value) => (Rule.isText(value) ? undefined : namePair(value)),
    isRequired: true
  },
  columns: { accepted: `names such as ["id", "name"]`, problem: Rule.listOf(Rule.text) },
  ...formats
}

const queryRules: Taken<QuerySource>["rules"] = { query: { ...Rule.anyText, isRequired: true }, ...formats }

const statementRules: Taken<CopyStatement>["rules"] = { statement: { ...Rule.anyText, isRequired: true } }

/** Which of the forms it is, is said by what is in it. */
const checkSource = (of: "Copy.into" | "Copy.out", source: unknown): Effect.Effect<void, DatabaseError> => {
  const example = `{ table: "customer" }`
  if (Rule.isRecord(source) && "statement" in source)
    return checkOptions({ of, rules: statementRules, example }, source)
  return of === "Copy.out" && Rule.isRecord(source) && "query" in source
    ? checkOptions({ of, rules: queryRules, example }, source)
    : checkOptions({ of, rules: tableRules, example }, source)
}

/** What becomes of the errors of a source of rows. */
type Failure<E> = Exclude<E, SqlError> | DatabaseError

/**
 * Copies bytes, or text, into a table, and says how many rows there were. The pieces
 * need not end where rows end.
 */
export const into = Effect.fn("Copy.into")(function* <E, R>(
  target: TableSource | CopyStatement,
  data: Stream.Stream<Uint8Array | string, E, R>
): Effect.fn.Return<number, Failure<E>, R | SqlClient.SqlClient> {
  yield* checkSource("Copy.into", target)
  const sql = yield* SqlClient.SqlClient
  const copied = Effect.flatMap(currentConnection(sql), (connection) =>
    copyIn(connection, statementOf(target, "FROM STDIN"), data)
  )
  return yield* DatabaseError.refine(Effect.scoped(copied))
})

/**
 * Copies rows into a table, and says how many there were. The first row names the
 * columns; `undefined` is NULL. What is written follows the column: into json and
 * jsonb whatever `JSON.stringify` takes, into arrays an array, and otherwise strings,
 * numbers, bigints, booleans, `Date`s and, for bytea, `Uint8Array`s.
 *
 * Fails with `InvalidParameter` for a value that has no text, and says in which row.
 */
export const rows = Effect.fn("Copy.rows")(function* <E = never, R = never>(
  table: TableName,
  rows: Rows<Row, E, R>
): Effect.fn.Return<number, Failure<E>, R | SqlClient.SqlClient> {
  const sql = yield* SqlClient.SqlClient
  const copied = Effect.gen(function* () {
    const connection = yield* currentConnection(sql)
    const [first, rest] = yield* Stream.peel(toStream(rows), Sink.head<Row>())
    if (Option.isNone(first)) return 0
    const names = Object.keys(first.value)
    const columns = yield* columnsOf(connection, table, names)
    let before = 0
    const encode = (chunk: ReadonlyArray<Row>) => {
      const encoded = encodeRows(columns, chunk, before)
      before += chunk.length
      return Effect.map(encoded, (texts) => texts.map(copyLine).join(""))
    }
    const lines = Stream.mapEffect(Stream.chunks(Stream.concat(Stream.make(first.value), rest)), encode)
    return yield* copyIn(connection, statementOf({ table, columns: names }, "FROM STDIN"), lines)
  })
  return yield* DatabaseError.refine(Effect.scoped(copied))
})

/**
 * The bytes of a table or a query; in the text and CSV formats each element is one line.
 *
 * A stream that is not read to its end is cancelled, which fails the transaction that it
 * is a part of: give it a `withTransaction` of its own there, or read by `Cursor.stream`.
 */
export const out = (
  source: TableSource | QuerySource | CopyStatement
): Stream.Stream<Uint8Array, DatabaseError, SqlClient.SqlClient> =>
  Stream.unwrap(
    Effect.gen(function* () {
      yield* checkSource("Copy.out", source)
      const sql = yield* SqlClient.SqlClient
      const connection = yield* DatabaseError.refine(currentConnection(sql))
      return Stream.mapError(copyOut(connection, statementOf(source, "TO STDOUT")), (error) =>
        DatabaseError.fromSqlError(error)
      )
    })
  )

const statementOf = (source: TableSource | QuerySource | CopyStatement, direction: string): string => {
  if ("statement" in source) return source.statement
  const what = "query" in source ? `(${source.query})` : tableOf(source)
  return `COPY ${what} ${direction}${optionsOf(source)}`
}

const tableOf = ({ columns, table }: TableSource): string =>
  columns === undefined ? quoteTable(table) : `${quoteTable(table)} (${columns.map(quoteIdentifier).join(", ")})`

const optionsOf = ({ format, header }: FormatOptions): string => {
  const options = [...(format === undefined ? [] : [`FORMAT ${format}`]), ...(header === true ? ["HEADER"] : [])]
  return options.length === 0 ? "" : ` (${options.join(", ")})`
}
