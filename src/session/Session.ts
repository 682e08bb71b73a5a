/**
 * The unit in which a component talks to the database: who acts, for which
 * tenant, under which isolation. The session that is open is a service, so a
 * function deep inside can ask for it.
 */
import * as Context from "effect/Context"

/** PostgreSQL's isolation levels (manual, 13.2). READ UNCOMMITTED is READ COMMITTED there, and so left out. */
export type Isolation = "read committed" | "repeatable read" | "serializable"

export interface SessionOptions {
  /** What the session does, for `activeSessions` and `pg_stat_activity`. Default: none. */
  readonly name?: string | undefined
  /** The part of the application it belongs to. Default: none. */
  readonly component?: string | undefined
  /** Who acts: `current_setting('pgkeel.actor', true)` in SQL. Default: nobody, which reads as ''. */
  readonly actor?: string | undefined
  /** For whom: `current_setting('pgkeel.tenant', true)` in SQL. Default: nobody, which reads as ''. */
  readonly tenant?: string | undefined
  /** Default: the server's `default_transaction_isolation`. */
  readonly isolation?: Isolation | undefined
  /** Refuses writes. Default: the server's `default_transaction_read_only`. */
  readonly readOnly?: boolean | undefined
  /** With `serializable` and `readOnly`: waits for a snapshot that can never fail. Default: false. */
  readonly deferrable?: boolean | undefined
}

export interface SessionInfo extends SessionOptions {
  /** Unique in this process. */
  readonly id: string
  /** Clock time in milliseconds. */
  readonly openedAt: number
}

/** The session that is open where this is asked for. */
export class Session extends Context.Service<Session, SessionInfo>()("pgkeel/session/Session") {}
