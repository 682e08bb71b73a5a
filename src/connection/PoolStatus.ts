/** What a pool says of itself. */
import type { LeaseKind } from "./internal/lease.ts"

/** Counts of connections, at one moment. */
export interface PoolStatus {
  /** Connections that someone has now. */
  readonly inUse: number
  /** Open connections that nobody has. */
  readonly idle: number
  /** Users who wait for a connection to become free or to be opened. */
  readonly waiting: number
  /** Open connections, those that are being opened included. */
  readonly total: number
  /** The most that the pool opens. */
  readonly max: number
  /** How often a connection has been lent since the pool was made. */
  readonly acquired: number
  /** How often somebody waited for longer than the acquire timeout. */
  readonly timedOut: number
}

/** A connection that someone has. */
export interface ActiveConnection {
  /** The server process behind it: `pg_stat_activity.pid`. */
  readonly processId: number
  readonly kind: LeaseKind
  /** The session's name, else the span it is in, else the beginning of its statement. */
  readonly holder: string
  /** The text of its last statement, without parameters. */
  readonly statement: string | undefined
  readonly heldMillis: number
}
