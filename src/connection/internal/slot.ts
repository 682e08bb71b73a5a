/**
 * A connection of the pool for its whole life, lent to one statement at a time. What
 * a statement leaves behind is nobody's: the next one gets any connection.
 */
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import type { SqlError } from "effect/sql/SqlError"
import { TransactionControl } from "../../error/Reason.ts"
import type { Phase } from "../../error/RetryScope.ts"
import { Adaptor, reprepare } from "./adaptor.ts"
import { finalError, refusedCopy, settled } from "./failure.ts"

export class Slot extends Adaptor {
  readonly kind = "statement"
  fiber: Fiber.Fiber<unknown, unknown> | undefined
  /** Clock time in milliseconds: the monotonic clock costs several times as much to read. */
  since = 0
  #sent: number | undefined

  protected send<A, B>(
    sql: string,
    statement: Effect.Effect<A, SqlError>,
    read: (answer: A) => B
  ): Effect.Effect<B, SqlError> {
    this.statement = sql
    const refused = refusedCopy(sql)
    if (refused !== undefined) return refused
    // `matchEffect` would allocate a closure more for every statement.
    return Effect.matchCauseEffect(statement, {
      onSuccess: (answer) => (this.wire.isInTransaction ? this.#endBegun(sql) : Effect.succeed(read(answer))),
      onFailure: (cause) => Effect.map(Effect.mapError(reprepare(this.wire, statement, cause), this.#settled), read)
    })
  }

  readonly #settled = (error: SqlError): SqlError => settled(error, this.phase, this.statement)

  /** The next statement need not get this connection, and whoever gets it must not find a transaction. */
  #endBegun(statement: string): Effect.Effect<never, SqlError> {
    const refusal = Effect.fail(finalError(new TransactionControl({ statement }), "query"))
    return Effect.andThen(this.connection.query("ROLLBACK"), refusal)
  }

  /** Lends it for one statement. */
  lend(fiber: Fiber.Fiber<unknown, unknown>, since: number): void {
    this.fiber = fiber
    this.since = since
    this.#sent = this.wire.sent
  }

  /** Says whether it was lent. */
  giveBack(): boolean {
    const wasLent = this.fiber !== undefined
    this.fiber = undefined
    return wasLent
  }

  /** How far it had come when its statement failed. */
  get phase(): Phase {
    return this.wire.hasSentSince(this.#sent) ? "statement_sent" : "idle"
  }
}
