/** One effect in a transaction of its own, in the one that is open, or outside of it. */
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import type * as SqlClient from "effect/sql/SqlClient"
import { failedPartOf, markFailed } from "../../connection/TransactionLevel.ts"
import type { Level } from "../../connection/TransactionLevel.ts"
import { TransactionContext } from "../../connection/TransactionContext.ts"
import { DatabaseError } from "../../error/DatabaseError.ts"
import type { SessionFailure } from "../InSession.ts"
import type { Propagation } from "../Propagation.ts"
import { describeSession, Session } from "../Session.ts"
import type { SessionInfo, SessionOptions } from "../Session.ts"
import {
  RollbackOnly,
  SessionError,
  SessionForbidden,
  SessionRequired,
  TransactionAlreadyOpen
} from "../SessionError.ts"
import { conflict } from "./joining.ts"
import { runAfter, withBeforeCommit } from "./hooks.ts"
import { closed, currentTransaction, OpenTransaction } from "./openSession.ts"
import type { OpenSession } from "./openSession.ts"
import { withinTimeout } from "./timeout.ts"

/** An effect in a session. */
export type Within<A, E, R> = Effect.Effect<A, SessionFailure<E>, Exclude<R, Session>>

/** Where an effect finds itself: what is open around it. */
interface Place {
  readonly level: Level
  /** None in a bare `sql.withTransaction`. */
  readonly transaction: OpenTransaction | undefined
}

/** What a session is begun from. */
export interface Source {
  readonly options: SessionOptions
  /** Surround one transaction. */
  readonly enter: () => OpenSession
  readonly leave: (session: OpenSession) => void
  /** Runs a whole transaction again where its options say so. */
  readonly retrying: (<A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>) | undefined
}

const named = ({ name }: SessionOptions): string => name ?? "without a name"

const refused = (reason: SessionError["reason"]) => Effect.fail(new SessionError({ reason }))

/** What `required` and `nested` may join, or why it cannot be joined. */
const joinable = (place: Place, options: SessionOptions): OpenTransaction | SessionError => {
  const { transaction } = place
  if (transaction === undefined) {
    return new SessionError({ reason: new TransactionAlreadyOpen({ session: named(options) }) })
  }
  const { broken, isOpen, session } = transaction
  if (broken !== undefined) return broken
  return isOpen ? (conflict(session.info, options) ?? transaction) : closed(session)
}

/** Lets nobody keep a level of which a part has failed. */
const guarded = <A, E, R>(
  sql: SqlClient.SqlClient,
  transaction: OpenTransaction,
  effect: Effect.Effect<A, E, R>
): Effect.Effect<A, E | SessionError, R> =>
  Effect.flatMap(effect, (value) =>
    transaction.hasFailedPart ? Effect.as(checkLevel(sql, transaction.session.info), value) : Effect.succeed(value)
  )

/** It may have been ended while it waited for its connection. */
const unlessBroken = <A, E, R>(
  transaction: OpenTransaction,
  effect: Effect.Effect<A, E, R>
): Effect.Effect<A, E | SessionError, R> =>
  Effect.suspend((): Effect.Effect<A, E | SessionError, R> =>
    transaction.broken === undefined ? effect : Effect.fail(transaction.broken)
  )

/** Whatever its effect made of it, that it was ended from outside is what happened. */
const tellingWhy = <A, E, R>(
  transaction: OpenTransaction,
  effect: Effect.Effect<A, E, R>
): Effect.Effect<A, SessionFailure<E>, R> =>
  Effect.catchCause(effect, (cause): Effect.Effect<never, SessionFailure<E>> => {
    const { broken } = transaction
    return broken === undefined || Cause.hasInterrupts(cause)
      ? DatabaseError.refine(Effect.failCause(cause))
      : Effect.fail(broken)
  })

/** The same with all that may be in the way. */
const looking = (sql: SqlClient.SqlClient, transaction: OpenTransaction): Effect.Effect<void, SessionError> =>
  Effect.andThen(
    Effect.andThen(withBeforeCommit(transaction, Effect.void), checkLevel(sql, transaction.session.info)),
    Effect.suspend(() => {
      if (transaction.broken !== undefined) return Effect.fail(transaction.broken)
      transaction.commits()
      return Effect.void
    })
  )

/** Notes that it commits, unless something is in the way; most have nothing to look at before. */
const committing = <A, E, R>(
  sql: SqlClient.SqlClient,
  transaction: OpenTransaction,
  effect: Effect.Effect<A, E, R>
): Effect.Effect<A, E | SessionError, R> =>
  Effect.flatMap(unlessBroken(transaction, effect), (value) => {
    if (transaction.hooks === undefined && !transaction.hasFailedPart && transaction.broken === undefined) {
      transaction.commits()
      return Effect.succeed(value)
    }
    return Effect.as(looking(sql, transaction), value)
  })

/** Who was interrupted as it committed does not hear of it, and a failure may be that of another transaction. */
const outcomeOf = (
  { use }: OpenTransaction,
  exit: Exit.Exit<unknown, unknown>
): "committed" | "rolledBack" | "failed" => {
  const outcome = exit._tag === "Success" ? "committed" : use?.outcome
  return outcome === "unknown" ? "failed" : (outcome ?? "rolledBack")
}

const checkLevel = (sql: SqlClient.SqlClient, info: SessionInfo): Effect.Effect<void, SessionError> =>
  Effect.withFiber((fiber) => {
    const level = Context.getOrUndefined(fiber.context, sql.transactionService)
    const failed = level === undefined ? undefined : failedPartOf(level)
    return failed === undefined ? Effect.void : refused(new RollbackOnly({ session: describeSession(info), ...failed }))
  })

export const makePropagate = (sql: SqlClient.SqlClient) => {
  const transact = <A, E, R>(transaction: OpenTransaction, effect: Effect.Effect<A, E, R>) => {
    const { info } = transaction.session
    // The limit is on what runs before COMMIT too.
    const work = info.timeout === undefined ? effect : withinTimeout(info, withBeforeCommit(transaction, effect), info)
    const body = committing(sql, transaction, work)
    return Effect.updateContext(
      tellingWhy(transaction, sql.withTransaction(body)),
      (context: Context.Context<Exclude<R, Session>>) =>
        Context.add(Context.add(context, TransactionContext, transaction), Session, info) as Context.Context<R>
    )
  }

  const once = <A, E, R>(source: Source, effect: Effect.Effect<A, E, R>): Within<A, E, R> =>
    Effect.suspend((): Within<A, E, R> => {
      let transaction: OpenTransaction | undefined
      // Entered inside the frame that leaves again, so that no interruption falls between.
      return Effect.onExitPrimitive(
        Effect.suspend((): Within<A, E, R> => {
          transaction = new OpenTransaction(source.enter(), sql.transactionService)
          return transact(transaction, effect)
        }),
        (exit) => {
          if (transaction === undefined) return undefined
          transaction.ends(outcomeOf(transaction, exit))
          source.leave(transaction.session)
          return transaction.hooks === undefined ? undefined : runAfter(transaction, transaction.hooks)
        }
      )
    })

  const begin = <A, E, R>(source: Source, effect: Effect.Effect<A, E, R>): Within<A, E, R> =>
    source.retrying === undefined ? once(source, effect) : source.retrying(once(source, effect))

  /** What fails here leaves half of its work in the transaction, whoever catches the failure. */
  const part = <A, E, R>(place: Place, options: SessionOptions, effect: Effect.Effect<A, E, R>) => {
    const transaction = joinable(place, options)
    if (transaction instanceof SessionError) return Effect.fail(transaction)
    const { info } = transaction.session
    return Effect.onExitPrimitive(DatabaseError.refine(withinTimeout(options, effect, info)), (exit) => {
      if (exit._tag === "Success") return undefined
      transaction.hasFailedPart = true
      const what = options.name ?? options.component ?? "a part without a name"
      markFailed(place.level, { part: what, failure: Cause.squash(exit.cause) })
      return undefined
    })
  }

  const savepoint = <A, E, R>(place: Place, options: SessionOptions, effect: Effect.Effect<A, E, R>) => {
    const transaction = joinable(place, options)
    if (transaction instanceof SessionError) return Effect.fail(transaction)
    const { info } = transaction.session
    const limited = withinTimeout(options, effect, info)
    return DatabaseError.refine(sql.withTransaction(guarded(sql, transaction, limited)))
  }

  const outside = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.updateContext(
      effect,
      (context: Context.Context<R>) =>
        Context.omit(sql.transactionService, TransactionContext)(context) as Context.Context<R>
    )

  const inside = <A, E, R>(
    place: Place,
    propagation: Propagation,
    source: Source,
    effect: Effect.Effect<A, E, R>
  ): Effect.Effect<A, SessionFailure<E>, R> | Within<A, E, R> => {
    switch (propagation) {
      case "required":
      case "mandatory":
        return part(place, source.options, effect)
      case "nested":
        return savepoint(place, source.options, effect)
      case "requires-new":
        return outside(begin(source, effect))
      case "supports":
        return place.transaction === undefined ? DatabaseError.refine(effect) : part(place, source.options, effect)
      case "not-supported":
        return outside(DatabaseError.refine(effect))
      case "never":
        return refused(new SessionForbidden({ session: named(source.options) }))
    }
  }

  const alone = <A, E, R>(
    propagation: Propagation,
    source: Source,
    effect: Effect.Effect<A, E, R>
  ): Effect.Effect<A, SessionFailure<E>, R> | Within<A, E, R> => {
    switch (propagation) {
      case "required":
      case "nested":
      case "requires-new":
        return begin(source, effect)
      case "mandatory":
        return refused(new SessionRequired({ session: named(source.options) }))
      case "supports":
      case "not-supported":
      case "never":
        return DatabaseError.refine(effect)
    }
  }

  return <A, E, R>(propagation: Propagation, source: Source, effect: Effect.Effect<A, E, R>): Within<A, E, R> =>
    Effect.withFiber((fiber): Within<A, E, R> => {
      const level = Context.getOrUndefined(fiber.context, sql.transactionService)
      if (level === undefined) return alone(propagation, source, effect) as Within<A, E, R>
      const place = { level, transaction: currentTransaction(fiber.context) }
      // What asks for `Session` without being given one finds it in the context, as its type demands.
      return inside(place, propagation, source, effect) as Within<A, E, R>
    })
}
