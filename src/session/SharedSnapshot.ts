/**
 * One state of the database for several sessions, which can so read it in parallel
 * (manual, 9.28.5 "Snapshot Synchronization Functions").
 */
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"
import { ImportedSnapshot } from "../connection/TransactionContext.ts"
import { DatabaseError } from "../error/DatabaseError.ts"
import { inTransaction } from "./NoTransaction.ts"
import type { NoTransaction } from "./NoTransaction.ts"
import type { Session } from "./Session.ts"
import type { SessionOptions } from "./Session.ts"
import { SessionFactory } from "./SessionFactory.ts"
import type { SessionFailure } from "./InSession.ts"

/**
 * The name of what the open transaction sees, for `within`; good as long as that
 * transaction is open. Under `repeatable read`, which is meant here, later statements
 * of that transaction see the same.
 */
export const exported: Effect.Effect<string, DatabaseError | NoTransaction, SqlClient.SqlClient> = Effect.gen(
  function* () {
    const sql = yield* SqlClient.SqlClient
    yield* inTransaction(sql, "an exported snapshot")
    const rows = yield* DatabaseError.refine(sql`SELECT pg_catalog.pg_export_snapshot() AS snapshot`.values)
    return String(rows[0]?.[0])
  }
).pipe(Effect.withSpan("SharedSnapshot.exported"))

/**
 * Runs an effect in a session of its own, on another connection, that only reads, and
 * sees what the transaction saw that exported `snapshot`. Also inside that transaction
 * it is a session of its own.
 */
export const within =
  (snapshot: string, options: Omit<SessionOptions, "isolation" | "readOnly" | "deferrable"> = {}) =>
  <A, E, R>(
    effect: Effect.Effect<A, E, R>
  ): Effect.Effect<A, SessionFailure<E>, Exclude<R, Session> | SessionFactory> =>
    Effect.flatMap(SessionFactory, ({ withSession }) => {
      const own = { ...options, isolation: "repeatable read", readOnly: true, propagation: "requires-new" } as const
      // A transaction that the effect begins elsewhere sees what it sees.
      const session = withSession(own)(Effect.provideService(effect, ImportedSnapshot, undefined))
      return Effect.provideService(session, ImportedSnapshot, snapshot)
    })
