/**
 * Locks that live in PostgreSQL, each held by one database session at a time.
 *
 * A lock is polled for, never waited for inside the server: a waiting statement
 * holds a snapshot, and CREATE INDEX CONCURRENTLY in the session that holds the
 * lock would wait for that snapshot in turn. It is taken outside any transaction
 * for the same reason. The server frees it when the session ends, so a holder
 * that was killed leaves nothing behind.
 */
import { createHash } from "node:crypto"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as SqlClient from "effect/sql/SqlClient"
import type { Connection } from "effect/sql/SqlConnection"
import * as Rule from "../config/internal/rules.ts"
import { checkOptions } from "../connection/internal/options.ts"
import type { Taken } from "../connection/internal/options.ts"
import { DatabaseError } from "../error/DatabaseError.ts"
import { inTransaction as requireTransaction } from "./NoTransaction.ts"
import type { NoTransaction } from "./NoTransaction.ts"

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

/**
 * The key of a name: the first 64 bits of its SHA-256. Among a million names, the odds
 * that any two share a key are 1 to 37 million; those that do wait for each other.
 */
export const keyOf = (name: string): Key => {
  const hash = createHash("sha256").update(name, "utf8").digest()
  return [hash.readInt32BE(0), hash.readInt32BE(4)]
}

/** A lock that several may hold at once keeps out those who want it alone. */
type Mode = "exclusive" | "shared"

const suffix = (mode: Mode): string => (mode === "shared" ? "_shared" : "")

const tryLock = (mode: Mode) =>
  `SELECT pg_catalog.pg_try_advisory_lock${suffix(mode)}($1::int, $2::int), pg_catalog.pg_backend_pid()`
const unlock = (mode: Mode) => `SELECT pg_catalog.pg_advisory_unlock${suffix(mode)}($1::int, $2::int)`

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

export interface SharedOption {
  /** Whether others may hold it in the same way at the same time. Default: false. */
  readonly shared?: boolean | undefined
}

export interface HoldOptions extends SharedOption {
  /** How long to poll for a lock that another session has. Default: not at all. */
  readonly patience?: Duration.Input | undefined
}

const takenByHold: Taken<HoldOptions> = {
  of: "AdvisoryLock.hold",
  rules: { patience: Rule.anyDuration, shared: Rule.anyFlag },
  example: `{ patience: "5 seconds" }`
}

const shareable = (of: string): Taken<SharedOption> => ({
  of,
  rules: { shared: Rule.anyFlag },
  example: "{ shared: true }"
})

const takenInTransaction = shareable("AdvisoryLock.inTransaction")
const takenByTry = shareable("AdvisoryLock.tryInTransaction")

/**
 * Holds the lock of a name until the scope closes, over any number of transactions,
 * on a connection of its own. It is lost when that connection is, which whoever
 * holds it is not told: what must not happen twice is for `inTransaction`.
 */
export const hold = Effect.fn("AdvisoryLock.hold")(function* (
  name: string,
  options: HoldOptions = {}
): Effect.fn.Return<void, LockHeld | DatabaseError, Scope.Scope | SqlClient.SqlClient> {
  yield* checkOptions(takenByHold, options)
  const { patience = 0, shared = false } = options
  const sql = yield* SqlClient.SqlClient
  const connection = yield* DatabaseError.refine(sql.reserve)
  const [key, mode] = [keyOf(name), modeOf(shared)]
  yield* Effect.acquireRelease(
    acquire(connection, key, patience, mode),
    (_, exit) =>
      Effect.catch(release(connection, key, exit, mode), (error) =>
        Effect.logWarning(`lock "${name}": ${error.message}`)
      ),
    { interruptible: true }
  )
})

/**
 * Waits for the lock of a name, and holds it until the transaction ends, however it
 * ends. The server queues those who wait, notices when they wait for each other, and
 * gives up after `lock_timeout`: `LockTimeout` and `Deadlock`, as for any lock.
 */
export const inTransaction = Effect.fn("AdvisoryLock.inTransaction")(function* (
  name: string,
  options: SharedOption = {}
): Effect.fn.Return<void, NoTransaction | DatabaseError, SqlClient.SqlClient> {
  yield* checkOptions(takenInTransaction, options)
  yield* lockRow(`SELECT pg_catalog.pg_advisory_xact_lock${suffix(modeOf(options.shared))}($1::int, $2::int)`, name)
})

/** The same without waiting: false where another transaction or session has it. */
export const tryInTransaction = Effect.fn("AdvisoryLock.tryInTransaction")(function* (
  name: string,
  options: SharedOption = {}
): Effect.fn.Return<boolean, NoTransaction | DatabaseError, SqlClient.SqlClient> {
  yield* checkOptions(takenByTry, options)
  const text = `SELECT pg_catalog.pg_try_advisory_xact_lock${suffix(modeOf(options.shared))}($1::int, $2::int)`
  return (yield* lockRow(text, name))?.[0] === true
})

const modeOf = (shared = false): Mode => (shared ? "shared" : "exclusive")

const lockRow = Effect.fnUntraced(function* (text: string, name: string) {
  const sql = yield* SqlClient.SqlClient
  yield* requireTransaction(sql, `the lock "${name}"`)
  const rows = yield* DatabaseError.refine(sql.unsafe(text, [...keyOf(name)]).values)
  return rows[0]
})

const acquire = (connection: Connection, key: Key, patience: Duration.Input, mode: Mode = "exclusive") =>
  connection.executeValuesUnprepared(tryLock(mode), key).pipe(
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
    Effect.onInterrupt(() => Effect.ignore(connection.executeValuesUnprepared(unlock(mode), key)))
  )

const release = (connection: Connection, key: Key, exit: Exit.Exit<unknown, unknown>, mode: Mode = "exclusive") => {
  const freed = connection.executeValuesUnprepared(unlock(mode), key).pipe(DatabaseError.refine)
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
