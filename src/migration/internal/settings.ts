/**
 * The settings under which each migration runs. They are local to its
 * transaction, and at its end everything that the migration itself set is put
 * back, so that no file depends on the files before it: pg_dump's output, for
 * one, empties `search_path` for the whole session. Temporary tables go too: they
 * would hide the application's from whoever gets the connection next.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import type { Connection } from "effect/sql/SqlConnection"
import type { SqlError } from "effect/sql/SqlError"
import { runStep, type Step } from "../../connection/internal/oneWrite.ts"
import { DatabaseError } from "../../error/DatabaseError.ts"
import { quoteIdentifier } from "../../error/internal/quote.ts"
import { INSUFFICIENT_PRIVILEGE, INVALID_PARAMETER_VALUE, UNDEFINED_OBJECT } from "../../error/SqlState.ts"
import { MigrationError } from "../MigrationError.ts"
import { LockLost, RoleRefused } from "../MigrationErrorReason.ts"
import { freed, isHeld } from "./lock.ts"
import type { Prepared } from "./prepare.ts"

export interface Settings {
  readonly role?: string | undefined
  readonly searchPath?: ReadonlyArray<string> | undefined
  readonly lockTimeout: Duration.Input
  readonly statementTimeout?: Duration.Input | undefined
}

type Failure = MigrationError | DatabaseError

/** Where the settings live: in the transaction that is open, or in the session. */
type Holds = "transaction" | "session"

/** Before anything else. `pid` is the server process that has the lock. */
export const enter = (connection: Connection, settings: Settings, pid: number, holds: Holds = "transaction") =>
  runStep(connection, entering(settings, pid, holds))

/** A transaction with its settings, for whoever sends it ahead of its first statement. */
export const beginning = (settings: Settings, pid: number): ReadonlyArray<Step<Failure>> => [
  {
    text: "BEGIN",
    values: [],
    kept: true,
    refused: (error) => DatabaseError.fromSqlError(error, { statement: "BEGIN" })
  },
  { ...entering(settings, pid, "transaction"), kept: true }
]

/** The server itself says no to whoever does not have the lock, so nothing that is sent behind it runs. */
const entering = (settings: Settings, pid: number, holds: Holds): Step<Failure> => {
  const local = holds === "transaction"
  const values = Object.entries(named(settings)).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value]]
  )
  const calls = values
    .map((_, i) => `, pg_catalog.set_config($${2 * i + 2}::text, $${2 * i + 3}::text, ${local})`)
    .join("")
  const text = `SELECT (CASE pg_catalog.pg_backend_pid() WHEN $1::text::integer THEN '0'
    ELSE 'the server process ' || $1::text || ' has it, and ' || pg_catalog.pg_backend_pid() || ' answered' END)::integer,
    ${holding},
    ${watchClient(local)}${calls}`
  return { text, values: [String(pid), ...values.flat()], refused: refusalOf(text, settings.role) }
}

const notHeld = "the migration lock was freed"

const holding = `(CASE WHEN ${isHeld} THEN '0' ELSE '${notHeld}' END)::integer`

const refusalOf =
  (statement: string, role?: string) =>
  (error: SqlError): Failure => {
    const problem = lost(error)
    if (problem !== undefined) return new MigrationError({ reason: new LockLost({ problem }) })
    return (
      (role === undefined ? undefined : roleRefused(error, role)) ?? DatabaseError.fromSqlError(error, { statement })
    )
  }

/** Fails as a run would that has to act as this role. Set for its own transaction, it is gone with the statement. */
export const requireRole = (connection: Connection, role: string | undefined): Effect.Effect<void, Failure> =>
  role === undefined
    ? Effect.void
    : runStep(connection, { text: takeRole, values: [role], refused: refusalOf(takeRole, role) })

const takeRole = "SELECT pg_catalog.set_config('role', $1::text, true)"

/** Whether it is the role that is refused, which the server names in every language, between that language's quotes. */
export const roleRefused = ({ reason: { cause } }: SqlError, role: string): MigrationError | undefined => {
  if (!Predicate.hasProperty(cause, "message") || !Predicate.hasProperty(cause, "code")) return undefined
  const { code, message } = cause
  const quoted = String(message).split(/["«»„“”]/u)
  if (!quoted.some((part) => part.trim() === role)) return undefined
  return code === INVALID_PARAMETER_VALUE || code === INSUFFICIENT_PRIVILEGE || code === UNDEFINED_OBJECT
    ? new MigrationError({ reason: new RoleRefused({ role, exists: code === INSUFFICIENT_PRIVILEGE }) })
    : undefined
}

/** Why the lock is not there, if that is what the server says. */
const lost = ({ reason: { cause } }: SqlError): string | undefined => {
  const message = Predicate.hasProperty(cause, "message") ? String(cause.message) : ""
  return message.includes(notHeld) ? freed : otherProcess.exec(message)?.[0]
}

const otherProcess = /the server process \d+ has it, and \d+ answered/u

/** The same question between two steps of a migration that has no transaction. */
export const stillHeld = (connection: Connection): Effect.Effect<void, Failure> =>
  runStep(connection, { text: askHeld, values: [], refused: refusalOf(askHeld) })

const askHeld = `SELECT ${holding}`

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

/** The same as a part of what goes out with COMMIT. */
export const leaving = <E>(refused: (error: DatabaseError) => E): Step<E> => ({
  text: resetSession,
  values: [],
  refused: (error) => refused(DatabaseError.fromSqlError(error, { statement: resetSession }))
})

const resetSession = `DO 'BEGIN
  SET CONSTRAINTS ALL IMMEDIATE; RESET SESSION AUTHORIZATION; RESET ROLE; RESET ALL; DISCARD TEMP; END'`
