/**
 * What is to happen around the end of the transaction that is open, from wherever in
 * it: a check before COMMIT, a message after it, a clean-up after a rollback.
 *
 * A hook belongs to where it was registered: one of a savepoint that was undone is
 * not run before or after COMMIT, but its clean-up is. When a session is run again,
 * each run registers anew. Nothing runs when the process dies, or when nobody knows
 * what became of COMMIT: what must happen belongs in a table, in the transaction.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { closed, currentTransaction } from "./internal/openSession.ts"
import type { HookKind } from "./internal/openSession.ts"
import type { Session } from "./Session.ts"
import { SessionError, SessionRequired } from "./SessionError.ts"

const register = <A, E, R>(kind: HookKind, effect: Effect.Effect<A, E, R>): Effect.Effect<void, SessionError, R> =>
  Effect.withFiber((fiber) => {
    const transaction = currentTransaction(fiber.context)
    const level = transaction && Context.getOrUndefined(fiber.context, transaction.transactionService)
    if (transaction === undefined || level === undefined) {
      return Effect.fail(new SessionError({ reason: new SessionRequired({ session: `with a hook for ${kind}` }) }))
    }
    if (!transaction.isOpen) return Effect.fail(transaction.broken ?? closed(transaction.session))
    // It has what its own effect requires, or this would not compile.
    const context = fiber.context as Context.Context<R>
    transaction.hooks ??= { beforeCommit: [], afterCommit: [], afterRollback: [] }
    transaction.hooks[kind].push({ level, run: (place) => Effect.provideContext(effect, place(context)) })
    return Effect.void
  })

/**
 * Runs an effect as the last of the transaction, a part of it. Its failure rolls the
 * whole back, and is one of the session's failures.
 */
export const beforeCommit = <A, E, R>(
  effect: Effect.Effect<A, E, R>
): Effect.Effect<void, E | SessionError, R | Session> => register("beforeCommit", effect)

/**
 * Runs an effect outside of the transaction once that has committed, before the
 * session returns. Its failure is logged: what is committed stays a success.
 */
export const afterCommit = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<void, SessionError, R | Session> =>
  register("afterCommit", effect)

/** Runs an effect once what was done here has been rolled back. Its failure is logged. */
export const afterRollback = <A, E, R>(
  effect: Effect.Effect<A, E, R>
): Effect.Effect<void, SessionError, R | Session> => register("afterRollback", effect)
