/**
 * One physical connection as `effect/sql` sees it, and who has it now.
 *
 * A `Slot` belongs to a connection for its whole life and is lent to single
 * statements; a `Lease` is one exclusive use by a transaction, a session or a
 * listener. Neither allocates anything for a statement beyond what the driver does.
 */
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import type * as Arr from "effect/Array"
import * as Scope from "effect/Scope"
import type { Connection } from "effect/sql/SqlConnection"
import type { SqlError } from "effect/sql/SqlError"
import * as Stream from "effect/Stream"
import type * as PgConnection from "@effect/sql-pg/PgConnection"
import * as Driver from "./driver.ts"

/** What a connection is used for. */
export type LeaseKind = "statement" | "stream" | "transaction" | "connection" | "listener"

type Transform = (<A extends object>(rows: ReadonlyArray<A>) => ReadonlyArray<A>) | undefined

const rowsOf = (result: PgConnection.Result): ReadonlyArray<PgConnection.Row> => result.rows

/** The six methods over a driver's connection. Remembers the text of the last statement, for whoever asks what it does. */
class Adaptor implements Connection {
  connection: PgConnection.PgConnection
  statement: string | undefined

  constructor(connection: PgConnection.PgConnection) {
    this.connection = connection
  }

  private rows(sql: string, parameters: ReadonlyArray<unknown>, prepare: boolean) {
    this.statement = sql
    return Effect.map(this.connection.query(sql, parameters, prepare), rowsOf)
  }

  execute(sql: string, parameters: ReadonlyArray<unknown>, transform: Transform) {
    const rows = this.rows(sql, parameters, true)
    return transform === undefined ? rows : Effect.map(rows, transform)
  }

  executeUnprepared(sql: string, parameters: ReadonlyArray<unknown>, transform: Transform) {
    const rows = this.rows(sql, parameters, false)
    return transform === undefined ? rows : Effect.map(rows, transform)
  }

  executeRaw(sql: string, parameters: ReadonlyArray<unknown>): Effect.Effect<PgConnection.Result, SqlError> {
    this.statement = sql
    return this.connection.query(sql, parameters)
  }

  executeValues(sql: string, parameters: ReadonlyArray<unknown>) {
    this.statement = sql
    return this.connection.queryValues(sql, parameters)
  }

  executeValuesUnprepared(sql: string, parameters: ReadonlyArray<unknown>) {
    this.statement = sql
    return this.connection.queryValues(sql, parameters, false)
  }

  executeStream(sql: string, parameters: ReadonlyArray<unknown>, transform: Transform) {
    this.statement = sql
    const rows = this.connection.stream(sql, parameters)
    return transform === undefined
      ? rows
      : Stream.mapArray(rows, (chunk) => transform(chunk) as Arr.NonEmptyReadonlyArray<PgConnection.Row>)
  }
}

/** A connection of the pool, lent to one statement at a time. */
export class Slot extends Adaptor {
  readonly kind = "statement"
  fiber: Fiber.Fiber<unknown, unknown> | undefined
  /** Monotonic nanoseconds. */
  since = 0n
}

/** A connection that one user holds over several statements. */
export class Lease extends Adaptor {
  readonly base: PgConnection.PgConnection
  /** What lives as long as the connection is pinned. */
  readonly scope: Scope.Closeable = Scope.makeUnsafe()
  readonly kind: LeaseKind
  readonly holder: string | undefined
  /** Monotonic nanoseconds. */
  readonly since: bigint

  constructor(
    base: PgConnection.PgConnection,
    use: { readonly kind: LeaseKind; readonly holder: string | undefined; readonly since: bigint }
  ) {
    super(base)
    this.base = base
    this.kind = use.kind
    this.holder = use.holder
    this.since = use.since
  }

  get isDead(): boolean {
    return Driver.isDead(this.base)
  }
}
