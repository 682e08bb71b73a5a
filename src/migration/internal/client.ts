/**
 * The client that a migration runs on: everything goes to one connection, the
 * one that holds the lock. So the lock lives exactly as long as the session that
 * does the work, a pool of one connection is enough, and several migrators in
 * one process cannot starve each other of the second connection.
 *
 * It has a transaction of its own instead of the driver's, because there a
 * ROLLBACK that fails is a defect, and it fails whenever a connection is lost.
 */
import * as PgClient from "@effect/sql-pg/PgClient"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import * as SqlClient from "effect/sql/SqlClient"
import type { Connection } from "effect/sql/SqlConnection"
import { SqlError, UnknownError } from "effect/sql/SqlError"
import * as Statement from "effect/sql/Statement"
import { inOneWrite, type Step } from "../../connection/internal/oneWrite.ts"
import { CommitRolledBack } from "../../error/Reason.ts"
import { IN_FAILED_SQL_TRANSACTION } from "../../error/SqlState.ts"

export interface MigrationClient {
  readonly connection: Connection
  readonly sql: SqlClient.SqlClient
  /**
   * A transaction whose `use` begins it, and commits it, in the same write as
   * statements of its own. Rolled back when `use` fails.
   */
  readonly transaction: <A, E, R>(use: Effect.Effect<A, E, R>) => Effect.Effect<A, E | SqlError, R>
  /** What an Effect migration is given, in place of the application's client. */
  readonly services: Context.Context<SqlClient.SqlClient>
  /** The same for one without a transaction: a statement of the application's own client is no part of it. */
  readonly servicesOutside: Context.Context<SqlClient.SqlClient>
}

/**
 * `pgClient` lends its transforms, and its helpers for JSON. A statement of the
 * application's own client, which a migration given in code may well have closed
 * over, is led to `connection` too: outside, it would be committed by itself.
 */
export const make = Effect.fnUntraced(function* (
  connection: Connection,
  application: SqlClient.SqlClient,
  pgClient: PgClient.PgClient | undefined
) {
  const sql = yield* makeSql(connection, pgClient?.config)
  const client = Context.make(SqlClient.SqlClient, sql)
  const servicesOutside =
    pgClient === undefined ? client : Context.add(client, PgClient.PgClient, asPgClient(sql, pgClient))
  const services = Context.add(servicesOutside, application.transactionService, [connection, 0])
  const transaction: MigrationClient["transaction"] = (use) =>
    Effect.provideService(sql.withTransaction(Effect.provideService(use, EndsItself, false)), EndsItself, true)
  return { connection, sql, transaction, services, servicesOutside } satisfies MigrationClient
})

const spanAttributes: ReadonlyArray<readonly [string, unknown]> = [["db.system.name", "postgresql"]]

const makeSql = Effect.fnUntraced(function* (connection: Connection, config: PgClient.PgClientConfig | undefined) {
  const client = yield* SqlClient.make({
    driver: "pg",
    acquirer: Effect.succeed(connection),
    compiler: PgClient.makeCompiler(config?.transformQueryNames, config?.transformJson),
    spanAttributes,
    transformRows: config?.transformResultNames && rowTransform(config.transformResultNames, config.transformJson)
  })
  const withTransaction = SqlClient.makeWithTransaction({
    transactionService: client.transactionService,
    spanAttributes,
    acquireConnection: () => Effect.succeed(connection),
    begin: (session) =>
      Effect.flatMap(EndsItself, (endsItself) => (endsItself ? Effect.void : control(session, "BEGIN"))),
    commit: (session) => Effect.flatMap(EndsItself, (endsItself) => (endsItself ? Effect.void : commit(session))),
    rollback: (session) => Effect.ignore(control(session, "ROLLBACK")),
    savepoint: (session, id) => control(session, `SAVEPOINT ${savepointName(id)}`),
    // If these two fail, so does what comes next: the transaction is aborted, or the session is gone.
    releaseSavepoint: (session, id) => Effect.ignore(control(session, `RELEASE SAVEPOINT ${savepointName(id)}`)),
    rollbackSavepoint: (session, id) => Effect.ignore(control(session, `ROLLBACK TO SAVEPOINT ${savepointName(id)}`))
  })
  return Object.assign(client, { withTransaction })
})

/** Whether what runs in the transaction sends its BEGIN and its COMMIT, together with statements of its own. */
const EndsItself = Context.Reference<boolean>("pgkeel/migration/EndsItself", { defaultValue: () => false })

const savepointName = (id: number): string => `pgkeel_${id}`

const rowTransform = (transform: (name: string) => string, nested: boolean | undefined) =>
  Statement.defaultTransforms(transform, nested).array

const control = (connection: Connection, statement: string): Effect.Effect<void, SqlError> =>
  Effect.asVoid(connection.executeUnprepared(statement, [], undefined))

/**
 * COMMIT of an aborted transaction succeeds, and only its tag says ROLLBACK, which is told
 * of a statement with a name alone; and a name may have been taken away. So one goes ahead
 * that an aborted transaction refuses.
 */
const commit = (connection: Connection): Effect.Effect<void, SqlError> =>
  inOneWrite(connection, [stillSound], control(connection, "COMMIT")).pipe(
    Effect.tapError(() => Effect.ignore(control(connection, "ROLLBACK")))
  )

const stillSound: Step<SqlError> = {
  text: "SELECT",
  values: [],
  refused: (error) =>
    Predicate.hasProperty(error.reason.cause, "code") && error.reason.cause.code === IN_FAILED_SQL_TRANSACTION
      ? new SqlError({ reason: new UnknownError({ cause: new CommitRolledBack({}), operation: "commit" }) })
      : error
}

const asPgClient = (sql: SqlClient.SqlClient, application: PgClient.PgClient): PgClient.PgClient => {
  const { config, json, listen } = application
  const notify: PgClient.PgClient["notify"] = (channel, payload) =>
    Effect.asVoid(sql`SELECT pg_catalog.pg_notify(${channel}, ${payload})`)
  return Object.assign(sql, { [PgClient.TypeId]: PgClient.TypeId, config, json, listen, notify })
}
