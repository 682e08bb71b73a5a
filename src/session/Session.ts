/**
 * The unit in which a component talks to the database: who acts, for which
 * tenant, under which isolation, for how long. The session that is open is a
 * service, so a function deep inside can ask for it.
 */
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import type * as Retry from "../error/Retry.ts"

/** PostgreSQL's isolation levels (manual, 13.2). READ UNCOMMITTED is READ COMMITTED there, and so left out. */
export type Isolation = "read committed" | "repeatable read" | "serializable"

/** What may be the same for every session of a process. What begins with them has them; what joins asks for none. */
export interface SessionDefaults {
  /** The part of the application it belongs to: `current_setting('pgkeel.component', true)`. Default: none. */
  readonly component?: string | undefined
  /** Default: the server's `default_transaction_isolation`. */
  readonly isolation?: Isolation | undefined
  /** Refuses writes. Default: the server's `default_transaction_read_only`. */
  readonly readOnly?: boolean | undefined
  /** With `serializable` and `readOnly`: waits for a snapshot that can never fail. Default: false. */
  readonly deferrable?: boolean | undefined
  /** The role whose rights its statements have, of which the login must be a member. Default: the login's own. */
  readonly role?: string | undefined
  /** How long a statement may run; 0 is for ever. Default: the connection's `statement_timeout`. */
  readonly statementTimeout?: Duration.Input | undefined
  /** How long a statement may wait for a lock; 0 is for ever. Default: the server's `lock_timeout`. */
  readonly lockTimeout?: Duration.Input | undefined
  /**
   * How long a transaction may do nothing before the server ends it and its connection; 0 is for ever. Default: the
   * server's `idle_in_transaction_session_timeout`.
   */
  readonly idleTimeout?: Duration.Input | undefined
  /**
   * How long the work of one transaction may take, from when it has its connection until it commits. What takes longer
   * is interrupted and rolled back. Default: for ever.
   */
  readonly timeout?: Duration.Input | undefined
  /**
   * How old a session may become before it is closed and what is open in it rolled back, with a warning in the log at
   * three quarters of it. Default: for ever.
   */
  readonly maxAge?: Duration.Input | undefined
  /** The same for the time in which none of its statements runs. Default: for ever. */
  readonly maxIdle?: Duration.Input | undefined
  /**
   * The waits of `Retry.transaction`, by which a whole transaction is run again; false for never. Default: that policy's
   * own under `repeatable read` and `serializable`, which fail by design, and false otherwise.
   */
  readonly retry?: Retry.Options | false | undefined
}

export interface SessionOptions extends SessionDefaults {
  /** What the session does, for `activeSessions` and `pg_stat_activity`. Default: none. */
  readonly name?: string | undefined
  /** Who acts: `current_setting('pgkeel.actor', true)` in SQL. Default: nobody, which reads as ''. */
  readonly actor?: string | undefined
  /** For whom: `current_setting('pgkeel.tenant', true)` in SQL. Default: nobody, which reads as ''. */
  readonly tenant?: string | undefined
}

export interface SessionInfo extends SessionOptions {
  /** Unique in this process: `current_setting('pgkeel.session_id', true)` in SQL. */
  readonly id: string
  /** Clock time in milliseconds. */
  readonly openedAt: number
}

/** How a session is called in messages. */
export const describeSession = ({ id, name }: SessionInfo): string => (name === undefined ? id : `${id} (${name})`)

/** The session that is open where this is asked for. */
export class Session extends Context.Service<Session, SessionInfo>()("pgkeel/session/Session") {}
