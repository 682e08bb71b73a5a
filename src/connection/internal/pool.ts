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
import type { SqlError } from "effect/sql/SqlError"
import type * as PgConnection from "@effect/sql-pg/PgConnection"
import type * as PgPool from "@effect/sql-pg/PgPool"
import type { Settings } from "../../config/Settings.ts"
import { noteStatement } from "../../error/internal/applied.ts"
import { PoolClosed } from "../../error/Reason.ts"
import type { ActiveConnection, PoolStatus } from "../PoolStatus.ts"
import { Admission, takePlace, Ticket } from "./admission.ts"
import type { Circuit } from "./breaker.ts"
import { connectionError, neverSent, noteFailure } from "./failure.ts"
import { Guard } from "./guard.ts"
import { describeUses, exhaustedBy, holderOf } from "./holder.ts"
import { Lease } from "./lease.ts"
import type { LeaseKind } from "./lease.ts"
import { opener } from "./opener.ts"
import { resolve } from "./outcome.ts"
import type { Lost, Outcome } from "./outcome.ts"
import { Roster } from "./roster.ts"
import { Slot } from "./slot.ts"
import type { Sockets } from "./sockets.ts"
import { Turns } from "./turns.ts"
import { Turnstile } from "./turnstile.ts"
import { Wire } from "./wire.ts"

export class InstrumentedPool {
  readonly config: PgPool.Config
  readonly #pool: PgPool.PgPool
  readonly #clock: Clock.Clock
  readonly #sockets: Sockets
  readonly admission: Admission
  readonly #settings: Settings
  readonly #slots = new WeakMap<PgConnection.PgConnection, Slot>()
  readonly #leases = new Roster<Lease>()
  readonly #guard: Guard
  readonly #turnstile = new Turnstile()
  readonly #turns = new Turns(() => this.admission.isBusy)
  readonly #open: Effect.Effect<PgConnection.PgConnection, SqlError, Scope.Scope>
  /** Connections that are lent to a statement. Which they are, each slot knows: a set of them costs every statement. */
  #lent = 0
  #acquired = 0
  #timedOut = 0
  #closed: SqlError | undefined
  #whenIdle: (() => void) | undefined

  constructor(
    settings: Settings,
    pool: PgPool.PgPool,
    sockets: Sockets,
    clock: Clock.Clock,
    fork: (effect: Effect.Effect<void>) => void,
    onCircuit: (circuit: Circuit) => Effect.Effect<void>
  ) {
    this.#settings = settings
    this.#pool = pool
    this.#sockets = sockets
    this.#clock = clock
    this.config = pool.config
    this.#open = opener(pool, settings, this.#turnstile)
    this.#guard = new Guard(clock, sockets, (circuit) => fork(onCircuit(circuit)))
    this.admission = new Admission({
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
      const free = this.#slotOf(connection)
      const { death } = free.wire
      if (death !== undefined) return Effect.fail(neverSent(death, "idle"))
      slot = this.#take(free, fiber)
      return f(slot)
    }
    // What is counted is counted inside the frame that takes it back.
    return Effect.onExitPrimitive(
      Effect.suspend((): Effect.Effect<A, E | SqlError, R> => {
        const refusal = this.refusal(ticket, fiber)
        if (refusal !== undefined) return Effect.fail(refusal)
        if (!this.admission.tryEnter(ticket)) {
          return Effect.flatMap(this.admission.enter(ticket), () => this.#use(run))
        }
        return this.#use(run)
      }),
      (exit) => {
        if (exit._tag === "Failure") this.note(exit, slot, ticket)
        else noteStatement(fiber.context, slot?.statement)
        if (slot?.giveBack() === true) this.#lent--
        this.leave(ticket)
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
      const ticket = takePlace(fiber.context)
      // Made when it is needed: V8 makes what is kept by many who wait in the old generation.
      let held: Scope.Closeable | undefined
      let lease: Lease | undefined
      const end = (exit: Exit.Exit<unknown, unknown>) => this.#endLease(lease, held, ticket, exit)
      const take = (connection: PgConnection.PgConnection) => {
        const { wire } = this.#slotOf(connection)
        this.#guard.succeeded()
        lease = new Lease(wire, this.#settings, { kind, holder: holderOf(fiber), clock: this.#clock })
        this.#acquired++
        this.#leases.add(lease)
        return lease
      }
      const acquire = () => {
        const refusal = this.refusal(ticket, fiber)
        if (refusal !== undefined) return Effect.fail(refusal)
        const get = Effect.suspend(() => Scope.provide(this.#get(), (held = Scope.makeUnsafe())))
        const admitted =
          ticket.granted || this.admission.tryEnter(ticket) ? get : Effect.andThen(this.admission.enter(ticket), get)
        // A scope that goes on after the failure must not keep the place of a connection it never had.
        return Effect.map(
          Effect.onExitPrimitive(restore(admitted), (exit) => {
            if (exit._tag === "Success") return undefined
            this.note(exit, undefined, ticket)
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
    return this.#pool.invalidate(lease.wire.connection)
  }

  /** What became of a transaction whose COMMIT got no answer; waits for at most the outcome timeout. */
  outcomeOf(transaction: Lost): Effect.Effect<Outcome> {
    return resolve(this.config, transaction, this.#settings.outcomeTimeout)
  }

  status(): PoolStatus {
    const total = this.#sockets.size
    const inUse = this.#inUse
    return {
      inUse,
      idle: Math.max(0, total - inUse),
      waiting: this.admission.waiting + Math.max(0, this.admission.granted - inUse),
      total,
      max: this.#settings.maxConnections,
      acquired: this.#acquired,
      timedOut: this.#timedOut
    }
  }

  active(): ReadonlyArray<ActiveConnection> {
    return describeUses(this.#guard.slots, this.#leases, this.#clock.currentTimeMillisUnsafe())
  }

  /** Refuses new work, waits for what runs, and cuts what is left after the shutdown timeout. */
  readonly drain: Effect.Effect<void> = Effect.suspend(() => {
    if (this.#closed === undefined) {
      this.#closed = connectionError(new PoolClosed({}), "acquire")
      this.admission.refuseAll(this.#closed)
    }
    return Effect.timeoutOrElse(this.#idle, {
      duration: this.#settings.shutdownTimeout,
      orElse: () => Effect.sync(this.#sockets.destroyAll)
    })
  })

  readonly #idle = Effect.callback<void>((resume) => {
    if (this.admission.granted === 0) return resume(Effect.void)
    this.#whenIdle = () => resume(Effect.void)
  })

  #slotOf(connection: PgConnection.PgConnection): Slot {
    const known = this.#slots.get(connection)
    if (known !== undefined) return known
    const slot = new Slot(new Wire(connection, this.#turns))
    this.#slots.set(connection, slot)
    this.#guard.opened(slot)
    return slot
  }

  #take(slot: Slot, fiber: Fiber.Fiber<unknown, unknown>): Slot {
    this.#guard.succeeded()
    slot.lend(fiber, this.#clock.currentTimeMillisUnsafe())
    this.#acquired++
    this.#lent++
    return slot
  }

  get #inUse(): number {
    return this.#lent + this.#leases.size
  }

  #use<A, E, R>(
    run: (connection: PgConnection.PgConnection) => Effect.Effect<A, E | SqlError, R>
  ): Effect.Effect<A, E | SqlError, R> {
    return this.#guard.standing > this.#inUse ? this.#pool.use(run) : Effect.scoped(Effect.flatMap(this.#get(), run))
  }

  /** A connection for as long as the scope: one that is idle, or a new one, in turn and in time. */
  readonly #get = (): Effect.Effect<PgConnection.PgConnection, SqlError, Scope.Scope> =>
    this.#guard.standing > this.#inUse ? this.#pool.get : this.#open

  /** Why no connection is asked for: the pool is closed, or the server is known to be away. */
  refusal(ticket: Ticket, fiber: Fiber.Fiber<unknown, unknown>): SqlError | undefined {
    return this.#closed ?? this.#guard.refusal(ticket, fiber)
  }

  /** What a failure means for those who come next, and what is known of it. */
  note(exit: Exit.Exit<unknown, unknown>, slot: Slot | undefined, ticket: Ticket): void {
    if (slot === undefined) {
      this.#guard.failed(ticket, noteFailure(exit, this.#settings, { phase: "connecting" }))
      return
    }
    const { phase, statement, wire } = slot
    noteFailure(exit, this.#settings, { phase, statement, lastWords: wire.lastWords })
  }

  /** Gives back to the driver's pool, or gives up what is still in use, and only then lets the next one in. */
  #endLease(
    lease: Lease | undefined,
    held: Scope.Closeable | undefined,
    ticket: Ticket,
    exit: Exit.Exit<unknown, unknown>
  ): Effect.Effect<void> {
    if (lease !== undefined) this.#leases.delete(lease)
    const abandoned = lease === undefined ? Effect.void : this.#abandonUnclean(lease)
    return Effect.onExitPrimitive(
      Effect.onExitPrimitive(abandoned, () => held && Scope.closeUnsafe(held, exit)),
      () => {
        this.leave(ticket)
        return undefined
      }
    )
  }

  #abandonUnclean(lease: Lease): Effect.Effect<void> {
    // What still runs is cancelled on the server, which would not notice that its client has gone.
    if (lease.end()) return Effect.andThen(lease.wire.connection.interrupt, this.discard(lease))
    if (!lease.wire.isInTransaction || lease.wire.isDead) return Effect.void
    // One that we have begun, and could not end: its user has been told.
    if (lease.opening !== undefined) return this.discard(lease)
    const whose = lease.holder ?? lease.statement ?? "unknown"
    const warning = `a connection came back with its transaction open, which is rolled back (holder: ${whose})`
    return Effect.andThen(this.discard(lease), Effect.logWarning(warning))
  }

  /** Gives a place back, or stops waiting for one. */
  leave(ticket: Ticket): void {
    this.#turnstile.offer()
    this.admission.leave(ticket)
    if (this.admission.granted === 0) this.#whenIdle?.()
  }

  #exhausted(): SqlError {
    this.#timedOut++
    return connectionError(exhaustedBy(this.active(), this.#settings), "acquire")
  }
}
