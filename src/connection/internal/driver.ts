/**
 * The private parts of the driver that pgkeel leans on, in one place.
 *
 * `@effect/sql-pg` marks its modules unstable and shows neither whether a session
 * has died nor a way to send two statements in one write on a session that it also
 * lets us cancel. Both exist inside. What is read here is checked before it is
 * used, and where a later driver lacks it the caller falls back to what is slower
 * and just as right; `test/connection/driver.test.ts` fails when that happens.
 */
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Predicate from "effect/Predicate"
import type { SqlError } from "effect/sql/SqlError"
import type * as PgConnection from "@effect/sql-pg/PgConnection"

const internalsKey = "~@effect/sql-pg/PgConnection/internals"

/** Whether the session behind a connection is gone: its socket closed, or the server ended it. */
export const isDead = (connection: PgConnection.PgConnection): boolean => {
  const internals: unknown = Reflect.get(connection, internalsKey)
  return Predicate.hasProperty(internals, "deadError") && Predicate.isFunction(internals.deadError)
    ? internals.deadError() !== undefined
    : false
}

/** One statement of a batch. */
export interface Statement {
  readonly sql: string
  readonly parameters: ReadonlyArray<unknown>
}

type Cycle = (
  sql: string,
  parameters: ReadonlyArray<unknown>,
  wantRows: boolean,
  prepared: unknown
) => Effect.Effect<unknown, SqlError>

/** What queues a statement for the next write; undefined where the driver has none, or shares the connection itself. */
const cycleOf = (connection: PgConnection.PgConnection): Cycle | undefined => {
  const cycle: unknown = Reflect.get(connection, "pipelineCycle")
  return Predicate.isFunction(cycle) && Reflect.get(connection, "multiplex") === false ? cycle as Cycle : undefined
}

/** Whether this driver can pipeline on a session that is not shared. */
export const canPipeline = (connection: PgConnection.PgConnection): boolean => cycleOf(connection) !== undefined

/**
 * Sends two statements in one write on a connection that nobody else uses, and
 * waits for both answers. Each has its own Sync: the second runs whatever became
 * of the first, whose failure is the one that is reported.
 *
 * The driver writes so by itself only on connections that are shared, where no
 * statement can be cancelled. Its queue is called here directly, so the
 * connection's own `multiplex` flag never changes.
 */
export const pipeline = (
  connection: PgConnection.PgConnection,
  first: Statement,
  second: Statement
): Effect.Effect<void, SqlError> =>
  Effect.suspend(() => {
    const cycle = cycleOf(connection)
    if (cycle === undefined) {
      const one = connection.queryValues(first.sql, first.parameters)
      return Effect.asVoid(Effect.andThen(one, connection.queryValues(second.sql, second.parameters)))
    }
    const prepared: unknown = Reflect.get(connection, "prepared")
    return together(
      cycle(first.sql, first.parameters, false, prepared),
      cycle(second.sql, second.parameters, false, prepared)
    )
  })

/**
 * Started together, on one fiber more, which ends by itself: with its answer, or
 * with the connection. Its answer is there before the second's.
 */
const together = (
  one: Effect.Effect<unknown, SqlError>,
  two: Effect.Effect<unknown, SqlError>
): Effect.Effect<void, SqlError> =>
  Effect.flatMap(Effect.forkDetach(one, { startImmediately: true }), (started) => {
    const answer = (): Effect.Effect<unknown, SqlError> => started.pollUnsafe() ?? Fiber.join(started)
    return Effect.matchEffect(two, {
      onSuccess: () => Effect.asVoid(answer()),
      onFailure: (error) => Effect.andThen(answer(), Effect.fail(error))
    })
  })
