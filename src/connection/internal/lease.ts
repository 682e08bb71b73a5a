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
import type * as Scope from "effect/Scope"
import type { Connection } from "effect/sql/SqlConnection"
import type { SqlError } from "effect/sql/SqlError"
import * as Stream from "effect/Stream"
import type * as PgConnection from "@effect/sql-pg/PgConnection"
import * as Driver from "./driver.ts"
import type { Phase } from "../../error/RetryScope.ts"
import { noteFailure } from "./failure.ts"
import type { Endpoint } from "./failure.ts"
import { givenUp, released } from "./opening.ts"
import type { Opening } from "./opening.ts"

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

  /** The way of every statement to the driver. */
  protected send<A>(sql: string, statement: Effect.Effect<A, SqlError>): Effect.Effect<A, SqlError> {
    this.statement = sql
    return statement
  }

  execute(sql: string, parameters: ReadonlyArray<unknown>, transform: Transform) {
    const rows = Effect.map(this.send(sql, this.connection.query(sql, parameters)), rowsOf)
    return transform === undefined ? rows : Effect.map(rows, transform)
  }

  executeUnprepared(sql: string, parameters: ReadonlyArray<unknown>, transform: Transform) {
    const rows = Effect.map(this.send(sql, this.connection.query(sql, parameters, false)), rowsOf)
    return transform === undefined ? rows : Effect.map(rows, transform)
  }

  executeRaw(sql: string, parameters: ReadonlyArray<unknown>): Effect.Effect<PgConnection.Result, SqlError> {
    return this.send(sql, this.connection.query(sql, parameters))
  }

  executeValues(sql: string, parameters: ReadonlyArray<unknown>) {
    return this.send(sql, this.connection.queryValues(sql, parameters))
  }

  executeValuesUnprepared(sql: string, parameters: ReadonlyArray<unknown>) {
    return this.send(sql, this.connection.queryValues(sql, parameters, false))
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

/** A connection of the pool, lent to one statement at a time. */
export class Slot extends Adaptor {
  readonly kind = "statement"
  fiber: Fiber.Fiber<unknown, unknown> | undefined
  /** Monotonic nanoseconds. */
  since = 0n
}

/**
 * A connection that one user holds over several statements. What its user left
 * running elsewhere does not reach the next one: a statement that comes after the
 * end is refused, and one that still runs then costs the connection.
 */
export class Lease extends Adaptor {
  readonly kind: LeaseKind
  readonly holder: string | undefined
  /** Monotonic nanoseconds. */
  readonly since: bigint
  /** The transaction that this lease is for. */
  opening: Opening | undefined
  readonly #endpoint: Endpoint
  #running = 0
  /** What a statement fails with that comes now. */
  #refusal: (() => SqlError) | undefined
  #isGivenUp = false

  constructor(
    connection: PgConnection.PgConnection,
    endpoint: Endpoint,
    use: { readonly kind: LeaseKind; readonly holder: string | undefined; readonly since: bigint }
  ) {
    super(connection)
    this.#endpoint = endpoint
    this.kind = use.kind
    this.holder = use.holder
    this.since = use.since
  }

  protected override send<A>(sql: string, statement: Effect.Effect<A, SqlError>): Effect.Effect<A, SqlError> {
    this.statement = sql
    return Effect.suspend(() => {
      let runs = false
      // What is counted is counted inside the frame that takes it back, since a fiber may be interrupted between.
      return Effect.onExitPrimitive(
        Effect.suspend(() => {
          if (this.#refusal !== undefined) return Effect.fail(this.#refusal())
          runs = true
          this.#running++
          const { opening } = this
          return opening === undefined || opening.isBegun ? statement : opening.ahead(statement)
        }),
        (exit) => {
          if (!runs) return undefined
          this.#running--
          if (exit._tag === "Failure") {
            noteFailure(exit, this.#endpoint, this.#phase, { connection: this.connection, statement: sql })
          }
          return undefined
        }
      )
    })
  }

  /** A stream is no single statement, so a transaction begins ahead of an empty one (manual, 53.2.3). */
  override executeStream(sql: string, parameters: ReadonlyArray<unknown>, transform: Transform) {
    const rows = Stream.onExit(super.executeStream(sql, parameters, transform), (exit) =>
      Effect.sync(() => noteFailure(exit, this.#endpoint, this.#phase, { connection: this.connection, statement: sql }))
    )
    const begin = this.opening === undefined ? Effect.void : this.send(sql, this.connection.query(""))
    return Stream.unwrap(Effect.as(Effect.andThen(begin, this.#occupied), rows))
  }

  /**
   * Ends the transaction; one that has not begun is not sent a thing. What comes
   * after it is refused at once, so that it cannot run outside of the transaction.
   */
  endTransaction(sql: string): Effect.Effect<PgConnection.Result | undefined, SqlError> {
    return Effect.suspend(() => {
      if (this.#isGivenUp) return Effect.fail(givenUp())
      this.statement = sql
      this.#refusal = released
      const statement = this.connection.query(sql)
      return this.opening === undefined || this.opening.isBegun ? statement : this.opening.end(statement)
    })
  }

  /** Lets nothing more of the transaction happen, its COMMIT least of all: nobody knows what is in it. */
  giveUp(): void {
    this.#isGivenUp = true
    this.#refusal = givenUp
  }

  /** A transaction that is lost with its connection is rolled back; what runs outside of one may have been applied. */
  get #phase(): Phase {
    return this.opening === undefined ? "statement_sent" : "transaction_open"
  }

  /** Whether statements are still under way. */
  get isBusy(): boolean {
    return this.#running > 0
  }

  /**
   * Runs what must not wait for other statements that are still under way: they are
   * cancelled, again and again, since one may be about to be sent.
   */
  beforeOthers<A, E>(effect: Effect.Effect<A, E>): Effect.Effect<A, E> {
    const cancel = Effect.suspend(() => (this.#running > 0 ? this.connection.interrupt : Effect.void))
    return Effect.suspend(() =>
      this.#running === 0
        ? effect
        : Effect.raceFirst(effect, Effect.forever(Effect.andThen(cancel, Effect.sleep("50 millis"))))
    )
  }

  /** Refuses what comes later, and says whether something still runs. */
  end(): boolean {
    this.#refusal ??= released
    return this.#running > 0
  }

  get isDead(): boolean {
    return Driver.isDead(this.connection)
  }

  /** Counts as running until the scope closes. */
  readonly #occupied: Effect.Effect<void, SqlError, Scope.Scope> = Effect.acquireRelease(
    Effect.suspend(() => {
      if (this.#refusal !== undefined) return Effect.fail(this.#refusal())
      this.#running++
      return Effect.void
    }),
    () => Effect.sync(() => void this.#running--)
  )
}
