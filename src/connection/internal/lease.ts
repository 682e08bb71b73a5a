/** One exclusive use of a connection, by a transaction, a session or a listener. */
import type * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import type { SqlError } from "effect/sql/SqlError"
import * as Stream from "effect/Stream"
import type * as PgConnection from "@effect/sql-pg/PgConnection"
import { noteStatement } from "../../error/internal/applied.ts"
import { endsTransaction, mayCommit } from "../../error/internal/command.ts"
import { ConnectionReleased, TransactionControl } from "../../error/Reason.ts"
import type { Phase } from "../../error/RetryScope.ts"
import { Adaptor, reprepare } from "./adaptor.ts"
import type { Transform } from "./adaptor.ts"
import type { Copying } from "./copying.ts"
import { occupied, whileMoving } from "./copyQueue.ts"
import { finalError, isCanceled, neverSent, noteFailure, refusedCopy, settled } from "./failure.ts"
import type { Endpoint } from "./failure.ts"
import { hurried } from "./hurried.ts"
import { givenUp, released } from "./opening.ts"
import type { Opening } from "./opening.ts"
import type { Member } from "./roster.ts"
import type { Sections } from "./sections.ts"
import { unlessStill } from "./standstill.ts"
import type { Wire } from "./wire.ts"

/** What a connection is used for. */
export type LeaseKind = "statement" | "stream" | "transaction" | "connection" | "listener"

const noCopies: ReadonlyArray<Copying> = []
const noReaders: ReadonlyArray<Reader> = []

/** Who has asked a stream for rows last. */
interface Reader {
  fiber: Fiber.Fiber<unknown, unknown> | undefined
}

/** A statement under way: what had been sent before it, and whether it may commit a transaction that was begun by hand. */
interface Use {
  readonly statement: string
  readonly sent: number | undefined
  readonly commits: boolean
  readonly copying?: Copying | undefined
}

/**
 * A connection that one user holds over several statements. What its user left
 * running elsewhere does not reach the next one: a statement that comes after the
 * end is refused, and one that still runs then costs the connection.
 */
export class Lease extends Adaptor implements Member<Lease> {
  ahead: Lease | undefined
  behind: Lease | undefined
  readonly endpoint: Endpoint
  readonly kind: LeaseKind
  readonly holder: string | undefined
  /** Clock time in milliseconds. */
  readonly since: number
  /** When its last statement began or ended, in milliseconds of the clock. */
  usedAt: number
  /** How many statements it was given, those that a transaction begins and ends with aside. */
  statements = 0
  /** The transaction that this lease is for. */
  opening: Opening | undefined
  /** What is known of its COMMIT, which whoever waited for it may not hear any more. */
  outcome: "committed" | "unknown" | undefined
  /** The savepoints of that transaction, once it has had one. */
  sections: Sections | undefined
  /** Ends that transaction from elsewhere. */
  ending: ((lease: Lease) => Effect.Effect<void>) | undefined
  readonly #clock: Clock.Clock
  #running = 0
  /** Whether a COMMIT that was sent by hand has not been answered. */
  #mayHaveCommitted = false
  /** What a statement fails with that comes now. */
  #refusal: (() => SqlError) | undefined
  #isGivenUp = false
  /** The COPYs under way, or waiting for their turn; most leases have none. */
  #copies: ReadonlyArray<Copying> = noCopies
  /** Those who read streams of its rows. */
  #readers: ReadonlyArray<Reader> = noReaders

  constructor(
    wire: Wire,
    endpoint: Endpoint,
    use: { readonly kind: LeaseKind; readonly holder: string | undefined; readonly clock: Clock.Clock }
  ) {
    super(wire)
    this.endpoint = endpoint
    this.kind = use.kind
    this.holder = use.holder
    this.#clock = use.clock
    this.since = use.clock.currentTimeMillisUnsafe()
    this.usedAt = this.since
  }

  protected send<A, B>(
    sql: string,
    statement: Effect.Effect<A, SqlError>,
    read: (answer: A) => B
  ): Effect.Effect<B, SqlError> {
    this.statement = sql
    return Effect.map(refusedCopy(sql) ?? this.#run(sql, statement), read)
  }

  /** Runs what begins or ends a savepoint, which waits for no other. */
  control(sql: string): Effect.Effect<void, SqlError> {
    this.statement = sql
    return Effect.asVoid(this.#run(sql, this.connection.query(sql), undefined, true))
  }

  #run<A>(
    sql: string,
    statement: Effect.Effect<A, SqlError>,
    copying?: Copying,
    isControl = false
  ): Effect.Effect<A, SqlError> {
    return Effect.withFiber((fiber) => {
      let use: Use | undefined
      // What is counted is counted inside the frame that takes it back, since a fiber may be interrupted between.
      return Effect.onExitPrimitive(
        Effect.suspend(() => {
          const refusal = this.#refusalOf(sql, fiber)
          if (refusal !== undefined) return Effect.fail(refusal)
          const others = isControl ? undefined : this.sections?.othersOf(fiber)
          if (others !== undefined) {
            return Effect.andThen(unlessStill(others, this, sql), this.#run(sql, statement, copying))
          }
          use = this.#enter(sql, copying)
          const turn = this.#turnOf(statement, use)
          return this.#copies.length === 0 ? turn : whileMoving(turn, sql, this.#copies)
        }),
        (exit) => {
          if (use === undefined) return undefined
          this.#leave(use, exit)
          // What ran on its own, or has just ended a transaction that was begun by hand, stays.
          if (exit._tag === "Success" && this.opening === undefined && !this.wire.isInTransaction) {
            noteStatement(fiber.context, sql)
          }
          return undefined
        }
      )
    })
  }

  #turnOf<A>(statement: Effect.Effect<A, SqlError>, use: Use): Effect.Effect<A, SqlError> {
    const { opening } = this
    if (opening === undefined) {
      return Effect.catchCause(statement, (cause) =>
        Effect.mapError(reprepare(this.wire, statement, cause), (error) =>
          settled(error, this.#phaseOf(use), use.statement)
        )
      )
    }
    return opening.isBegun ? statement : opening.ahead(statement)
  }

  /** A COPY is one more statement, with bytes that come or go while it runs. */
  copy(sql: string, copying: Copying): Effect.Effect<PgConnection.Result, SqlError> {
    const copy = this.wire.copy(sql, copying) ?? this.connection.query(sql)
    // Counts as one under way when it has been found not to wait for itself.
    const counted = Effect.suspend(() => {
      this.#copies = [...this.#copies, copying]
      return Effect.onExitPrimitive(copy, () => {
        this.#copies = this.#copies.filter((other) => other !== copying)
        return undefined
      })
    })
    return Effect.suspend(() => {
      this.statement = sql
      return this.#run(sql, counted, copying)
    })
  }

  /** A stream is no single statement, so a transaction begins ahead of an empty one (manual, 53.2.3). */
  override executeStream(sql: string, parameters: ReadonlyArray<unknown>, transform: Transform) {
    const rows = Stream.onExit(super.executeStream(sql, parameters, transform), (exit) =>
      Effect.sync(() => this.#note(exit, { statement: sql, sent: undefined, commits: false }))
    )
    const begin =
      refusedCopy(sql) ?? (this.opening === undefined ? Effect.void : this.#run(sql, this.connection.query("")))
    return Stream.unwrap(Effect.as(Effect.andThen(begin, this.#occupied), this.#read(rows)))
  }

  /** Knows who reads, since a statement of theirs would wait for the stream that waits for them. */
  #read<A>(rows: Stream.Stream<A, SqlError>): Stream.Stream<A, SqlError> {
    return Stream.transformPull(rows, (pull, scope) => {
      const reader: Reader = { fiber: undefined }
      this.#readers = [...this.#readers, reader]
      const left = Effect.sync(() => void (this.#readers = this.#readers.filter((other) => other !== reader)))
      const noted = Effect.withFiber((fiber) => {
        reader.fiber = fiber
        return pull
      })
      return Effect.as(Scope.addFinalizer(scope, left), noted)
    })
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

  rollBack(): Effect.Effect<void> {
    return this.ending?.(this) ?? Effect.void
  }

  /** Whether statements are still under way. */
  get isBusy(): boolean {
    return this.#running > 0
  }

  /** Runs what must not wait for statements that are still under way. */
  beforeOthers<A, E>(effect: Effect.Effect<A, E>): Effect.Effect<A, E> {
    return hurried(effect, () => this.isBusy, this.connection.interrupt)
  }

  /** Refuses what comes later, and says whether something still runs. */
  end(): boolean {
    this.#refusal ??= released
    return this.#running > 0
  }

  /** Why a statement is not sent. */
  #refusalOf(statement: string, fiber: Fiber.Fiber<unknown, unknown>): SqlError | undefined {
    if (this.#refusal !== undefined) return this.#refusal()
    if (this.#copies.length > 0 && this.#copies.some((copying) => copying.isWaitingFor(fiber)))
      return occupied(statement)
    if (this.#readers.length > 0 && this.#readers.some((reader) => reader.fiber === fiber))
      return occupied(statement, "stream")
    const { death } = this.wire
    if (death !== undefined) return neverSent(death, this.opening === undefined ? "idle" : "transaction_open")
    return this.opening !== undefined && endsTransaction(statement)
      ? finalError(new TransactionControl({ statement, phase: "transaction_open" }), "query")
      : undefined
  }

  #enter(statement: string, copying: Copying | undefined): Use {
    this.#running++
    this.statements++
    this.usedAt = this.#clock.currentTimeMillisUnsafe()
    const commits = this.opening === undefined && mayCommit(statement)
    if (commits) this.#mayHaveCommitted = true
    return { statement, sent: this.wire.sent, commits, copying }
  }

  #leave(use: Use, exit: Exit.Exit<unknown, unknown>): void {
    this.#running--
    this.usedAt = this.#clock.currentTimeMillisUnsafe()
    if (exit._tag === "Failure") this.#note(exit, use)
    if (use.commits && !this.wire.isDead) this.#mayHaveCommitted = false
  }

  #note(exit: Exit.Exit<unknown, unknown>, use: Use): void {
    const { statement } = use
    const phase = this.#phaseOf(use)
    // It was cancelled so that the transaction could end without it.
    const instead =
      this.#refusal !== undefined && isCanceled(exit) ? new ConnectionReleased({ statement, phase }) : undefined
    noteFailure(exit, this.endpoint, { phase, statement, lastWords: this.wire.lastWords, instead })
  }

  /** A transaction that is lost with its connection is rolled back; what runs outside of one may have been applied. */
  #phaseOf({ copying, sent }: Use): Phase {
    if (this.opening !== undefined) return "transaction_open"
    if (!this.wire.hasSentSince(sent)) return "idle"
    // A COPY whose data had not ended is undone, as a transaction is that has not been committed.
    if (copying?.isUndone === true) return "transaction_open"
    const { statusAtWrite } = this.wire
    if (statusAtWrite !== "T" && statusAtWrite !== "E") return "statement_sent"
    // Its user has begun it by hand, and ends it by hand.
    return this.#mayHaveCommitted ? "commit_sent" : "transaction_open"
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
