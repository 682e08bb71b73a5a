/**
 * The ground of a sandbox: one transaction on one connection, in which whatever
 * would take a connection of its own takes its turn instead. A transaction is a
 * savepoint there, and so is a statement outside of one, so that what fails is
 * undone alone.
 *
 * Savepoints are a stack, so one is open at a time. What the body of a transaction
 * begins beside it, on a connection of its own in real life, has a deeper ground to
 * itself, and does not wait for the transaction that waits for it.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import type { Connection } from "effect/sql/SqlConnection"
import type { SqlError } from "effect/sql/SqlError"
import type * as Semaphore from "effect/Semaphore"
import type { Settings } from "../../config/Settings.ts"
import { noteStatement } from "../../error/internal/applied.ts"
import { onlyReads } from "../../error/internal/command.ts"
import { plain } from "../TransactionContext.ts"
import { Ticket } from "./admission.ts"
import type { Admission } from "./admission.ts"
import { holderOf } from "./holder.ts"
import { InnerLease } from "./innerLease.ts"
import type { LeaseKind } from "./lease.ts"
import { released } from "./opening.ts"
import type { InstrumentedPool } from "./pool.ts"
import { ReservedLease } from "./reservedLease.ts"
import type { Wire } from "./wire.ts"

/** A client's pool, for whoever has the client only. */
export interface Home {
  readonly pool: InstrumentedPool
  readonly settings: Settings
  /** How many sandboxes may be open at once. */
  readonly places: Semaphore.Semaphore
}

/** By the key of the client's transactions, which all its variants share. */
export const homes = new WeakMap<object, Home>()

/** What all depths of one sandbox share. */
export interface Sandbox {
  readonly home: Home
  readonly wire: Wire
  readonly makeTurn: () => Admission
  /** Those that may have a statement under way. */
  readonly leases: Set<InnerLease>
  isOver: boolean
  savepoints: number
}

export class Ground {
  readonly #sandbox: Sandbox
  readonly #around: Ground | undefined
  readonly #turn: Admission
  #isOver = false

  constructor(sandbox: Sandbox, around?: Ground) {
    this.#sandbox = sandbox
    this.#around = around
    this.#turn = sandbox.makeTurn()
  }

  get pool(): InstrumentedPool {
    return this.#sandbox.home.pool
  }

  /** Runs the body of a transaction, which has a deeper ground for what it begins until it ends. */
  body<A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> {
    return Effect.suspend(() => {
      const deeper = new Ground(this.#sandbox, this)
      return Effect.onExitPrimitive(on(deeper, effect), () => {
        deeper.#isOver = true
        return undefined
      })
    })
  }

  /** What has been begun in a transaction and goes on after it has its turn with what was around that. */
  get #turns(): Admission {
    return this.#isOver && this.#around !== undefined ? this.#around.#turns : this.#turn
  }

  /** For a transaction, in its turn, until the scope closes. */
  lease(
    restore: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  ): Effect.Effect<InnerLease, SqlError, Scope.Scope> {
    return Effect.withFiber((fiber) => {
      const ticket = new Ticket()
      const turns = this.#turns
      let lease: InnerLease | undefined
      const leave = Effect.ensuring(
        Effect.suspend(() => (lease === undefined ? Effect.void : this.#end(lease))),
        Effect.sync(() => turns.leave(ticket))
      )
      const take = Effect.map(restore(this.#enter(turns, ticket)), () => (lease = this.#make("transaction", fiber)))
      return Effect.andThen(Scope.addFinalizer(Context.getUnsafe(fiber.context, Scope.Scope), leave), take)
    })
  }

  /** For statements that each take effect on their own. */
  reserve(kind: LeaseKind): Effect.Effect<ReservedLease, SqlError, Scope.Scope> {
    return Effect.acquireRelease(
      Effect.withFiber((fiber) =>
        this.#sandbox.isOver
          ? Effect.fail(released())
          : Effect.sync(() => {
              const alone: ReservedLease["alone"] = (lease, statement) => this.#alone(lease, statement)
              const lease = new ReservedLease(...this.#arguments(kind, fiber), alone)
              this.#sandbox.leases.add(lease)
              return lease
            })
      ),
      (lease) => this.#end(lease)
    )
  }

  /** Lends the connection to one statement. */
  borrow<A, E, R>(
    fiber: Fiber.Fiber<unknown, unknown>,
    f: (connection: Connection) => Effect.Effect<A, E, R>
  ): Effect.Effect<A, E | SqlError, R> {
    return Effect.suspend(() => {
      const lease = this.#make("statement", fiber)
      return Effect.ensuring(this.#alone(lease, f(lease)), this.#end(lease))
    })
  }

  /** Nothing else of this depth happens meanwhile. */
  inTurn<A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E | SqlError, R> {
    return Effect.suspend(() => {
      const ticket = new Ticket()
      const turns = this.#turns
      return Effect.onExitPrimitive(Effect.andThen(this.#enter(turns, ticket), effect), () => {
        turns.leave(ticket)
        return undefined
      })
    })
  }

  /** A statement that commits itself, or is undone alone. */
  #alone<A, E, R>(lease: InnerLease, statement: Effect.Effect<A, E, R>): Effect.Effect<A, E | SqlError, R> {
    const kept = Effect.withFiber((fiber) => {
      const { statement } = lease
      noteStatement(fiber.context, statement)
      return statement !== undefined && onlyReads(statement) ? lease.release : lease.commit
    })
    const within = Effect.uninterruptibleMask((restore) =>
      Effect.andThen(
        lease.begin(undefined, plain),
        Effect.flatMap(Effect.exit(restore(statement)), (exit) =>
          Effect.andThen(Exit.isSuccess(exit) ? kept : lease.undo, exit)
        )
      )
    )
    return this.inTurn(within)
  }

  #enter(turns: Admission, ticket: Ticket): Effect.Effect<void, SqlError> {
    return Effect.suspend(() => {
      if (this.#sandbox.isOver) return Effect.fail(released())
      return turns.tryEnter(ticket) ? Effect.void : turns.enter(ticket)
    })
  }

  #make(kind: LeaseKind, fiber: Fiber.Fiber<unknown, unknown>): InnerLease {
    const lease = new InnerLease(...this.#arguments(kind, fiber))
    this.#sandbox.leases.add(lease)
    return lease
  }

  #arguments(kind: LeaseKind, fiber: Fiber.Fiber<unknown, unknown>): ConstructorParameters<typeof InnerLease> {
    const sandbox = this.#sandbox
    const use = { kind, holder: holderOf(fiber), clock: fiber.getRef(Clock.Clock) }
    return [sandbox.wire, sandbox.home.settings, use, `pgkeel_sandbox_${++sandbox.savepoints}`, sandbox.home.pool]
  }

  /** What its user left running is cancelled. */
  #end(lease: InnerLease): Effect.Effect<void> {
    return Effect.suspend(() => {
      this.#sandbox.leases.delete(lease)
      return lease.end() ? lease.wire.connection.interrupt : Effect.void
    })
  }
}

const Key = Context.Service<Ground, Ground>("pgkeel/connection/Ground")

/** Where what takes a connection of `pool` takes its turn instead; `undefined` outside of a sandbox. */
export const groundOf = (context: Context.Context<never>, pool: InstrumentedPool): Ground | undefined => {
  const ground = Context.getOrUndefined(context, Key)
  return ground?.pool === pool ? ground : undefined
}

export const on = <A, E, R>(ground: Ground, effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.updateContext(effect, (context: Context.Context<R>) => Context.add(context, Key, ground))
