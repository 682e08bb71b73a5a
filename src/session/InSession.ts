/** What a session makes of the types of an effect. */
import type { SqlError } from "effect/sql/SqlError"
import type { DatabaseError } from "../error/DatabaseError.ts"
import type { Safe } from "../error/Retry.ts"
import type { Session } from "./Session.ts"
import type { SessionError } from "./SessionError.ts"

/** What becomes of an effect's errors in a session: the driver's are told apart. */
export type SessionFailure<E> = Exclude<E, SqlError> | DatabaseError | SessionError

/** An effect in a session of its own: it can be run again as a whole. */
export type InSession<A, E, R> = Safe<A, SessionFailure<E>, Exclude<R, Session>>
