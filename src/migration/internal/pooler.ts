/**
 * Refuses a pooler that gives the server's session to somebody else between two
 * statements, as PgBouncer does in transaction mode: the lock under which
 * migrations run belongs to a session, and would be left behind in it.
 *
 * A pooler has process numbers of its own to tell its clients. Where the number
 * that was told is the server's, nothing more is asked. Where it is not, two
 * connections that are open at once must not have the same session.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { SqlClient } from "effect/sql/SqlClient"
import type { Connection } from "effect/sql/SqlConnection"
import { processIdOf } from "../../connection/internal/inside.ts"
import { DatabaseError } from "../../error/DatabaseError.ts"
import { MigrationError } from "../MigrationError.ts"
import { SessionShared } from "../MigrationErrorReason.ts"

/** A pool of one connection has no second one to ask by. */
const patience = Duration.seconds(1)

/** Changes nothing. A pooler that many others use at the same moment may pass: what it does then is noticed later. */
export const refuseSharedSession = Effect.fnUntraced(function* (connection: Connection, application: SqlClient) {
  const session = yield* sessionOf(connection)
  if (session === processIdOf(connection)) return
  const other = yield* Effect.scoped(Effect.flatMap(application.reserve, sessionOf)).pipe(
    Effect.timeoutOption(patience),
    Effect.catch(() => Effect.succeed(Option.none()))
  )
  const isShared = Option.contains(other, session) || (yield* sessionOf(connection)) !== session
  if (isShared) yield* Effect.fail(new MigrationError({ reason: new SessionShared() }))
}, DatabaseError.refine)

const sessionOf = (connection: Connection) =>
  Effect.map(connection.executeValuesUnprepared("SELECT pg_catalog.pg_backend_pid()", []), ([row]) => row?.[0])
