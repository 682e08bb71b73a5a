/**
 * Transactions on a pool: BEGIN with its context ahead of the first statement,
 * savepoints, a COMMIT that says what became of it, and a connection that is clean
 * or gone afterwards.
 *
 * Built on Effect's own `makeWithTransaction`, so nesting, `afterCommit`,
 * reactivity and batching behave as everywhere in `effect/sql`. Its hooks for
 * clean-up die when they fail; those given here do not fail. A savepoint is
 * released inside the body instead, where a refusal by the server has a type.
 */
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as SqlClient from "effect/sql/SqlClient"
import type { Connection } from "effect/sql/SqlConnection"
import type { SqlError } from "effect/sql/SqlError"
import { noteCommit } from "../../error/internal/applied.ts"
import { remember } from "../../error/internal/failureContext.ts"
import { CommitRolledBack, ConnectionLost, OutcomeUnknown } from "../../error/Reason.ts"
import { ImportedSnapshot, plain, TransactionContext } from "../TransactionContext.ts"
import { noteReleased } from "../TransactionLevel.ts"
import type { Level } from "../TransactionLevel.ts"
import { beginning, lostTransaction } from "./beginning.ts"
import { connectionError, finalError } from "./failure.ts"
import { groundOf } from "./ground.ts"
import { inPlace } from "./inPlace.ts"
import { InnerLease } from "./innerLease.ts"
import { Lease } from "./lease.ts"
import { Opening } from "./opening.ts"
import type { Lost } from "./outcome.ts"
import type { InstrumentedPool } from "./pool.ts"
import { Sections } from "./sections.ts"

/** How long a rollback may take before its connection is given up. */
const rollbackLimit = Duration.seconds(5)

const savepointName = (id: number): string => `effect_sql_${id}`

/** The connection of a transaction is a lease: `acquireConnection` makes no other. */
const onLease =
  <Rest extends ReadonlyArray<unknown>, E>(f: (lease: Lease, ...rest: Rest) => Effect.Effect<void, E>) =>
  (connection: Connection, ...rest: Rest): Effect.Effect<void, E> =>
    connection instanceof Lease ? f(connection, ...rest) : Effect.die("a transaction without a lease")

const makeHooks = (pool: InstrumentedPool, transactionService: SqlClient.SqlClient["transactionService"]) => {
  /** Ends what is open on the connection, or the connection. Never fails and never takes long. */
  const rollbackWith = (lease: Lease, statement: Effect.Effect<unknown, SqlError>): Effect.Effect<void> => {
    if (lease.wire.isDead) return Effect.void
    return Effect.timeoutOrElse(statement, {
      duration: rollbackLimit,
      orElse: () => Effect.fail("too slow" as const)
    }).pipe(
      Effect.catch(() => pool.discard(lease)),
      Effect.asVoid
    )
  }

  const begin = (lease: Lease, statement: string | undefined): Effect.Effect<void, SqlError> =>
    Effect.withFiber((fiber) => {
      const provided = Context.get(fiber.context, TransactionContext)
      const context = provided.taken ? plain : provided
      context.taken = true
      if (context !== plain) {
        context.use = lease
        // One function for all: V8 makes a function that is assigned to a property in the old generation.
        lease.ending = rollback
      }
      if (lease instanceof InnerLease) return lease.begin(statement, context)
      const snapshot = Context.get(fiber.context, ImportedSnapshot)
      const statements = beginning(lease.wire, statement, context, snapshot)
      lease.opening = new Opening(lease.wire, statements, pool.discard(lease))
      return Effect.void
    })

  /** The connection died after COMMIT had been sent. The server knows what became of it, if it can be asked. */
  const answerLost = (
    lease: Lease,
    error: SqlError,
    onCommitted: Effect.Effect<void>
  ): Effect.Effect<void, SqlError> => {
    const transaction = lostTransaction(lease)
    lease.outcome = "unknown"
    if (transaction === undefined) return Effect.fail(unknown(error))
    if (transaction === null) return undone(lease, error)
    return Effect.flatMap(Effect.interruptible(pool.outcomeOf(transaction)), (outcome) => {
      if (outcome === "committed") return onCommitted
      return outcome === "aborted" ? undone(lease, error) : Effect.fail(unknown(error, transaction))
    })
  }

  const commitFailed = (
    lease: Lease,
    wasSent: boolean,
    error: SqlError,
    onCommitted: Effect.Effect<void>
  ): Effect.Effect<void, SqlError> => {
    remember(error, { phase: wasSent ? "commit_sent" : "transaction_open", statement: "COMMIT" })
    if (lease.wire.isDead) return wasSent ? answerLost(lease, error, onCommitted) : Effect.fail(error)
    // A deferred constraint or a conflict has ended the transaction. A COMMIT that never ran leaves it open.
    return lease.wire.status === "I" ? Effect.fail(error) : Effect.andThen(pool.discard(lease), Effect.fail(error))
  }

  const commit = (lease: Lease): Effect.Effect<void, SqlError> =>
    Effect.withFiber((fiber) => {
      const { sent } = lease.wire
      // One that only reads leaves nothing.
      const committed = Effect.sync(() => {
        lease.outcome = "committed"
        if (lease.opening?.identity !== null) noteCommit(fiber.context)
      })
      if (lease instanceof InnerLease) {
        lease.end()
        return Effect.andThen(lease.commit, committed)
      }
      return Effect.matchEffect(lease.endTransaction("COMMIT"), {
        onSuccess: (result) => {
          if (result === undefined) return nothingDone(lease)
          return result.command === "ROLLBACK" ? Effect.fail(rolledBack()) : committed
        },
        onFailure: (error) => commitFailed(lease, lease.wire.hasSentSince(sent), error, committed)
      })
    })

  const rollback = (lease: Lease): Effect.Effect<void> => {
    if (lease instanceof InnerLease) return lease.end() ? lease.beforeOthers(lease.undo) : lease.undo
    if (!lease.isBusy) return rollbackWith(lease, lease.endTransaction("ROLLBACK"))
    // A cancel request may arrive late, and must not find somebody else's statement. From elsewhere, whoever has the
    // connection may give it back before this has ended.
    const hurried = rollbackWith(lease, lease.beforeOthers(lease.endTransaction("ROLLBACK")))
    return Effect.andThen(pool.discard(lease), hurried)
  }

  const savepoint = (lease: Lease, id: number): Effect.Effect<void, SqlError> =>
    Effect.suspend(() => {
      lease.sections ??= new Sections(transactionService)
      lease.sections.open(id)
      return Effect.onExitPrimitive(lease.control(`SAVEPOINT ${savepointName(id)}`), (exit) => {
        if (exit._tag === "Failure") lease.sections?.leave(id)
        return undefined
      })
    })

  /** What cannot be undone must not be committed with the rest. */
  const rollbackSavepoint = (lease: Lease, id: number): Effect.Effect<void> => {
    const undone = Effect.andThen(
      lease.control(`ROLLBACK TO SAVEPOINT ${savepointName(id)}`),
      lease.control(`RELEASE SAVEPOINT ${savepointName(id)}`)
    )
    const noted = Effect.onExitPrimitive(undone, (exit) => {
      if (exit._tag === "Failure") lease.giveUp()
      return undefined
    })
    return Effect.onExitPrimitive(rollbackWith(lease, noted), () => {
      lease.sections?.leave(id)
      return undefined
    })
  }

  return {
    begin: onLease(begin),
    commit: onLease(commit),
    rollback: onLease(rollback),
    savepoint: onLease(savepoint),
    rollbackSavepoint: onLease(rollbackSavepoint)
  }
}

/** One that did nothing is committed by that. */
const nothingDone = (lease: Lease): Effect.Effect<void> => Effect.sync(() => void (lease.outcome = "committed"))

/** It is known after all that nothing of it stays. */
const undone = (lease: Lease, error: SqlError): Effect.Effect<never, SqlError> => {
  lease.outcome = undefined
  return Effect.fail(neverCommitted(error))
}

const rolledBack = (): SqlError => finalError(new CommitRolledBack({}), "commit")

/** Nobody here knows what became of it: also whoever asks only whether the driver's error may be retried is told no. */
const unknown = ({ reason: { message: failure } }: SqlError, transaction?: Lost): SqlError =>
  finalError(new OutcomeUnknown({ phase: "commit_sent", transactionId: transaction?.transactionId, failure }), "commit")

/** The server has rolled it back, or it wrote nothing: it can be run again from its beginning. */
const neverCommitted = ({ reason: { message: failure } }: SqlError): SqlError =>
  connectionError(new ConnectionLost({ phase: "transaction_open", failure }), "commit")

/** The body of a savepoint, which is released at its end. */
const section = <A, E, R>(
  around: Level,
  transactionService: SqlClient.SqlClient["transactionService"],
  body: Effect.Effect<A, E, R>
): Effect.Effect<A, E | SqlError, R> =>
  Effect.withFiber((fiber) => {
    const level = Context.getOrUndefined(fiber.context, transactionService)
    const lease = around[0]
    if (level === undefined || !(lease instanceof Lease)) return Effect.die("a savepoint outside of a transaction")
    lease.sections?.enter(level)
    const release = Effect.onExitPrimitive(lease.control(`RELEASE SAVEPOINT ${savepointName(level[1])}`), (exit) => {
      if (exit._tag === "Failure") return undefined
      noteReleased(level, around)
      lease.sections?.leave(level[1])
      return undefined
    })
    return Effect.tap(body, release)
  })

/** The `withTransaction` of a client on `pool`. */
export const makeWithTransaction = (
  pool: InstrumentedPool,
  transactionService: SqlClient.SqlClient["transactionService"],
  spanAttributes: ReadonlyArray<readonly [string, unknown]>
): SqlClient.SqlClient["withTransaction"] => {
  const hooks = makeHooks(pool, transactionService)
  const run = SqlClient.makeWithTransaction({
    transactionService,
    spanAttributes,
    acquireConnection: (restore) =>
      Effect.withFiber<Lease, SqlError, Scope.Scope>(
        (fiber) => groundOf(fiber.context, pool)?.lease(restore) ?? pool.leaseWith("transaction", restore)
      ),
    ...hooks
  })
  return <R, E, A>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E | SqlError, R> =>
    Effect.withFiber((fiber) => {
      const open = Context.getOrUndefined(fiber.context, transactionService)
      const ground = groundOf(fiber.context, pool)
      const body = ground === undefined ? effect : ground.body(effect)
      if (open === undefined) return ground === undefined ? inPlace(pool, run(body)) : run(body)
      const nested = run(section(open, transactionService, body))
      return ground === undefined ? nested : ground.inTurn(nested)
    })
}
