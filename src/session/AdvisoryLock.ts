/**
 * Locks that live in PostgreSQL, each held by one database session at a time.
 *
 * A lock is polled for, never waited for inside the server: a waiting statement
 * holds a snapshot, and CREATE INDEX CONCURRENTLY in the session that holds the
 * lock would wait for that snapshot in turn. It is taken outside any transaction
 * for the same reason. The server frees it when the session ends, so a holder
 * that was killed leaves nothing behind.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import type { Connection } from "effect/sql/SqlConnection"
import { DatabaseError } from "../error/DatabaseError.ts"

/** The two-number form of an advisory lock's key; it never meets a one-number key. Keys belong to one database. */
export type Key = readonly [number, number]

const Holder = Schema.Struct({
  pid: Schema.Int,
  applicationName: Schema.NullOr(Schema.String),
  state: Schema.NullOr(Schema.String),
  /** How long it has been in that state, in milliseconds. */
  stateForMillis: Schema.NullOr(Schema.Finite),
  /** How old its session is, in milliseconds. */
  ageMillis: Schema.NullOr(Schema.Finite)
})
/** The session that has a lock. */
export type Holder = typeof Holder.Type

/** Another session held the lock for as long as the caller was willing to wait. */
export class LockHeld extends Schema.TaggedError<LockHeld>()("LockHeld", {
  /** `undefined` when it let go just as it was looked for. */
  holder: Schema.UndefinedOr(Holder)
}) {
  override get message() {
    return this.holder === undefined
      ? "the lock is held by another session"
      : `the lock is held by session ${this.holder.pid} (${this.holder.applicationName ?? "no name"})`
  }
}

/** The session did not hold the lock that it was to free: a pooler put the two statements on different sessions. */
export class LockLost extends Schema.TaggedError<LockLost>()("LockLost", {}) {
  override get message() {
    return "the session that should free the lock does not hold it: connect to the server, not to a pooler"
  }
}

const tryLock = "SELECT pg_catalog.pg_try_advisory_lock($1::int, $2::int), pg_catalog.pg_backend_pid()"
const unlock = "SELECT pg_catalog.pg_advisory_unlock($1::int, $2::int)"

const findHolder = `
  SELECT l.pid AS "pid", a.application_name AS "applicationName", a.state AS "state",
    (extract(epoch FROM pg_catalog.clock_timestamp() - a.state_change) * 1000)::float8 AS "stateForMillis",
    (extract(epoch FROM pg_catalog.clock_timestamp() - a.backend_start) * 1000)::float8 AS "ageMillis"
  FROM pg_catalog.pg_locks l LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
  WHERE l.locktype = 'advisory' AND l.granted
    AND l.classid = $1::int::oid AND l.objid = $2::int::oid AND l.objsubid = 2
    AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())`

const pollEvery = Duration.millis(100)

export interface LockOptions<E> {
  readonly key: Key
  /** How long to poll for a lock that another session has. */
  readonly patience: Duration.Input
  /** What the caller calls it when it cannot have the lock, or has lost it. */
  readonly refused: (problem: LockHeld | LockLost) => E
}

/**
 * Runs `use` while `connection` holds the lock. `use` is told the server process
 * that holds it, so that it can notice if it ever speaks to another.
 */
export const withLock = <E1, A, E, R>(
  connection: Connection,
  { key, patience, refused }: LockOptions<E1>,
  use: (pid: number) => Effect.Effect<A, E, R>
): Effect.Effect<A, E | E1 | DatabaseError, R> => {
  const say = <E2>(error: LockHeld | LockLost | E2) =>
    error instanceof LockHeld || error instanceof LockLost ? refused(error) : error
  return Effect.acquireUseRelease(
    Effect.interruptible(Effect.mapError(acquire(connection, key, patience), say)),
    use,
    (_, exit) => Effect.mapError(release(connection, key, exit), say)
  )
}

const acquire = (connection: Connection, key: Key, patience: Duration.Input) =>
  connection.executeValuesUnprepared(tryLock, key).pipe(
    DatabaseError.refine,
    Effect.flatMap(([row]) =>
      row?.[0] === true && typeof row[1] === "number" ? Effect.succeed(row[1]) : Effect.fail("held" as const)
    ),
    Effect.retry({
      schedule: Schedule.spaced(pollEvery).pipe(Schedule.jittered, Schedule.upTo({ duration: patience })),
      while: (error) => error === "held"
    }),
    Effect.catch((error) =>
      error === "held" ? Effect.flatMap(holderOf(connection, key), Effect.fail) : Effect.fail(error)
    ),
    // The answer to the last try may have been "yes" when nobody listened any more.
    Effect.onInterrupt(() => Effect.ignore(connection.executeValuesUnprepared(unlock, key)))
  )

const release = (connection: Connection, key: Key, exit: Exit.Exit<unknown, unknown>) => {
  const freed = connection.executeValuesUnprepared(unlock, key).pipe(DatabaseError.refine)
  // After a failure the failure is what counts, and the session may well be gone.
  if (Exit.isFailure(exit)) return Effect.ignore(freed)
  return Effect.flatMap(freed, ([row]) => (row?.[0] === true ? Effect.void : Effect.fail(new LockLost())))
}

const decodeHolders = Schema.decodeUnknownEffect(Schema.Array(Holder))

const holderOf = (connection: Connection, key: Key): Effect.Effect<LockHeld, DatabaseError> =>
  connection.executeUnprepared(findHolder, key, undefined).pipe(
    DatabaseError.refine,
    Effect.flatMap((rows) => decodeHolders(rows)),
    Effect.catchTag("SchemaError", () => Effect.succeed([])),
    Effect.map(([holder]) => new LockHeld({ holder }))
  )
