/**
 * One physical connection as `effect/sql` sees it: the six methods over a driver's
 * connection. Allocates nothing for a statement beyond what the driver does.
 */
import type * as Arr from "effect/Array"
import type * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { identity } from "effect/Function"
import type { Connection } from "effect/sql/SqlConnection"
import type { SqlError } from "effect/sql/SqlError"
import * as Stream from "effect/Stream"
import type * as PgConnection from "@effect/sql-pg/PgConnection"
import { isNameTaken } from "./failure.ts"
import type { Wire } from "./wire.ts"

export type Transform = (<A extends object>(rows: ReadonlyArray<A>) => ReadonlyArray<A>) | undefined

const rowsOf = (result: PgConnection.Result): ReadonlyArray<PgConnection.Row> => result.rows

const rowsWith = (transform: Transform) =>
  transform === undefined ? rowsOf : (result: PgConnection.Result) => transform(result.rows)

/** Remembers the text of the last statement, for whoever asks what it does. */
export abstract class Adaptor implements Connection {
  readonly wire: Wire
  protected readonly connection: PgConnection.PgConnection
  statement: string | undefined

  constructor(wire: Wire) {
    this.wire = wire
    this.connection = wire.connection
  }

  /** The way of every statement to the driver; `read` makes of its answer what was asked for. */
  protected abstract send<A, B>(
    sql: string,
    statement: Effect.Effect<A, SqlError>,
    read: (answer: A) => B
  ): Effect.Effect<B, SqlError>

  execute(sql: string, parameters: ReadonlyArray<unknown>, transform: Transform) {
    return this.send(sql, this.connection.query(sql, parameters), rowsWith(transform))
  }

  executeUnprepared(sql: string, parameters: ReadonlyArray<unknown>, transform: Transform) {
    return this.send(sql, this.connection.query(sql, parameters, false), rowsWith(transform))
  }

  executeRaw(sql: string, parameters: ReadonlyArray<unknown>): Effect.Effect<PgConnection.Result, SqlError> {
    return this.send(sql, this.connection.query(sql, parameters), identity)
  }

  executeValues(sql: string, parameters: ReadonlyArray<unknown>) {
    return this.send(sql, this.connection.queryValues(sql, parameters), identity)
  }

  executeValuesUnprepared(sql: string, parameters: ReadonlyArray<unknown>) {
    return this.send(sql, this.connection.queryValues(sql, parameters, false), identity)
  }

  executeStream(
    sql: string,
    parameters: ReadonlyArray<unknown>,
    transform: Transform
  ): Stream.Stream<PgConnection.Row, SqlError> {
    this.statement = sql
    const rows = this.connection.stream(sql, parameters)
    return transform === undefined
      ? rows
      : Stream.mapArray(rows, (chunk) => transform(chunk) as Arr.NonEmptyReadonlyArray<PgConnection.Row>)
  }
}

/** The driver has dropped a name that was taken, so the same statement gets another one. */
export const reprepare = <A>(
  { isInTransaction }: Wire,
  statement: Effect.Effect<A, SqlError>,
  cause: Cause.Cause<SqlError>
): Effect.Effect<A, SqlError> => {
  const failure = Exit.failCause(cause)
  return !isInTransaction && isNameTaken(failure) ? statement : failure
}
