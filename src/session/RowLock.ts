/**
 * Rows that are taken to be worked on, so that nobody else takes them: the way to
 * use a table as a queue (manual, SELECT, "The Locking Clause").
 */
import * as Rule from "../config/internal/rules.ts"
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"
import type { Statement } from "effect/sql/Statement"
import { checkOptions } from "../connection/internal/options.ts"
import type { Taken } from "../connection/internal/options.ts"
import { DatabaseError } from "../error/DatabaseError.ts"
import { quoteIdentifier } from "../error/internal/quote.ts"
import { inTransaction } from "./NoTransaction.ts"
import type { NoTransaction } from "./NoTransaction.ts"

export interface TakeOptions {
  /** The table of a join whose rows are taken, by its name or alias there. Default: all of them. */
  readonly of?: string | undefined
}

const taken: Taken<TakeOptions> = { of: "RowLock.take", rules: { of: Rule.anyText }, example: `{ of: "job" }` }

/**
 * Runs a SELECT and locks its rows until the transaction ends, passing over those
 * that others have locked. What is done with them belongs in the same transaction:
 * when it fails or the process dies, the rows are free again. Give the SELECT an
 * ORDER BY and a LIMIT, which count what was passed over as not there.
 */
export const take = Effect.fn("RowLock.take")(function* <A extends object>(
  statement: Statement<A>,
  options: TakeOptions = {}
): Effect.fn.Return<ReadonlyArray<A>, DatabaseError | NoTransaction, SqlClient.SqlClient> {
  yield* checkOptions(taken, options)
  const { of } = options
  const sql = yield* SqlClient.SqlClient
  yield* inTransaction(sql, "a lock on rows")
  const [query, parameters] = statement.compile()
  const which = of === undefined ? "" : ` OF ${quoteIdentifier(of)}`
  // On a line of its own, since a query may end with a comment.
  return yield* DatabaseError.refine(sql.unsafe<A>(`${query}\nFOR UPDATE${which} SKIP LOCKED`, parameters))
})
