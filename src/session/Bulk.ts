/**
 * Many rows by INSERT: a statement for thousands of them, with one parameter for
 * each column, whatever their number. Unlike `Copy.rows` it takes ON CONFLICT and
 * RETURNING; where neither is needed, COPY is faster.
 *
 * Each column travels as one array of texts, and `unnest` makes rows of them. An
 * array of arrays would come apart into its innermost values there, so what goes to
 * a column of arrays goes as texts, and is cast behind the `unnest`.
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import * as Stream from "effect/Stream"
import * as Rule from "../config/internal/rules.ts"
import { checkOptions } from "../connection/internal/options.ts"
import { DatabaseError } from "../error/DatabaseError.ts"
import { quoteIdentifier } from "../error/internal/quote.ts"
import { columnsOf, quoteTable } from "./internal/columns.ts"
import type { Column, TableName } from "./internal/columns.ts"
import { asOne, currentConnection } from "./internal/current.ts"
import { rowCount } from "./internal/optionRules.ts"
import { toStream } from "./internal/rows.ts"
import type { Rows } from "./internal/rows.ts"
import { element, encodeRows } from "./internal/valueText.ts"
import type { Row } from "./internal/valueText.ts"

export interface InsertOptions {
  /** At most how many rows go in one statement, which also ends at about 4 MiB. Default: 5000. */
  readonly chunk?: number | undefined
  /** What becomes of rows that exist. Default: an error, which `UniqueViolation` is. */
  readonly onConflict?: OnConflict | undefined
}

/** The row that exists stays, or takes the new values of `update`. */
export type OnConflict =
  | "nothing"
  | {
      /** The columns of the unique index. */
      readonly columns: ReadonlyArray<string>
      /** Without any, the row that exists stays. */
      readonly update: ReadonlyArray<string>
    }

/** What either function takes. */
const taken = (of: string) => ({
  of,
  example: `{ chunk: 1000, onConflict: "nothing" }`,
  rules: {
    chunk: rowCount,
    onConflict: {
      accepted: `"nothing", or columns such as { columns: ["id"], update: ["name"] }`,
      problem: (value: unknown) => {
        if (value === "nothing") return undefined
        return Rule.isText(value) ? "a string that is none of them" : conflictColumns(value)
      }
    }
  }
})

const conflictColumns = Rule.record({
  columns: Rule.listOf(Rule.text),
  update: Rule.listOf(Rule.text)
} satisfies Record<keyof Exclude<OnConflict, string>, Rule.Problem>)

const takenByInsertMany = taken("Bulk.insertMany")
const takenByInsertReturning = taken("Bulk.insertReturning")

type Failure<E> = Exclude<E, SqlError> | DatabaseError

/** The texts of rows; each row has one for each column. */
type Texts = ReadonlyArray<ReadonlyArray<string | null>>

const defaultChunk = 5000

/** In characters. */
const longestStatement = 4 * 2 ** 20

/**
 * Inserts rows, all or none, and says how many were written. The first row names the
 * columns; `undefined` is NULL. Values are written as `Copy.rows` writes them.
 *
 * Fails with `InvalidParameter` for a value that has no text, and says in which row.
 */
export const insertMany = Effect.fn("Bulk.insertMany")(function* <E = never, R = never>(
  table: TableName,
  rows: Rows<Row, E, R>,
  options: InsertOptions = {}
): Effect.fn.Return<number, Failure<E>, R | SqlClient.SqlClient> {
  yield* checkOptions<InsertOptions>(takenByInsertMany, options)
  const written = Stream.mapEffect(encoded(table, rows, options), ({ columns, connection, texts }) =>
    Effect.map(connection.executeRaw(statementOf(table, columns, options), parametersOf(columns, texts)), countOf)
  )
  return yield* inOne(
    Stream.runFold(
      written,
      () => 0,
      (sum, count) => sum + count
    )
  )
})

/** The same, with what `RETURNING` names of each row, read by `returning`, whose fields are the columns. */
export const insertReturning = Effect.fn("Bulk.insertReturning")(function* <
  Fields extends Schema.Struct.Fields,
  E = never,
  R = never
>(
  table: TableName,
  rows: Rows<Row, E, R>,
  returning: Schema.Struct<Fields>,
  options: InsertOptions = {}
): Effect.fn.Return<
  ReadonlyArray<Schema.Struct<Fields>["Type"]>,
  Failure<E> | Schema.SchemaError,
  R | SqlClient.SqlClient | Schema.Struct<Fields>["DecodingServices"]
> {
  yield* checkOptions<InsertOptions>(takenByInsertReturning, options)
  const suffix = ` RETURNING ${Object.keys(returning.fields).map(quoteIdentifier).join(", ")}`
  const decode = Schema.decodeUnknownEffect(Schema.Array(returning))
  const written = Stream.mapEffect(encoded(table, rows, options), ({ columns, connection, texts }) =>
    connection
      .execute(statementOf(table, columns, options) + suffix, parametersOf(columns, texts), undefined)
      .pipe(Effect.flatMap((found) => decode(found)))
  )
  const read = yield* inOne(Stream.runCollect(written))
  return read.flat()
})

const inOne = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, Failure<E>, R | SqlClient.SqlClient> =>
  Effect.flatMap(SqlClient.SqlClient, (sql) => DatabaseError.refine(asOne(sql, effect)))

/** What each statement inserts, and where. */
const encoded = <E, R>(table: TableName, rows: Rows<Row, E, R>, { chunk = defaultChunk }: InsertOptions) =>
  Stream.unwrap(
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const connection = yield* currentConnection(sql)
      let known: ReadonlyArray<Column> | undefined
      let before = 0
      const encodeChunk = Effect.fnUntraced(function* (part: ReadonlyArray<Row>) {
        known ??= yield* columnsOf(connection, table, Object.keys(part[0] ?? {}))
        const columns = known
        const texts = yield* encodeRows(columns, part, before)
        before += part.length
        return split(texts).map((texts) => ({ columns, connection, texts }))
      })
      return toStream(rows).pipe(
        Stream.rechunk(chunk),
        Stream.chunks,
        Stream.mapEffect(encodeChunk),
        Stream.flatMap((parts) => Stream.fromIterable(parts, { chunkSize: 1 }))
      )
    })
  )

/** Parts of a bounded length. A row that is longer is a part of its own. */
const split = (texts: Texts): ReadonlyArray<Texts> => {
  const parts: Array<Texts> = []
  let from = 0
  let length = 0
  for (const [at, row] of texts.entries()) {
    const own = row.reduce((sum, text) => sum + (text?.length ?? 0), 0)
    if (length + own > longestStatement && at > from) {
      parts.push(texts.slice(from, at))
      from = at
      length = 0
    }
    length += own
  }
  return [...parts, texts.slice(from)]
}

const statementOf = (table: TableName, columns: ReadonlyArray<Column>, { onConflict }: InsertOptions): string => {
  const names = columns.map(({ name }) => quoteIdentifier(name)).join(", ")
  const values = columns.map(({ nests, type }, at) => (nests ? `v.c${at}` : `v.c${at}::${type}`)).join(", ")
  const arrays = columns.map(({ nests, type }, at) => `pg_catalog.unnest($${at + 1}::${nests ? type : "text"}[])`)
  const aliases = columns.map((_, at) => `c${at}`).join(", ")
  const into = `INSERT INTO ${quoteTable(table)} (${names})`
  return `${into} SELECT ${values} FROM ROWS FROM (${arrays.join(", ")}) AS v(${aliases})${conflict(onConflict)}`
}

const conflict = (onConflict: OnConflict | undefined): string => {
  if (onConflict === undefined) return ""
  if (onConflict === "nothing") return " ON CONFLICT DO NOTHING"
  const target = onConflict.columns.map(quoteIdentifier).join(", ")
  if (onConflict.update.length === 0) return ` ON CONFLICT (${target}) DO NOTHING`
  const sets = onConflict.update.map((name) => `${quoteIdentifier(name)} = EXCLUDED.${quoteIdentifier(name)}`)
  return ` ON CONFLICT (${target}) DO UPDATE SET ${sets.join(", ")}`
}

/** One array for each column, as a text. */
const parametersOf = (columns: ReadonlyArray<Column>, texts: Texts): ReadonlyArray<string> =>
  columns.map((_, at) => `{${texts.map((row) => element(row[at] ?? null)).join(",")}}`)

const Written = Schema.Struct({ rowCount: Schema.Int })

const countOf = (result: unknown): number => (Schema.is(Written)(result) ? result.rowCount : 0)
