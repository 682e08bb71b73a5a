/**
 * A connection of one's own, as it is in a sandbox: each statement takes effect on
 * its own, or is undone alone, and others have their turn between them.
 */
import * as Effect from "effect/Effect"
import type { SqlError } from "effect/sql/SqlError"
import * as Stream from "effect/Stream"
import type * as PgConnection from "@effect/sql-pg/PgConnection"
import type { Transform } from "./adaptor.ts"
import type { Copying } from "./copying.ts"
import { InnerLease } from "./innerLease.ts"

export class ReservedLease extends InnerLease {
  readonly alone: <A>(lease: InnerLease, statement: Effect.Effect<A, SqlError>) => Effect.Effect<A, SqlError>

  constructor(
    ...[wire, endpoint, use, savepoint, pool, alone]: [
      ...ConstructorParameters<typeof InnerLease>,
      ReservedLease["alone"]
    ]
  ) {
    super(wire, endpoint, use, savepoint, pool)
    this.alone = alone
  }

  protected override send<A, B>(
    sql: string,
    statement: Effect.Effect<A, SqlError>,
    read: (answer: A) => B
  ): Effect.Effect<B, SqlError> {
    return this.alone(this, super.send(sql, statement, read))
  }

  override copy(sql: string, copying: Copying): Effect.Effect<PgConnection.Result, SqlError> {
    return this.alone(this, super.copy(sql, copying))
  }

  /** Read to its end at once: who reads the rows may want the connection for each of them. */
  override executeStream(sql: string, parameters: ReadonlyArray<unknown>, transform: Transform) {
    return Stream.unwrap(Effect.map(this.execute(sql, parameters, transform), Stream.fromIterable))
  }
}
