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

/** Whether this driver can pipeline on a session that is not shared. */
export const canPipeline = (connection: PgConnection.PgConnection): boolean =>
  Reflect.get(connection, "multiplex") === false

/**
 * Sends statements in one write on a connection that nobody else uses, and waits
 * for all answers. Each statement has its own Sync: the second runs whatever
 * became of the first, so the caller looks at the first's result.
 *
 * The driver decides at the call whether a statement is queued for a shared
 * write, by its `multiplex` flag. The flag is up only while the effects are being
 * built, so that every other statement stays cancellable.
 */
export const pipeline = (
  connection: PgConnection.PgConnection,
  statements: ReadonlyArray<Statement>
): Effect.Effect<ReadonlyArray<PgConnection.Result>, SqlError> =>
  Effect.suspend(() => {
    const concurrent = canPipeline(connection)
    if (concurrent) Reflect.set(connection, "multiplex", true)
    const queries = statements.map(({ parameters, sql }) => connection.query(sql, parameters))
    if (concurrent) Reflect.set(connection, "multiplex", false)
    return Effect.all(queries, { concurrency: concurrent ? "unbounded" : 1 })
  })
