/**
 * The driver's pool with what it lacks: figures, a limit on waiting that says who
 * holds the connections, and an end that lets running work finish.
 *
 * A statement borrows a connection and gives it back in one step, without a scope
 * of its own; a transaction, a stream or a listener leases one into a scope.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import type { Connection } from "effect/sql/SqlConnection"
import { ConnectionError, SqlError } from "effect/sql/SqlError"
import type * as PgConnection from "@effect/sql-pg/PgConnection"
import * as PgPool from "@effect/sql-pg/PgPool"
import type { Settings } from "../../config/Settings.ts"
import { PoolClosed, PoolExhausted } from "../../error/Reason.ts"
import type { ActiveConnection, PoolStatus } from "../PoolStatus.ts"
import { Admission, Ticket } from "./admission.ts"
import * as Driver from "./driver.ts"
import { neverSent, noteFailure } from "./failure.ts"
import { describeUse, holderOf } from "./holder.ts"
import { Lease, Slot } from "./lease.ts"
import type { LeaseKind } from "./lease.ts"
import { resolve } from "./outcome.ts"
import type { Lost, Outcome } from "./outcome.ts"
import { Sockets } from "./sockets.ts"
import { poolConfig } from "./target.ts"
import type { Password } from "./target.ts"

export class InstrumentedPool {
  readonly config: PgPool.Config
  readonly #pool: PgPool.PgPool
  readonly #clock: Clock.Clock
  readonly #sockets: Sockets
  readonly #admission: Admission
  readonly #settings: Settings
  readonly #slots = new WeakMap<PgConnection.PgConnection, Slot>()
  readonly #uses = new Set<Slot | Lease>()
  #acquired = 0
  #timedOut = 0
  #closed: SqlError | undefined
  #whenIdle: (() => void) | undefined

  constructor(
    settings: Settings,
    pool: PgPool.PgPool,
    sockets: Sockets,
    clock: Clock.Clock,
    fork: (effect: Effect.Effect<void>) => void
  ) {
    this.#settings = settings
    this.#pool = pool
    this.#sockets = sockets
    this.#clock = clock
    this.config = pool.config
    this.#admission = new Admission({
      max: settings.maxConnections,
      timeoutNanos: Duration.toNanosUnsafe(settings.acquireTimeout),
      clock,
      fork,
      exhausted: () => this.#exhausted()
    })
  }

  /** Lends a connection for as long as one effect runs. */
  borrow<A, E, R>(
    fiber: Fiber.Fiber<unknown, unknown>,
    f: (connection: Connection) => Effect.Effect<A, E, R>
  ): Effect.Effect<A, E | SqlError, R> {
    const ticket = new Ticket()
    let slot: Slot | undefined
    const run = (connection: PgConnection.PgConnection): Effect.Effect<A, E | SqlError, R> => {
      const death = Driver.deathOf(connection)
      if (death !== undefined) return Effect.fail(neverSent(death))
      slot = this.#take(connection, fiber)
      return f(slot)
    }
    // What is counted is counted inside the frame that takes it back.
    return Effect.onExitPrimitive(
      Effect.suspend((): Effect.Effect<A, E | SqlError, R> => {
        if (this.#closed !== undefined) return Effect.fail(this.#closed)
        return this.#admission.tryEnter(ticket)
          ? this.#pool.use(run)
          : Effect.flatMap(this.#admission.enter(ticket), () => this.#pool.use(run))
      }),
      (exit) => {
        if (exit._tag === "Failure") this.#note(exit, slot)
        if (slot !== undefined) this.#giveBack(slot)
        this.#leave(ticket)
        return undefined
      }
    )
  }

  /** Leases a connection into the current scope. */
  lease(kind: LeaseKind): Effect.Effect<Lease, SqlError, Scope.Scope> {
    return Effect.uninterruptibleMask((restore) => this.leaseWith(kind, restore))
  }

  /**
   * The same for a caller that cannot be interrupted except where it says
   * `restore`. The current scope gets one finalizer and the driver's pool a scope
   * of its own, since a scope that holds several closes much more slowly.
   */
  leaseWith(
    kind: LeaseKind,
    restore: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  ): Effect.Effect<Lease, SqlError, Scope.Scope> {
    return Effect.withFiber((fiber) => {
      const ticket = new Ticket()
      const held = Scope.makeUnsafe()
      let lease: Lease | undefined
      const end = (exit: Exit.Exit<unknown, unknown>) => this.#endLease(lease, held, ticket, exit)
      const take = (connection: PgConnection.PgConnection) => {
        const since = this.#clock.monotonicTimeNanosUnsafe()
        lease = new Lease(connection, this.#settings, { kind, holder: holderOf(fiber), since })
        this.#acquired++
        this.#uses.add(lease)
        return lease
      }
      const acquire = () => {
        if (this.#closed !== undefined) return Effect.fail(this.#closed)
        const get = Scope.provide(this.#pool.get, held)
        const admitted = this.#admission.tryEnter(ticket) ? get : Effect.andThen(this.#admission.enter(ticket), get)
        // A scope that goes on after the failure must not keep the place of a connection it never had.
        return Effect.map(
          Effect.onExitPrimitive(restore(admitted), (exit) => {
            if (exit._tag === "Success") return undefined
            this.#note(exit, undefined)
            return end(exit)
          }),
          take
        )
      }
      return Effect.flatMap(Scope.addFinalizerExit(Context.getUnsafe(fiber.context, Scope.Scope), end), acquire)
    })
  }

  /** Takes a connection out of the pool: it is closed when it is given back. */
  discard(lease: Lease): Effect.Effect<void> {
    return this.#pool.invalidate(lease.connection)
  }

  /** What became of a transaction whose COMMIT got no answer; waits for at most the outcome timeout. */
  outcomeOf(transaction: Lost): Effect.Effect<Outcome> {
    return resolve(this.config, transaction, this.#settings.outcomeTimeout)
  }

  status(): PoolStatus {
    const total = this.#sockets.size
    return {
      inUse: this.#uses.size,
      idle: Math.max(0, total - this.#uses.size),
      waiting: this.#admission.waiting + Math.max(0, this.#admission.granted - this.#uses.size),
      total,
      max: this.#settings.maxConnections,
      acquired: this.#acquired,
      timedOut: this.#timedOut
    }
  }

  active(): ReadonlyArray<ActiveConnection> {
    const now = this.#clock.monotonicTimeNanosUnsafe()
    return Array.from(this.#uses, (use) => describeUse(use, now))
  }

  /** Refuses new work, waits for what runs, and cuts what is left after the shutdown timeout. */
  readonly drain: Effect.Effect<void> = Effect.suspend(() => {
    if (this.#closed === undefined) {
      this.#closed = sqlError(new PoolClosed({}))
      this.#admission.refuseAll(this.#closed)
    }
    return Effect.timeoutOrElse(this.#idle, {
      duration: this.#settings.shutdownTimeout,
      orElse: () => Effect.sync(this.#sockets.destroyAll)
    })
  })

  readonly #idle = Effect.callback<void>((resume) => {
    if (this.#admission.granted === 0) return resume(Effect.void)
    this.#whenIdle = () => resume(Effect.void)
  })

  #take(connection: PgConnection.PgConnection, fiber: Fiber.Fiber<unknown, unknown>): Slot {
    let slot = this.#slots.get(connection)
    if (slot === undefined) {
      slot = new Slot(connection)
      this.#slots.set(connection, slot)
    }
    slot.fiber = fiber
    slot.since = this.#clock.monotonicTimeNanosUnsafe()
    this.#acquired++
    this.#uses.add(slot)
    return slot
  }

  #note(exit: Exit.Exit<unknown, unknown>, slot: Slot | undefined): void {
    if (slot === undefined) noteFailure(exit, this.#settings, "connecting", undefined)
    else noteFailure(exit, this.#settings, "statement_sent", slot.statement)
  }

  #giveBack(slot: Slot): void {
    slot.fiber = undefined
    this.#uses.delete(slot)
  }

  /** Gives back to the driver's pool, or gives up what is still in use, and only then lets the next one in. */
  #endLease(
    lease: Lease | undefined,
    held: Scope.Closeable,
    ticket: Ticket,
    exit: Exit.Exit<unknown, unknown>
  ): Effect.Effect<void> {
    if (lease !== undefined) this.#uses.delete(lease)
    const abandoned = lease?.end() === true ? this.#abandon(lease) : Effect.void
    return Effect.onExitPrimitive(
      Effect.onExitPrimitive(abandoned, () => Scope.closeUnsafe(held, exit)),
      () => {
        this.#leave(ticket)
        return undefined
      }
    )
  }

  /** What still runs is cancelled on the server, which would not notice that its client has gone. */
  #abandon(lease: Lease): Effect.Effect<void> {
    return Effect.andThen(lease.connection.interrupt, this.discard(lease))
  }

  #leave(ticket: Ticket): void {
    this.#admission.leave(ticket)
    if (this.#admission.granted === 0) this.#whenIdle?.()
  }

  #exhausted(): SqlError {
    this.#timedOut++
    return sqlError(
      new PoolExhausted({
        waitedMillis: Duration.toMillis(this.#settings.acquireTimeout),
        max: this.#settings.maxConnections,
        holders: this.active().map(({ heldMillis, holder, kind }) => ({ holder, kind, heldMillis }))
      })
    )
  }
}

const sqlError = (cause: PoolClosed | PoolExhausted): SqlError =>
  new SqlError({ reason: new ConnectionError({ cause, message: cause.message, operation: "acquire" }) })

/** A pool and the effect that drains and closes it; closing twice is closing once. */
export interface OpenPool {
  readonly pool: InstrumentedPool
  readonly close: Effect.Effect<void>
}

/** Opens nothing yet: connections are made when they are asked for. */
export const makePool = Effect.fnUntraced(function* (
  settings: Settings,
  login: { readonly username: string; readonly password: Password | undefined }
): Effect.fn.Return<OpenPool, SqlError, Scope.Scope> {
  const sockets = new Sockets(settings)
  const scope = yield* Scope.fork(yield* Effect.scope)
  const fork = Effect.runForkWith(yield* Effect.context<never>())
  const driverPool = yield* Scope.provide(PgPool.make(poolConfig(settings, login, sockets)), scope)
  const pool = new InstrumentedPool(settings, driverPool, sockets, yield* Clock.Clock, (effect) => {
    fork(Effect.forkIn(effect, scope))
  })
  const close = Effect.andThen(pool.drain, Scope.close(scope, Exit.void))
  yield* Effect.addFinalizer(() => close)
  return { pool, close }
})
