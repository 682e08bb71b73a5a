/**
 * The history of a database: `pgkeel.migrations`, one row for each migration
 * that was ever tried. A migration and its row are written in one transaction,
 * so the row is the truth about what happened whatever became of the runner.
 *
 * The primary key and the conditions on `state` hold even without the lock: a
 * second runner that somehow got through cannot record what is already applied,
 * and its transaction goes back.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import type { Connection } from "effect/sql/SqlConnection"
import type { SqlError } from "effect/sql/SqlError"
import type { Step } from "../../connection/internal/oneWrite.ts"
import { DatabaseError } from "../../error/DatabaseError.ts"
import { InvalidResult } from "../../error/Reason.ts"
import { MigrationError } from "../MigrationError.ts"
import { LockLost } from "../MigrationErrorReason.ts"
import { seedsNamespace } from "../MigrationSource.ts"
import type { Migration } from "./migration.ts"

const State = Schema.Literals(["started", "applied", "failed", "reverted", "baselined"])

const Row = Schema.Struct({
  namespace: Schema.String,
  id: Schema.String,
  name: Schema.String,
  checksum: Schema.NullOr(Schema.String),
  state: State,
  appliedAt: Schema.NullOr(Schema.DateTimeUtcFromMillis),
  durationMillis: Schema.NullOr(Schema.Finite),
  error: Schema.NullOr(Schema.String),
  /**
   * Whether a migration without a transaction has stopped on its way, so that something of it is in the database, or
   * may be, and not all: up where it is not applied, down where it is.
   */
  partly: Schema.Boolean
})
export type Row = typeof Row.Type

/** Whether what the migration does is in the database. */
export const isApplied = (row: Row): boolean => row.state === "applied" || row.state === "baselined"

/** Whether a down has taken something of it away, or may have, and not all. */
export const isHalfReverted = (row: Row): boolean => row.partly && isApplied(row)

const select = `
  SELECT namespace, id, name, checksum, state, error, duration_millis AS "durationMillis",
    pg_catalog.floor(extract(epoch FROM applied_at) * 1000)::float8 AS "appliedAt",
    done_checksum IS NOT NULL AND (begun IS NOT NULL
      OR CASE WHEN state IN ('applied', 'baselined') THEN coalesce(reverting, 0) ELSE statements END > 0) AS "partly"
  FROM pgkeel.migrations`

const decodeRows = Schema.decodeUnknownEffect(Schema.Array(Row))

/**
 * The whole history in one round trip. A database without the table has none,
 * which the server's refusal says as well as a question of its own would;
 * `connection` must not be in a transaction, which the refusal would abort.
 */
export const read = (
  connection: Connection
): Effect.Effect<{ readonly exists: boolean; readonly rows: ReadonlyArray<Row> }, DatabaseError> =>
  connection.executeUnprepared(select, [], undefined).pipe(
    DatabaseError.refine,
    Effect.flatMap((rows) => decodeRows(rows)),
    Effect.catchTag("SchemaError", (error) =>
      Effect.fail(new DatabaseError({ reason: new InvalidResult({ failure: error.message, statement: select }) }))
    ),
    Effect.map((rows) => ({ exists: true, rows })),
    Effect.catchReason("DatabaseError", "UndefinedTable", () => Effect.succeed({ exists: false, rows: [] }))
  )

const createTable = `
  CREATE TABLE IF NOT EXISTS pgkeel.migrations (
    namespace text NOT NULL,
    id text NOT NULL,
    name text NOT NULL,
    kind text NOT NULL,
    checksum text,
    state text NOT NULL CHECK (state IN ('started', 'applied', 'failed', 'reverted', 'baselined')),
    started_at timestamptz NOT NULL,
    finished_at timestamptz,
    applied_at timestamptz,
    duration_millis float8,
    statements integer NOT NULL DEFAULT 0,
    role text NOT NULL,
    host text,
    application text,
    error text,
    -- How far a migration without a transaction came: see historySteps.ts.
    reverting integer,
    done_checksum text,
    begun text,
    known_indexes oid[],
    PRIMARY KEY (namespace, id)
  )`

/** Makes the schema and the table. Only under the lock: IF NOT EXISTS does not keep two sessions from colliding. */
export const create = Effect.fnUntraced(function* (connection: Connection) {
  const run = (statement: string) => connection.executeUnprepared(statement, [], undefined)
  // CREATE SCHEMA IF NOT EXISTS wants the privilege to create even where the schema exists.
  const [row] = yield* connection.executeValuesUnprepared("SELECT pg_catalog.to_regnamespace('pgkeel') IS NULL", [])
  if (row?.[0] === true) yield* run("CREATE SCHEMA pgkeel")
  yield* run(createTable)
}, DatabaseError.refine)

const columns = `
  INSERT INTO pgkeel.migrations AS m (namespace, id, name, kind, checksum, duration_millis, statements, state, error,
    started_at, finished_at, applied_at, role, host, application)`

const values = `$1::text, $2::text, $3::text, $4::text, nullif($5::text, ''), $6::float8, $7::integer`

export const origin = `session_user, pg_catalog.host(pg_catalog.inet_client_addr()),
  pg_catalog.current_setting('application_name')`

/** Where a run comes from. The same for all that it writes, so it is asked for once. */
export interface Origin {
  readonly role: string
  readonly host: string
  readonly application: string
}

const decodeOrigin = Schema.decodeUnknownEffect(
  Schema.NonEmptyArray(Schema.Struct({ role: Schema.String, host: Schema.String, application: Schema.String }))
)

const askOrigin = `SELECT o.role::text, coalesce(o.host, '') AS host, o.application
  FROM (SELECT ${origin}) AS o (role, host, application)`

export const originOf = (connection: Connection): Effect.Effect<Origin, DatabaseError> =>
  connection.executeUnprepared(askOrigin, [], undefined).pipe(
    DatabaseError.refine,
    Effect.flatMap((rows) => decodeOrigin(rows)),
    Effect.catchTag("SchemaError", (error) =>
      Effect.fail(new DatabaseError({ reason: new InvalidResult({ failure: error.message, statement: askOrigin }) }))
    ),
    Effect.map(([found]) => found)
  )

const otherSession = "another session ran the migration too"

/**
 * Fails if the row was not there to be written, which the lock should have kept it
 * from: here the server itself says so, and so does not go on to the COMMIT.
 */
const fence = (write: string, before = "WITH") => `${before} written AS (${write})
  SELECT (SELECT CASE pg_catalog.count(*) WHEN 1 THEN '1' ELSE '${otherSession}' END FROM written)::integer,
    (SELECT duration_millis::text FROM written)`

/** A repeatable one is run again whenever its contents have changed. */
export const mayRun = `(m.state NOT IN ('applied', 'baselined')
  OR m.kind = 'repeatable' AND m.checksum IS DISTINCT FROM excluded.checksum)`

const replace = `
  ON CONFLICT (namespace, id) DO UPDATE SET
    (name, kind, checksum, duration_millis, statements, state, error, started_at, finished_at, applied_at, role, host,
      application, reverting, done_checksum, begun, known_indexes) = ROW (excluded.name, excluded.kind,
      excluded.checksum, excluded.duration_millis, excluded.statements, excluded.state, excluded.error,
      excluded.started_at, excluded.finished_at, excluded.applied_at, excluded.role, excluded.host,
      excluded.application, NULL, NULL, NULL, NULL)
    WHERE ${mayRun}
  RETURNING duration_millis`

/** The server reads this anew for each migration: without a type or a function that it would have to look for, it takes half the time. */
const sinceBegin = `+ extract(epoch FROM pg_catalog.clock_timestamp() - pg_catalog.now())::float8 * 1000`

const appliedNow = `${columns}
  VALUES ($1, $2, $3, $4, nullif($5, ''), $6::float8 ${sinceBegin}, $7::integer, 'applied', NULL, pg_catalog.now(),
    pg_catalog.clock_timestamp(), pg_catalog.clock_timestamp(), $8, nullif($9, ''), $10)`

const recordNow = `${appliedNow} RETURNING duration_millis::text`

const recordAgain = fence(`${appliedNow} ${replace}`)

/** Of a repeatable one, the contents before it stay applied: their row keeps why the new ones are not. */
const recordFailed = `
  WITH kept AS (
    UPDATE pgkeel.migrations SET error = $8::text
    WHERE namespace = $1::text AND id = $2::text AND kind = 'repeatable' AND state IN ('applied', 'baselined')
    RETURNING 1)
  ${columns}
  SELECT ${values}, 'failed', $8::text, pg_catalog.clock_timestamp() - $6::float8 * interval '1 millisecond',
    pg_catalog.clock_timestamp(), NULL, ${origin} WHERE NOT EXISTS (SELECT FROM kept) ${replace}`

/** A `down` may have taken the objects of repeatable migrations, and what was seeded, with it: without a checksum they run again. */
export const repeatAgain = `WITH again AS (
    UPDATE pgkeel.migrations SET checksum = NULL WHERE namespace IN ($1::text, '${seedsNamespace}') AND kind = 'repeatable')`

const recordReverted = fence(
  `UPDATE pgkeel.migrations SET state = 'reverted', error = NULL, reverting = NULL, done_checksum = NULL,
    begun = NULL, known_indexes = NULL, duration_millis = $3::float8 ${sinceBegin}, statements = $4::integer,
    started_at = pg_catalog.now(), finished_at = pg_catalog.clock_timestamp(), role = $5, host = nullif($6, ''),
    application = $7
  WHERE namespace = $1::text AND id = $2::text AND state IN ('applied', 'baselined')
  RETURNING duration_millis`,
  `${repeatAgain},`
)

const recordStuck = `
  UPDATE pgkeel.migrations SET error = $3::text
  WHERE namespace = $1::text AND id = $2::text AND state IN ('applied', 'baselined') RETURNING 1`

/** What a row says beyond the migration itself. */
export interface Outcome {
  /** The id as the row has it, if there is a row: a file may have gained leading zeros since. */
  readonly id: string
  /** Whether there was no row. */
  readonly isNew: boolean
  /** For one that is recorded in its transaction: before that began. The server adds the rest. */
  readonly duration: Duration.Duration
  /** Statements that had finished. An Effect counts as one. */
  readonly statements: number
}

const parameters = (migration: Migration, { duration, id, statements }: Outcome) => [
  migration.namespace,
  id,
  migration.name,
  migration.kind,
  migration.checksum ?? "",
  String(Duration.toMillis(duration)),
  String(statements)
]

type Recorded = Step<MigrationError | DatabaseError>

/**
 * In the migration's transaction, as its last statement. Where no row is known, the primary key is the fence. Its last
 * column is how long it took, in milliseconds, as a text.
 */
export const applied = (migration: Migration, outcome: Outcome, from: Origin): Recorded => ({
  text: outcome.isNew ? recordNow : recordAgain,
  values: [...parameters(migration, outcome), from.role, from.host, from.application],
  refused
})

/** After the migration's transaction was rolled back. It leaves alone what another runner has applied meanwhile. */
export const failed = (connection: Connection, migration: Migration, outcome: Outcome, error: string) =>
  execute(connection, recordFailed, [...parameters(migration, outcome), error])

export const reverted = (
  migration: Migration,
  { duration, id, statements }: Outcome,
  { application, host, role }: Origin
): Recorded => ({
  text: recordReverted,
  values: [migration.namespace, id, String(Duration.toMillis(duration)), String(statements), role, host, application],
  refused
})

/** What would not be reverted is still applied; the row keeps why. */
export const revertFailed = (connection: Connection, migration: Migration, { id }: Outcome, error: string) =>
  execute(connection, recordStuck, [migration.namespace, id, error])

/** Without a name, which a migration may have taken away. */
export const execute = (connection: Connection, statement: string, parameters: ReadonlyArray<unknown>) =>
  connection.executeValuesUnprepared(statement, parameters).pipe(DatabaseError.refine)

/** Fails if the row was not there to be written, which the lock should have kept it from. */
export const fenced = (connection: Connection, statement: string, parameters: ReadonlyArray<unknown>) =>
  Effect.flatMap(execute(connection, statement, parameters), (rows) =>
    rows.length === 1 ? Effect.void : Effect.fail(fenceFailed())
  )

const fenceFailed = () => new MigrationError({ reason: new LockLost({ problem: otherSession }) })

const refused = (failure: SqlError): MigrationError | DatabaseError => {
  const { cause } = failure.reason
  const isFence = Predicate.hasProperty(cause, "message") && String(cause.message).includes(otherSession)
  const error = DatabaseError.fromSqlError(failure, { statement: "INSERT INTO pgkeel.migrations" })
  return isFence || error.reason._tag === "UniqueViolation" ? fenceFailed() : error
}
