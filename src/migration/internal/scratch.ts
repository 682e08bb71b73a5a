/**
 * A database that lives as long as the work on it, on a server that may be
 * written to.
 *
 * A lock of its name is held meanwhile, so that one whose maker was killed is
 * told from one that is in use: the next run in the same maintenance database
 * drops it.
 */
import { randomBytes } from "node:crypto"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"
import type { Settings } from "../../config/Settings.ts"
import { ConnectionManager } from "../../connection/ConnectionManager.ts"
import { DatabaseError } from "../../error/DatabaseError.ts"
import { quoteIdentifier } from "../../error/internal/quote.ts"
import * as AdvisoryLock from "../../session/AdvisoryLock.ts"
import { roleRefused } from "./settings.ts"
import type { Failure } from "./workshop.ts"

export interface ScratchOptions {
  /** What is copied. Default: `template1`. */
  readonly template?: string | undefined
  /** Who owns the database, and so may make something in it. Default: the login. */
  readonly owner?: string | undefined
}

/**
 * Runs `use` with a client of the scratch database in place of any other. A server that
 * is not there is waited for up to its start timeout.
 */
export const withScratch = <A, E>(
  server: Settings,
  options: ScratchOptions,
  use: Effect.Effect<A, E, SqlClient.SqlClient>
): Effect.Effect<A, E | Failure> =>
  on(
    server,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const prefix = yield* prefixIn(sql)
      yield* dropStale(sql, prefix)
      const name = `${prefix}${randomBytes(6).toString("hex")}`
      yield* locked(name)
      return yield* Effect.acquireUseRelease(
        create(sql, name, options),
        () => on({ ...server, database: name }, use),
        () => Effect.catch(drop(sql, name), (error) => Effect.logWarning(`${name} was not dropped`, error.message))
      )
    }).pipe(Effect.scoped)
  )

const on = <A, E, R>(settings: Settings, use: Effect.Effect<A, E, R>) =>
  Effect.andThen(
    Effect.flatMap(ConnectionManager, ({ connect, verifyConnection }) =>
      Duration.isZero(settings.startTimeout) ? verifyConnection : connect
    ),
    use
  ).pipe(Effect.provide(ConnectionManager.layerOf(settings), { local: true }))

/** Locks belong to a database: those of other maintenance databases are not seen here. */
const prefixIn = (sql: SqlClient.SqlClient): Effect.Effect<string, DatabaseError> =>
  DatabaseError.refine(
    sql`SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()`.values
  ).pipe(Effect.map(([row]) => `pgkeel_shadow_${String(row?.[0])}_`))

/** Nobody else can have the name: it was made up a moment ago. */
const locked = (name: string) => Effect.catchTag(AdvisoryLock.hold(name), "LockHeld", (error) => Effect.die(error))

const create = (sql: SqlClient.SqlClient, name: string, { owner, template }: ScratchOptions) => {
  const from = template === undefined ? "" : ` TEMPLATE ${quoteIdentifier(template)}`
  const by = owner === undefined ? "" : ` OWNER ${quoteIdentifier(owner)}`
  const statement = `CREATE DATABASE ${quoteIdentifier(name)}${from}${by}`
  return sql
    .unsafe(statement)
    .pipe(
      Effect.mapError(
        (error): Failure =>
          (owner === undefined ? undefined : roleRefused(error, owner)) ??
          DatabaseError.fromSqlError(error, { statement })
      )
    )
}

const drop = (sql: SqlClient.SqlClient, name: string) =>
  DatabaseError.refine(sql.unsafe(`DROP DATABASE IF EXISTS ${quoteIdentifier(name)} WITH (FORCE)`))

const dropStale = Effect.fnUntraced(function* (sql: SqlClient.SqlClient, prefix: string) {
  const rows = yield* DatabaseError.refine(
    sql`SELECT datname FROM pg_catalog.pg_database WHERE pg_catalog.starts_with(datname::text, ${prefix})`.values
  )
  yield* Effect.forEach(
    rows.map(([name]) => String(name)),
    (name) =>
      Effect.scoped(Effect.andThen(AdvisoryLock.hold(name), drop(sql, name))).pipe(
        // It is in use.
        Effect.catchTag("LockHeld", () => Effect.void)
      ),
    { discard: true }
  )
})
