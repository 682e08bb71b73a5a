/**
 * Rows of a query by a cursor (manual, DECLARE), a batch at a time: what is held is
 * one batch, and the query goes on only while somebody reads.
 *
 * `statement.stream` reads faster, in one round trip, and is bounded as well, but has
 * the connection until it ends: a statement of the same transaction would wait for
 * the stream that waits for it, and is refused where its reader runs it. Between the batches of a cursor others may run.
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as SqlClient from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import type { Statement } from "effect/sql/Statement"
import * as Stream from "effect/Stream"
import { checkOptions } from "../connection/internal/options.ts"
import type { Taken } from "../connection/internal/options.ts"
import type { Level } from "../connection/TransactionLevel.ts"
import { DatabaseError } from "../error/DatabaseError.ts"
import { rowCount } from "./internal/optionRules.ts"

export interface CursorOptions {
  /** How many rows each round trip fetches, and how many are held. Default: 1000. */
  readonly batchSize?: number | undefined
}

const defaultBatch = 1000

const taken: Taken<CursorOptions> = {
  of: "Cursor.stream",
  rules: { batchSize: rowCount },
  example: "{ batchSize: 500 }"
}

let declared = 0

/**
 * The rows of `statement`, in the transaction that is open, or in one of its own that
 * only reads. The cursor is closed when the stream ends, early or not.
 */
export const stream = <A extends object>(
  statement: Statement<A>,
  options: CursorOptions = {}
): Stream.Stream<A, DatabaseError, SqlClient.SqlClient> =>
  Stream.unwrap(
    Effect.gen(function* () {
      yield* checkOptions(taken, options)
      const { batchSize = defaultBatch } = options
      const sql = yield* SqlClient.SqlClient
      const level = yield* levelOf(sql)
      const name = `pgkeel_cursor_${++declared}`
      // What the client makes of rows is made of these too.
      const run = (text: string, parameters: ReadonlyArray<unknown> = []) =>
        Effect.provideService(sql.unsafe<A>(text, parameters).unprepared, sql.transactionService, level)
      const [query, parameters] = statement.compile()
      yield* Effect.acquireRelease(run(`DECLARE ${name} NO SCROLL CURSOR FOR ${query}`, parameters), () =>
        // In a transaction that has failed there is no cursor any more.
        Effect.ignore(run(`CLOSE ${name}`))
      )
      return batches(run(`FETCH FORWARD ${batchSize} FROM ${name}`), batchSize)
    }).pipe(DatabaseError.refine)
  ).pipe(Stream.mapError((error) => (error._tag === "SqlError" ? DatabaseError.fromSqlError(error) : error)))

const batches = <A>(fetch: Effect.Effect<ReadonlyArray<A>, SqlError>, batchSize: number): Stream.Stream<A, SqlError> =>
  Stream.paginate(undefined, () =>
    Effect.map(fetch, (rows) => [rows, rows.length < batchSize ? Option.none() : Option.some(undefined)] as const)
  )

/**
 * The level that is open, itself: in a savepoint, another one on its connection would wait for its end. Outside of a
 * transaction, that of one which lasts as long as the scope.
 */
const levelOf = Effect.fnUntraced(function* (sql: SqlClient.SqlClient): Effect.fn.Return<Level, SqlError, Scope.Scope> {
  const open = yield* Effect.serviceOption(sql.transactionService)
  if (Option.isSome(open)) return open.value
  const connection = yield* sql.reserve
  yield* Effect.acquireRelease(connection.executeUnprepared("BEGIN READ ONLY", [], undefined), () =>
    Effect.ignore(connection.executeUnprepared("ROLLBACK", [], undefined))
  )
  return [connection, 0]
})
