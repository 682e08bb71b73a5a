/**
 * The lock under which migrations run: one per database. Why it is polled for is said where it is taken.
 *
 * Its holder has it a second time, as one of those who share it: nobody else can
 * while the first is held. This one can be freed and taken again in one statement
 * without letting anybody in, which tells whether a migration has freed both.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { Connection } from "effect/sql/SqlConnection"
import { DatabaseError } from "../../error/DatabaseError.ts"
import * as AdvisoryLock from "../../session/AdvisoryLock.ts"
import { MigrationError } from "../MigrationError.ts"
import { Locked, LockLost } from "../MigrationErrorReason.ts"

/** "pgke" and "el" with a 1; the provisioner's has a 2. */
const key: AdvisoryLock.Key = [1885825893, 1701576705]

/** Runs `use` with the lock held by `connection`, and tells it the server process that holds it. */
export const withLock = <A, E, R>(
  connection: Connection,
  patience: Duration.Input,
  use: (pid: number) => Effect.Effect<A, E, R>
): Effect.Effect<A, E | MigrationError | DatabaseError, R> =>
  AdvisoryLock.withLock(connection, { key, patience, refused }, (pid) =>
    Effect.acquireUseRelease(
      call(connection, "pg_advisory_lock_shared"),
      () => use(pid),
      () => Effect.ignore(call(connection, "pg_advisory_unlock_shared"))
    )
  )

const call = (connection: Connection, name: string) =>
  connection
    .executeValuesUnprepared(`SELECT pg_catalog.${name}($1::int, $2::int)`, key)
    .pipe(Effect.asVoid, DatabaseError.refine)

/** In SQL, whether the session still has the lock. */
export const isHeld = `CASE WHEN pg_catalog.pg_advisory_unlock_shared(${key.join(", ")})
    THEN pg_catalog.pg_try_advisory_lock_shared(${key.join(", ")}) ELSE false END`

/** What is said of a session that has not. */
export const freed = "the migration that ran last has freed it, as pg_advisory_unlock_all() does; take that out of it"

const refused = (problem: AdvisoryLock.LockHeld | AdvisoryLock.LockLost): MigrationError =>
  problem._tag === "LockLost"
    ? new MigrationError({ reason: new LockLost({ problem: "the session that should free it does not hold it" }) })
    : new MigrationError({ reason: locked(problem.holder) })

const locked = (holder: AdvisoryLock.Holder | undefined): Locked =>
  new Locked({
    pid: holder?.pid,
    applicationName: holder?.applicationName ?? undefined,
    state: holder?.state ?? undefined,
    stateFor: durationOf(holder?.stateForMillis),
    age: durationOf(holder?.ageMillis)
  })

/** The server's clock may have been set back since. */
const durationOf = (millis: number | null | undefined): Duration.Duration | undefined =>
  millis === null || millis === undefined ? undefined : Duration.millis(Math.max(0, millis))
