/**
 * Transactions on a pool: BEGIN with its context in one write, savepoints, a
 * COMMIT that says what became of it, and a connection that is clean or gone
 * afterwards.
 *
 * Built on Effect's own `makeWithTransaction`, so nesting, `afterCommit`,
 * reactivity and batching behave as everywhere in `effect/sql`. Its hooks for
 * clean-up die when they fail; those given here do not fail. A savepoint is
 * released inside the body instead, where a refusal by the server has a type.
 */
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"
import type { Connection } from "effect/sql/SqlConnection"
import { ConnectionError, SqlError, UnknownError } from "effect/sql/SqlError"
import { qualified, quoteLiteral } from "../../error/internal/quote.ts"
import { CommitRolledBack, OutcomeUnknown } from "../../error/Reason.ts"
import { plain, TransactionContext } from "../TransactionContext.ts"
import type { BeginWith } from "../TransactionContext.ts"
import * as Driver from "./driver.ts"
import { Lease } from "./lease.ts"
import { pin } from "./pool.ts"
import type { InstrumentedPool } from "./pool.ts"

/** How long a rollback may take before its connection is given up. */
const rollbackLimit = Duration.seconds(5)

const savepointName = (id: number): string => `effect_sql_${id}`

/** Quoted once for each name: an application has a handful, and a session quotes several. */
const quotedNames = new Map<string, string>()

const quoted = (name: string): string => {
  const known = quotedNames.get(name)
  if (known !== undefined) return known
  const text = qualified(...name.split("."))
  quotedNames.set(name, text)
  return text
}

/** `SET LOCAL` takes no parameters, and its value ends with the transaction (manual, SET). */
const setLocal = ([name, value]: BeginWith["settings"][number]): string =>
  `SET LOCAL ${quoted(name)} = ${quoteLiteral(value)}`

/** The lease behind the connection of a transaction; all of them are made by this pool. */
const leaseOf = (connection: Connection): Lease | undefined => (connection instanceof Lease ? connection : undefined)

const beginPlain = (lease: Lease, begin: string, prepare: boolean): Effect.Effect<void, SqlError> =>
  Effect.andThen(
    pin(lease),
    Effect.suspend(() =>
      prepare ? lease.execute(begin, [], undefined) : lease.executeUnprepared(begin, [], undefined)
    )
  )

/** BEGIN and its settings leave in one message; behind a BEGIN that is refused, nothing of it runs. */
const beginWithSettings = (
  lease: Lease,
  begin: string,
  settings: BeginWith["settings"]
): Effect.Effect<void, SqlError> =>
  Effect.andThen(Driver.runScript(lease.base, [begin, ...settings.map(setLocal)]), pin(lease))

const makeHooks = (pool: InstrumentedPool) => {
  /** Ends what is open on the connection, or the connection. Never fails and never takes long. */
  const rollbackWith = (connection: Connection, statement: string): Effect.Effect<void> => {
    const lease = leaseOf(connection)
    if (lease === undefined || lease.isDead) return Effect.void
    return Effect.timeoutOrElse(lease.executeRaw(statement, []), {
      duration: rollbackLimit,
      orElse: () => Effect.fail("too slow" as const)
    }).pipe(
      Effect.catch(() => pool.discard(lease)),
      Effect.asVoid
    )
  }

  const begin = (connection: Connection, statement: string | undefined): Effect.Effect<void, SqlError> =>
    Effect.withFiber((fiber) => {
      const lease = leaseOf(connection)
      if (lease === undefined) return Effect.void
      const provided = Context.get(fiber.context, TransactionContext)
      const context = provided.taken ? plain : provided
      context.taken = true
      const text = statement ?? context.begin ?? "BEGIN"
      const start =
        context.settings.length === 0
          ? beginPlain(lease, text, statement === undefined)
          : beginWithSettings(lease, text, context.settings)
      // A server that does not answer must not hold the fiber: whatever came of BEGIN ends with the connection.
      return Effect.onExit(Effect.interruptible(start), (exit) =>
        exit._tag === "Failure" && !lease.isDead ? pool.discard(lease) : Effect.void
      )
    })

  return {
    begin,
    commit: (connection: Connection): Effect.Effect<void, SqlError> =>
      Effect.matchEffect(
        Effect.suspend(() => leaseOf(connection)?.executeRaw("COMMIT", []) ?? Effect.die("no lease")),
        {
          onSuccess: (result) => (result.command === "ROLLBACK" ? Effect.fail(rolledBack()) : Effect.void),
          onFailure: (error) => Effect.fail(leaseOf(connection)?.isDead === true ? unknown(error) : error)
        }
      ),
    rollback: (connection: Connection) => rollbackWith(connection, "ROLLBACK"),
    savepoint: (connection: Connection, id: number) =>
      Effect.asVoid(connection.execute(`SAVEPOINT ${savepointName(id)}`, [], undefined)),
    rollbackSavepoint: (connection: Connection, id: number) =>
      Effect.andThen(
        rollbackWith(connection, `ROLLBACK TO SAVEPOINT ${savepointName(id)}`),
        rollbackWith(connection, `RELEASE SAVEPOINT ${savepointName(id)}`)
      )
  }
}

const rolledBack = (): SqlError => {
  const cause = new CommitRolledBack({})
  return new SqlError({ reason: new UnknownError({ cause, message: cause.message, operation: "commit" }) })
}

/** The connection died after COMMIT had been sent: nobody here knows what became of it. */
const unknown = (error: SqlError): SqlError => {
  const cause = new OutcomeUnknown({ phase: "commit_sent", failure: error.reason.message })
  return new SqlError({ reason: new ConnectionError({ cause, message: cause.message, operation: "commit" }) })
}

/** The `withTransaction` of a client on `pool`. */
export const makeWithTransaction = (
  pool: InstrumentedPool,
  transactionService: SqlClient.SqlClient["transactionService"],
  spanAttributes: ReadonlyArray<readonly [string, unknown]>
): SqlClient.SqlClient["withTransaction"] => {
  const hooks = makeHooks(pool)
  const run = SqlClient.makeWithTransaction({
    transactionService,
    spanAttributes,
    acquireConnection: (restore) => pool.leaseWith("transaction", restore),
    ...hooks
  })
  return <R, E, A>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E | SqlError, R> =>
    Effect.withFiber((fiber) => {
      const open = Context.getOrUndefined(fiber.context, transactionService)
      if (open === undefined) return run(effect)
      const [connection, depth] = open
      const release = connection.execute(`RELEASE SAVEPOINT ${savepointName(depth + 1)}`, [], undefined)
      return run(Effect.tap(effect, () => release))
    })
}
