/**
 * What became of a transaction whose COMMIT got no answer.
 *
 * PostgreSQL remembers the end of every recent transaction: another connection asks
 * `pg_xact_status` (manual, 9.27). A server that has crashed in between may have lost
 * the transaction and given its number to another one, whose end is then no answer.
 * So each wire knows the incarnation of its server, and in another incarnation
 * "committed" only counts when the number cannot have been given out again. That is
 * judged by the last time the server came up: a second time within the outcome timeout
 * is not told apart.
 */
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import * as Schedule from "effect/Schedule"
import type { SqlError } from "effect/sql/SqlError"
import * as PgConnection from "@effect/sql-pg/PgConnection"
import { isLoginRefused } from "./failure.ts"
import type { Statement } from "./statement.ts"

/** A transaction of which only this is known. */
export interface Lost {
  readonly transactionId: string
  readonly incarnation: string
  readonly processId: number
}

export type Outcome = "committed" | "aborted" | "unknown"

/**
 * When the server was started, when two of its statistics were last thrown away, as
 * all of them are after a crash, and on which timeline it writes. A standby does not
 * write.
 */
const here = `CASE WHEN NOT pg_catalog.pg_is_in_recovery() THEN pg_catalog.concat_ws(' ',
  EXTRACT(epoch FROM pg_catalog.pg_postmaster_start_time()),
  EXTRACT(epoch FROM pg_catalog.pg_stat_get_bgwriter_stat_reset_time()),
  EXTRACT(epoch FROM (SELECT stats_reset FROM pg_catalog.pg_stat_get_archiver())),
  pg_catalog.left(pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_lsn()), 8)) END`

export const incarnation: Statement = { text: `SELECT ${here}`, values: [], kept: true, tells: "incarnation" }

/** How long a transaction may stay open after its connection was lost before its end is hastened. */
const grace = Duration.millis(500)

class NotYet {
  readonly _tag = "NotYet"
}

/** The end of the transaction as the server tells it; a number in its future was lost with a crash. */
const statusOf = (connection: PgConnection.PgConnection, { transactionId }: Lost) =>
  connection.queryValues("SELECT pg_catalog.pg_xact_status($1::xid8)", [transactionId]).pipe(
    Effect.map(([row]) => row?.[0]),
    Effect.catch((error) => (codeOf(error) === "22023" ? Effect.succeed("aborted") : Effect.fail(error)))
  )

const codeOf = ({ reason: { cause } }: SqlError): unknown =>
  Predicate.hasProperty(cause, "code") ? cause.code : undefined

/**
 * Ends the server's side of the lost connection, and nothing else: its process, while
 * it is in that transaction. One whose commit waits for a standby is left to wait:
 * ended, it would count as committed before the standby has it.
 */
const hasten = (connection: PgConnection.PgConnection, { processId, transactionId }: Lost) =>
  connection.queryValues(
    `SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity
     WHERE pid = $1 AND backend_xid = $2::xid8::xid AND wait_event IS DISTINCT FROM 'SyncRep'`,
    [processId, transactionId]
  )

/**
 * Whether the last checkpoint already counted past this number, and whether it is
 * the one with which the server came up: only that one, like the one of a shutdown,
 * begins where its record is, as the record of any other comes behind that of the
 * transactions that run (`CreateCheckPoint` in PostgreSQL's xlog.c), unless
 * `wal_level` is minimal.
 */
const checkpointOf = (connection: PgConnection.PgConnection, { transactionId }: Lost) =>
  connection.queryValues(
    `SELECT
       pg_catalog.split_part(next_xid, ':', 1)::numeric * 4294967296
         + pg_catalog.split_part(next_xid, ':', 2)::numeric > $1::numeric,
       checkpoint_lsn = redo_lsn AND pg_catalog.current_setting('wal_level') <> 'minimal'
     FROM pg_catalog.pg_control_checkpoint()`,
    [transactionId]
  )

interface Now {
  readonly sameStart: boolean
  readonly sameStatistics: boolean
  readonly sameTimeline: boolean
}

/** Which incarnation answers now; fails while it is a standby. */
const askNow = (connection: PgConnection.PgConnection, lost: Lost): Effect.Effect<Now, SqlError | NotYet> =>
  Effect.flatMap(connection.queryValues(`SELECT ${here}`), ([row]) => {
    const now = row?.[0]
    if (typeof now !== "string") return Effect.fail(new NotYet())
    const [start, writer, archiver, timeline] = now.split(" ")
    const [start0, writer0, archiver0, timeline0] = lost.incarnation.split(" ")
    return Effect.succeed({
      sameStart: start === start0,
      // Somebody may have reset one of them by hand.
      sameStatistics: writer === writer0 || archiver === archiver0,
      sameTimeline: timeline === timeline0
    })
  })

/** A commit that is seen in another incarnation than that of its transaction. */
const judge = (connection: PgConnection.PgConnection, lost: Lost, now: Now): Effect.Effect<Outcome, SqlError> => {
  if (now.sameStart && now.sameStatistics && now.sameTimeline) return Effect.succeed("committed")
  if (!now.sameTimeline) return Effect.succeed("unknown")
  return Effect.map(checkpointOf(connection, lost), ([row]): Outcome => {
    const [counted, first] = row ?? []
    if (counted === true) return first === true ? "committed" : "unknown"
    // A server that was started again counted from below this number: it is somebody else's by now.
    return now.sameStart ? "unknown" : "aborted"
  })
}

const poll = Schedule.min([Schedule.exponential("10 millis", 1.5), Schedule.spaced("250 millis")])

const ask = (connection: PgConnection.PgConnection, lost: Lost) =>
  Effect.gen(function* () {
    const now = yield* askNow(connection, lost)
    const restarted = !now.sameStart || !now.sameTimeline
    const settled = Effect.flatMap(statusOf(connection, lost), (status): Effect.Effect<Outcome, SqlError | NotYet> => {
      if (status === "committed") return judge(connection, lost, now)
      if (status === "aborted") return Effect.succeed("aborted")
      if (status !== "in progress") return Effect.succeed("unknown")
      return restarted ? Effect.succeed("aborted") : Effect.fail(new NotYet())
    })
    const again = <A>(wait: Effect.Effect<A, SqlError | NotYet>) =>
      Effect.retry(wait, { schedule: poll, while: (error) => error._tag === "NotYet" })
    return yield* Effect.timeoutOrElse(again(settled), {
      duration: grace,
      orElse: () => Effect.andThen(hasten(connection, lost), again(settled))
    })
  })

/** While the server is away it is asked again; a login that is refused only if it may be another one next time. */
const isWorthAsking = (config: PgConnection.Config, error: SqlError | NotYet): boolean =>
  error._tag === "NotYet" || Effect.isEffect(config.password) || !isLoginRefused(error)

/**
 * Asks on a connection of its own, since the pool may have no other and may be as
 * dead as the one that was lost; for at most `limit`, the time to connect included.
 */
export const resolve = (config: PgConnection.Config, lost: Lost, limit: Duration.Duration): Effect.Effect<Outcome> =>
  Effect.scoped(Effect.flatMap(PgConnection.make(config), (connection) => ask(connection, lost))).pipe(
    Effect.retry({ schedule: poll, while: (error) => isWorthAsking(config, error) }),
    Effect.timeoutOrElse({ duration: limit, orElse: () => Effect.succeed<Outcome>("unknown") }),
    Effect.catchCause((cause) =>
      Cause.hasInterruptsOnly(cause) ? Effect.failCause(Cause.interrupt()) : Effect.succeed<Outcome>("unknown")
    )
  )
