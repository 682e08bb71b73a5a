/**
 * The settings under which each migration runs. They are local to its
 * transaction, and at its end everything that the migration itself set is put
 * back, so that no file depends on the files before it: pg_dump's output, for
 * one, empties `search_path` for the whole session.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { Connection } from "effect/sql/SqlConnection"
import { DatabaseError } from "../../error/DatabaseError.ts"
import { quoteIdentifier } from "../../error/internal/quote.ts"
import { MigrationError } from "../MigrationError.ts"
import { LockLost } from "../MigrationErrorReason.ts"
import type { Prepared } from "./prepare.ts"

export interface Settings {
  readonly role?: string | undefined
  readonly searchPath?: ReadonlyArray<string> | undefined
  readonly lockTimeout: Duration.Input
  readonly statementTimeout?: Duration.Input | undefined
}

/** First in the transaction, or in a session without one. `pid` is the server process that has the lock. */
export const enter = Effect.fnUntraced(function* (
  connection: Connection,
  settings: Settings,
  pid: number,
  holds: "transaction" | "session" = "transaction"
) {
  const local = holds === "transaction"
  const values = Object.entries(named(settings)).filter((entry) => entry[1] !== undefined)
  const calls = values
    .map((_, i) => `, pg_catalog.set_config($${2 * i + 1}::text, $${2 * i + 2}::text, ${local})`)
    .join("")
  const statement = `SELECT pg_catalog.pg_backend_pid(), ${watchClient(local)}${calls}`
  const [row] = yield* connection.executeValues(statement, values.flat()).pipe(DatabaseError.refine)
  if (row?.[0] !== pid) {
    return yield* Effect.fail(
      new MigrationError({
        reason: new LockLost({ problem: `the server process ${pid} has it, and ${String(row?.[0])} answered` })
      })
    )
  }
})

/**
 * A server does not look whether its client is still there while it works on a
 * statement: without this, a runner that was killed in a long one would keep
 * the lock, and what it had changed, until that statement ends. Servers on
 * other systems than Linux may refuse the setting.
 */
const watchClient = (local: boolean) => `CASE WHEN pg_catalog.version() LIKE '%linux%'
  THEN pg_catalog.set_config('client_connection_check_interval', '1s', ${local}) END`

const named = (settings: Settings): Readonly<Record<string, string | undefined>> => ({
  // The files were split by a parser that takes a backslash in a string for what it is.
  standard_conforming_strings: "on",
  lock_timeout: millis(settings.lockTimeout),
  statement_timeout: settings.statementTimeout === undefined ? undefined : millis(settings.statementTimeout),
  search_path: settings.searchPath?.map(quoteIdentifier).join(", "),
  role: settings.role
})

/** 0 means "no limit" to the server, and so does infinity here. */
const millis = (duration: Duration.Input): string => {
  const value = Duration.toMillis(Duration.fromInputUnsafe(duration))
  return Number.isFinite(value) ? String(Math.max(1, Math.ceil(value))) : "0"
}

/** What a file says of itself comes before what the migrator was given. */
export const settingsOf = (settings: Settings, { work }: Prepared): Settings => {
  if (work._tag === "Effect") return settings
  const { lockTimeout = settings.lockTimeout, statementTimeout = settings.statementTimeout } = work.directives
  return { ...settings, lockTimeout, statementTimeout }
}

/**
 * Checks deferred constraints while the migration can still be blamed for them,
 * and puts the session back as it was when it was opened. One round trip;
 * DISCARD ALL would be too much: it drops the lock and what the driver has prepared.
 */
export const leave = (connection: Connection): Effect.Effect<void, DatabaseError> =>
  Effect.asVoid(connection.executeUnprepared(resetSession, [], undefined)).pipe(DatabaseError.refine)

const resetSession = "DO 'BEGIN SET CONSTRAINTS ALL IMMEDIATE; RESET SESSION AUTHORIZATION; RESET ROLE; RESET ALL; END'"
