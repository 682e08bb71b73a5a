/**
 * Every reason there is, driven: from a real server where one can be brought to
 * it, from a scripted one where none can, and from the client where no server has
 * part in it. What each reason knows is tested beside this file.
 */
import { NodeServices } from "@effect/platform-node"
import { assert, layer } from "@effect/vitest"
import { Duration, Effect, Fiber, Layer, Redacted, Schedule } from "effect"
import { SqlClient } from "effect/sql"
import type { SqlError } from "effect/sql/SqlError"
import { DatabaseConfig } from "../../src/config/DatabaseConfig.ts"
import { ConnectionManager } from "../../src/connection/ConnectionManager.ts"
import { deathOf } from "../../src/connection/internal/inside.ts"
import { DatabaseError } from "../../src/error/DatabaseError.ts"
import { DatabaseErrorHandler } from "../../src/error/DatabaseErrorHandler.ts"
import { Reason } from "../../src/error/Reason.ts"
import * as Retry from "../../src/error/Retry.ts"
import * as Bulk from "../../src/session/Bulk.ts"
import { LoginSource } from "../../src/secret/LoginSource.ts"
import { LoginUnavailable, SecretError } from "../../src/secret/SecretError.ts"
import { SessionFactory } from "../../src/session/SessionFactory.ts"
import { connected, proxied } from "../support/Connected.ts"
import { TestDatabase, testServer } from "../support/Database.ts"
import { Proxy } from "../support/Proxy.ts"
import { freePort, rawServer, scriptedServer } from "../support/ScriptedServer.ts"
import { answering, ask, errorResponse, notice, readyForQuery, refusing } from "./scripted.ts"
import { type Connection, open, openAs, pidOf, run } from "./sessions.ts"

/** Runs statements in a session of their own; the last of them fails. */
const statements = (...texts: ReadonlyArray<string>) =>
  Effect.scoped(Effect.flatMap(open, (connection) => run(connection, ...texts)))

/** What the server says to a session that is not asking. */
const told = (connection: Connection) =>
  Effect.sync(() => deathOf(connection)() !== undefined).pipe(
    Effect.repeat({ until: (dead) => dead, schedule: Schedule.spaced("2 millis") }),
    Effect.andThen(run(connection, "SELECT 1"))
  )

const leftAlone = (...texts: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const connection = yield* open
    yield* run(connection, ...texts)
    yield* told(connection)
  }).pipe(Effect.scoped)

/** A real server that is not asked for what it is. */
const change = (options: Parameters<typeof ask>[1]) =>
  Effect.flatMap(TestDatabase, ({ host, name, password, port, username }) =>
    ask({ port }, { host, database: name, username, password, ...options })
  )

/** A server that refuses a statement, or whoever connects, in these words. */
const refusingStatement = (fields: Readonly<Record<string, string>>) =>
  Effect.scoped(
    Effect.flatMap(answering(Buffer.concat([errorResponse(fields), readyForQuery]), false), (server) => ask(server))
  )

const turningAway = (fields: Readonly<Record<string, string>>) =>
  Effect.scoped(Effect.flatMap(refusing(errorResponse(fields)), (server) => ask(server)))

const limited = Effect.gen(function* () {
  const connection = yield* open
  yield* run(connection, "CREATE ROLE err_nobody LOGIN PASSWORD 'pw' CONNECTION LIMIT 0")
  yield* Effect.ensuring(openAs("err_nobody"), Effect.orDie(run(connection, "DROP ROLE err_nobody")))
}).pipe(Effect.scoped)

const serialization = Effect.gen(function* () {
  const [one, two] = yield* Effect.all([open, open])
  yield* run(one, "CREATE TABLE IF NOT EXISTS counter (n int)", "INSERT INTO counter VALUES (0)")
  yield* run(one, "BEGIN ISOLATION LEVEL REPEATABLE READ", "SELECT * FROM counter")
  yield* run(two, "UPDATE counter SET n = n + 1")
  yield* run(one, "UPDATE counter SET n = n + 1")
}).pipe(Effect.scoped)

const deadlock = Effect.gen(function* () {
  const [one, two] = yield* Effect.all([open, open])
  yield* run(one, "CREATE TABLE apple ()", "CREATE TABLE pear ()")
  for (const connection of [one, two]) yield* run(connection, "SET deadlock_timeout = '20ms'", "BEGIN")
  yield* run(one, "LOCK apple")
  yield* run(two, "LOCK pear")
  // Whichever of the two is chosen, the other one goes on.
  const crossing = yield* Effect.forkChild(run(one, "LOCK pear", "COMMIT"), { startImmediately: true })
  yield* run(two, "LOCK apple", "COMMIT")
  yield* Fiber.join(crossing)
}).pipe(Effect.scoped)

const held = Effect.gen(function* () {
  const [one, two] = yield* Effect.all([open, open])
  yield* run(one, "CREATE TABLE held ()", "BEGIN", "LOCK held")
  yield* run(two, "BEGIN", "LOCK held NOWAIT")
}).pipe(Effect.scoped)

const terminated = Effect.gen(function* () {
  const [one, other] = yield* Effect.all([open, open])
  yield* run(other, `SELECT pg_terminate_backend(${yield* pidOf(one)})`)
  yield* told(one)
}).pipe(Effect.scoped)

const managerOf = (port: number, login?: Layer.Layer<LoginSource>) => {
  const manager = ConnectionManager.layer().pipe(
    Layer.provide(DatabaseConfig.layer({ url: Redacted.make(`postgres://u:p@127.0.0.1:${port}/d?sslmode=disable`) })),
    Layer.provide(NodeServices.layer)
  )
  return login === undefined ? manager : Layer.provide(manager, login)
}

/** A server that crashes ends its sessions behind a warning. */
const crashing = Effect.gen(function* () {
  const words = { S: "WARNING", V: "WARNING", C: "57P02", M: "terminating connection because of crash" }
  const { port } = yield* answering(notice(words))
  const statement = Effect.flatMap(SqlClient.SqlClient, (sql) => sql`SELECT 1`)
  return yield* Effect.provide(statement, managerOf(port))
}).pipe(Effect.scoped)

const tooOld = Effect.gen(function* () {
  const { port } = yield* scriptedServer([
    { name: "versionNumber", value: 130_023 },
    { name: "version", value: "13.23" },
    { name: "database", value: "shop" },
    { name: "role", value: "ada" },
    { name: "inRecovery", value: false },
    { name: "readOnly", value: false }
  ])
  return yield* Effect.flatMap(ConnectionManager, ({ connect }) => connect).pipe(Effect.provide(managerOf(port)))
}).pipe(Effect.scoped)

/** Asks a server that is not there until nobody asks any more. */
const broken = Effect.gen(function* () {
  const port = yield* freePort
  const ask = Effect.flatMap(SqlClient.SqlClient, (sql) => DatabaseError.refine(sql`SELECT 1`))
  const again = Effect.retry(ask, { while: ({ reason }) => reason._tag === "ConnectionRefused", times: 100 })
  yield* Effect.provide(again, managerOf(port))
})

const noLogin = Effect.flatMap(SqlClient.SqlClient, (sql) => sql`SELECT 1`).pipe(
  Effect.provide(
    managerOf(
      1,
      Layer.succeed(
        LoginSource,
        LoginSource.of({
          login: Effect.fail(new SecretError({ reason: new LoginUnavailable({ description: "sealed" }) }))
        })
      )
    )
  )
)

const exhausted = Effect.gen(function* () {
  const manager = yield* ConnectionManager
  const pool = yield* manager.createPool({ maxConnections: 1, acquireTimeout: Duration.millis(20) })
  yield* pool.client.reserve
  yield* pool.client`SELECT 1`
}).pipe(Effect.scoped)

const closed = Effect.gen(function* () {
  const manager = yield* ConnectionManager
  const pool = yield* Effect.scoped(manager.createPool({}))
  yield* pool.client`SELECT 1`
})

const fromClient = (effect: (sql: SqlClient.SqlClient) => Effect.Effect<unknown, SqlError>) =>
  Effect.flatMap(SqlClient.SqlClient, effect)

const outcome = Effect.gen(function* () {
  const { withSession } = yield* SessionFactory
  const sql = yield* SqlClient.SqlClient
  const proxy = yield* Proxy
  yield* sql`CREATE TABLE written (id int)`
  yield* proxy.cutNext({ after: "COMMIT" })
  yield* withSession({})(Effect.andThen(sql`INSERT INTO written VALUES (1)`, proxy.setRefusing(true)))
}).pipe(
  // Nobody is left to ask, and COMMIT's text is on the wire only where it is not prepared.
  Effect.provide(proxied({ maxConnections: 1, prepare: false, outcomeTimeout: "50 millis" }), { local: true }),
  Effect.scoped
)

/** One case a reason: a reason without one does not compile. */
const cases: Readonly<
  Record<Reason["_tag"], Effect.Effect<unknown, unknown, TestDatabase | ConnectionManager | SqlClient.SqlClient>>
> = {
  AuthenticationFailed: change({ password: Redacted.make("wrong") }),
  DatabaseMissing: change({ database: "no_such_database" }),
  ConnectionRefused: Effect.flatMap(freePort, (port) => ask({ port })),
  HostNotFound: ask({ port: 1 }, { host: "host.invalid" }),
  TlsFailure: Effect.scoped(Effect.flatMap(refusing(Buffer.from("N")), (server) => ask(server, { ssl: true }))),
  ConnectTimeout: Effect.scoped(
    Effect.flatMap(
      rawServer(() => undefined),
      (server) => ask(server, { connectTimeout: "20 millis" })
    )
  ),
  ConnectionLost: statements("SELECT pg_terminate_backend(pg_backend_pid())"),
  ProtocolViolation: Effect.scoped(
    Effect.flatMap(answering(Buffer.from([0x44, 0, 0, 0, 6, 0, 0])), (server) => ask(server))
  ),
  NotPostgres: Effect.scoped(
    Effect.flatMap(refusing(Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n")), (server) => ask(server))
  ),
  InvalidConnectionOptions: change({ startupParameters: { no_such_setting: "on" } }),
  UniqueViolation: statements("CREATE TABLE uniq (id int UNIQUE)", "INSERT INTO uniq VALUES (1), (1)"),
  ForeignKeyViolation: statements(
    "CREATE TABLE parent (id int PRIMARY KEY)",
    "CREATE TABLE child (id int REFERENCES parent)",
    "INSERT INTO child VALUES (1)"
  ),
  NotNullViolation: statements("CREATE TABLE full_ (id int NOT NULL)", "INSERT INTO full_ VALUES (NULL)"),
  CheckViolation: statements("CREATE TABLE checked (id int CHECK (id > 0))", "INSERT INTO checked VALUES (0)"),
  ExclusionViolation: statements(
    "CREATE TABLE room (during int4range, EXCLUDE USING gist (during WITH &&))",
    "INSERT INTO room VALUES ('[1,5)'), ('[2,3)')"
  ),
  SerializationFailure: serialization,
  DeadlockDetected: deadlock,
  LockNotAvailable: held,
  StatementTimeout: statements("SET statement_timeout = '10ms'", "SELECT pg_sleep(10)"),
  QueryCanceled: statements("SELECT pg_cancel_backend(pg_backend_pid()), pg_sleep(10)"),
  IdleInTransactionTimeout: leftAlone("SET idle_in_transaction_session_timeout = '10ms'", "BEGIN"),
  // transaction_timeout came with PostgreSQL 17.
  TransactionTimeout:
    testServer().majorVersion < 17
      ? turningAway({ S: "FATAL", V: "FATAL", C: "25P04", M: "terminating connection due to transaction timeout" })
      : leftAlone("SET transaction_timeout = '10ms'", "BEGIN"),
  StalePreparedStatement: statements("EXECUTE no_statement"),
  UndefinedTable: statements("SELECT 1 FROM nowhere"),
  UndefinedColumn: statements("SELECT nothing FROM pg_class"),
  UndefinedFunction: statements("SELECT no_function()"),
  SqlSyntaxError: statements("SELEC 1"),
  InvalidValue: statements("SELECT 'x'::int"),
  ValueTooLong: statements("CREATE TABLE short (name varchar(1))", "INSERT INTO short VALUES ('ab')"),
  NumericOverflow: statements("SELECT 2147483647 + 1"),
  InsufficientPrivilege: statements("CREATE TABLE secret ()", "SET ROLE pg_monitor", "SELECT * FROM secret"),
  RowSecurityViolation: statements(
    "CREATE TABLE tenant_row (tenant int)",
    "ALTER TABLE tenant_row ENABLE ROW LEVEL SECURITY",
    "GRANT ALL ON tenant_row TO pg_monitor",
    "SET ROLE pg_monitor",
    "INSERT INTO tenant_row VALUES (2)"
  ),
  DiskFull: refusingStatement({
    S: "ERROR",
    V: "ERROR",
    C: "53100",
    M: "could not extend file: No space left on device"
  }),
  // LastWords.test.ts brings a server of its own to this, and to a crash and the start behind it.
  OutOfMemory: refusingStatement({ S: "ERROR", V: "ERROR", C: "53200", M: "out of memory" }),
  TooManyConnections: limited,
  ServerStarting: turningAway({ S: "FATAL", V: "FATAL", C: "57P03", M: "the database system is starting up" }),
  ServerShuttingDown: terminated,
  ServerCrashed: crashing,
  ReadOnlyServer: statements("SET default_transaction_read_only = on", "CREATE TABLE never_made ()"),
  PoolExhausted: exhausted,
  CommitRolledBack: fromClient((sql) => sql.withTransaction(Effect.ignore(sql`SELECT 1 FROM nowhere`))),
  OutcomeUnknown: outcome,
  PoolClosed: closed,
  InvalidParameter: fromClient((sql) => sql`SELECT ${{ toString: () => "?" } as never}`),
  InvalidResult: Effect.gen(function* () {
    const { port } = yield* scriptedServer([{ name: "versionNumber", value: "eighteen" }])
    return yield* Effect.flatMap(ConnectionManager, ({ connect }) => connect).pipe(Effect.provide(managerOf(port)))
  }).pipe(Effect.scoped),
  ConnectionReleased: fromClient((sql) =>
    Effect.flatMap(Effect.scoped(sql.reserve), (connection) => connection.execute("SELECT 1", [], undefined))
  ),
  CircuitOpen: broken,
  TransactionControl: fromClient((sql) => sql.withTransaction(sql`COMMIT`)),
  CopyUnsupported: fromClient((sql) => sql`COPY pg_class TO STDOUT`),
  InvalidOption: Bulk.insertMany("pg_class", [], { chunk: 0 }),
  UnsupportedServer: tooOld,
  LoginUnavailable: noLogin,
  ServerError: statements("DO $$ BEGIN RAISE EXCEPTION 'closed today'; END $$"),
  ClientError: Effect.fail(new Error("not of a database")),
  RetriesExhausted: Retry.transaction({ attempts: 2, base: "1 millis" })(serialization)
}

layer(Layer.merge(connected({ maxConnections: 2 }), DatabaseErrorHandler.layer), { excludeTestServices: true })(
  "What fails with",
  (it) => {
    it.effect("any reason there is has a case here, and no other has", () =>
      Effect.sync(() =>
        assert.deepStrictEqual(
          Object.keys(cases).toSorted(),
          Reason.members.map(({ identifier }) => identifier.slice(identifier.lastIndexOf("/") + 1)).toSorted()
        )
      )
    )

    for (const [tag, failing] of Object.entries(cases)) {
      it.effect(`${tag} is told so`, () =>
        Effect.gen(function* () {
          const { classify } = yield* DatabaseErrorHandler
          const error = classify(yield* Effect.flip(failing))
          assert.strictEqual(error.reason._tag, tag, error.message)
          assert.isTrue(DatabaseError.isDatabaseError(error))
          const sql = yield* SqlClient.SqlClient
          assert.deepStrictEqual(yield* sql`SELECT 1 AS one`, [{ one: 1 }])
        })
      )
    }
  }
)
