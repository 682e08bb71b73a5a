/** What runs around the end of a transaction. */
import type * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { TransactionContext } from "../../connection/TransactionContext.ts"
import { isKept } from "../../connection/TransactionLevel.ts"
import type { Hook, Hooks, OpenTransaction } from "./openSession.ts"

/** Runs the effect, and then what is to run before COMMIT, in the order of its registration. */
export const withBeforeCommit = <A, E, R>(
  transaction: OpenTransaction,
  effect: Effect.Effect<A, E, R>
): Effect.Effect<A, E, R> =>
  Effect.flatMap(effect, (value) =>
    transaction.hooks === undefined
      ? Effect.succeed(value)
      : Effect.as(runBefore(transaction, transaction.hooks), value)
  )

/** One may register others. What it fails with is in the type of whoever registered it. */
const runBefore = (transaction: OpenTransaction, { beforeCommit }: Hooks): Effect.Effect<void> =>
  Effect.withFiber((fiber) => {
    const level = Context.getOrUndefined(fiber.context, transaction.transactionService)
    const inLevel = <R>(context: Context.Context<R>) =>
      (level === undefined
        ? context
        : Context.add(context, transaction.transactionService, level)) as Context.Context<R>
    const next = (): Effect.Effect<void, unknown> => {
      const hook = beforeCommit.shift()
      if (hook === undefined) return Effect.void
      return isKept(hook.level) ? Effect.flatMap(hook.run(inLevel), next) : next()
    }
    return next() as Effect.Effect<void>
  })

/** Runs what is to run after the end, outside of the transaction. */
export const runAfter = (
  { state, transactionService }: OpenTransaction,
  { afterCommit, afterRollback }: Hooks
): Effect.Effect<void> => {
  const undone = (hook: Hook) => state === "rolledBack" || !isKept(hook.level)
  const due =
    state === "failed" ? [] : [...afterCommit.filter((hook) => !undone(hook)), ...afterRollback.filter(undone)]
  const outside = <R>(context: Context.Context<R>) =>
    Context.omit(transactionService, TransactionContext)(context) as Context.Context<R>
  const logged = (cause: Cause.Cause<unknown>) =>
    Effect.logError(`a hook of a session that has ended (${state}) failed`, cause)
  const run = (hook: Hook) => Effect.catchCause(hook.run(outside), logged)
  return Effect.uninterruptible(Effect.forEach(due, run, { discard: true }))
}
