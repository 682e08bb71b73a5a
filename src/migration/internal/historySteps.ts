/**
 * How far a migration without a transaction has come, in its row of the history.
 *
 * `statements` counts those that have finished (`reverting` those of a down), and
 * `done_checksum` says what they were, so that the rest of the file may be
 * corrected and its beginning may not. `begun` is the statement that is being
 * run by itself, and `known_indexes` are those its table had before: with these
 * a later run can tell what became of it.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { Connection } from "effect/sql/SqlConnection"
import { DatabaseError } from "../../error/DatabaseError.ts"
import { InvalidResult } from "../../error/Reason.ts"
import { checksum } from "./checksum.ts"
import { execute, fenced, mayRun, origin, type Outcome, repeatAgain } from "./history.ts"
import type { Migration } from "./migration.ts"
import type { Direction } from "./prepare.ts"
import type { Statement } from "./splitter.ts"

/** One migration's row. `id` is as the row has it. */
export interface Place {
  readonly migration: Migration
  readonly id: string
  readonly direction: Direction
  /** The server process that has the lock: no other may write. */
  readonly pid: number
}

const Point = Schema.Struct({
  statements: Schema.Int,
  doneChecksum: Schema.String,
  begun: Schema.NullOr(Schema.String),
  knownIndexes: Schema.NullOr(Schema.String)
})
export type Point = typeof Point.Type

/** What is done before the first statement: the checksum of nothing, which is not worth the start of OpenSSL at import. */
export const nothingDone = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

/** The same after one more, with the rows that came with it. */
export const doneWith = (before: string, { copyData, text }: Pick<Statement, "copyData" | "text">): string =>
  checksum(copyData === undefined ? `${before}\n${text}` : `${before}\n${text}\n${copyData}`)

const counter = (direction: Direction) => (direction === "up" ? "statements" : "reverting")

const isHere = "m.namespace = $1::text AND m.id = $2::text"

/** A row of an up is one that has not ended; of a down, one that is applied. */
const inState = (direction: Direction) => `m.state ${direction === "up" ? "NOT " : ""}IN ('applied', 'baselined')`

const point = (direction: Direction) => `
  SELECT m.${counter(direction)} AS "statements", m.done_checksum AS "doneChecksum", m.begun AS "begun",
    m.known_indexes::text AS "knownIndexes"
  FROM pgkeel.migrations m WHERE ${isHere} AND ${inState(direction)} AND m.done_checksum IS NOT NULL`

const decodePoints = Schema.decodeUnknownEffect(Schema.Array(Point))

/** Where the last run stopped; `undefined` if there is nothing to go on from. */
export const read = (
  connection: Connection,
  { direction, id, migration }: Omit<Place, "pid">
): Effect.Effect<Point | undefined, DatabaseError> =>
  connection.executeUnprepared(point(direction), [migration.namespace, id], undefined).pipe(
    DatabaseError.refine,
    Effect.flatMap((rows) => decodePoints(rows)),
    Effect.catchTag("SchemaError", (error) =>
      Effect.fail(
        new DatabaseError({ reason: new InvalidResult({ failure: error.message, statement: point(direction) }) })
      )
    ),
    Effect.map(([found]) => found)
  )

const beginUp = `
  INSERT INTO pgkeel.migrations AS m (namespace, id, name, kind, checksum, state, started_at, role, host, application,
    done_checksum)
  SELECT $1::text, $2::text, $3::text, $4::text, $5::text, 'started', pg_catalog.now(), ${origin}, $6::text
  WHERE pg_catalog.pg_backend_pid() = $7::integer
  ON CONFLICT (namespace, id) DO UPDATE SET name = excluded.name, kind = excluded.kind, checksum = excluded.checksum,
    state = 'started', started_at = excluded.started_at, role = excluded.role, host = excluded.host,
    application = excluded.application, error = NULL, finished_at = NULL, applied_at = NULL, duration_millis = NULL,
    statements = CASE WHEN m.done_checksum IS NULL THEN 0 ELSE m.statements END,
    done_checksum = coalesce(m.done_checksum, excluded.done_checksum)
    WHERE ${mayRun}
  RETURNING 1`

const update = (set: string, direction: Direction) => `
  UPDATE pgkeel.migrations m SET ${set}
  WHERE ${isHere} AND ${inState(direction)} AND pg_catalog.pg_backend_pid() = $3::integer RETURNING 1`

const beginDown = update(
  "reverting = coalesce(m.reverting, 0), done_checksum = coalesce(m.done_checksum, $4::text)",
  "down"
)

/** Before the first statement: from here on the row says that the migration was begun. */
export const begin = (connection: Connection, { direction, id, migration, pid }: Place) => {
  const { checksum, kind, name, namespace } = migration
  return direction === "up"
    ? fenced(connection, beginUp, [namespace, id, name, kind, checksum ?? null, nothingDone, pid])
    : fenced(connection, beginDown, [namespace, id, pid, nothingDone])
}

const write = (connection: Connection, { direction, id, migration, pid }: Place, set: string, values: Array<unknown>) =>
  fenced(connection, update(set, direction), [migration.namespace, id, pid, ...values])

/** Before a statement that runs by itself. `table` is the one that gets an index. */
export const markBegun = (connection: Connection, place: Place, statement: string, table: string | undefined) =>
  write(connection, place, `begun = $4::text, known_indexes = ${table === undefined ? "NULL" : indexesOf}`, [
    checksum(statement),
    ...(table === undefined ? [] : [table])
  ])

const indexesOf = `ARRAY(
  SELECT i.indexrelid FROM pg_catalog.pg_index i WHERE i.indrelid = pg_catalog.to_regclass($5::text)::oid)`

/** Whether it is this statement that was begun. */
export const isBegun = (begun: string, statement: string): boolean => begun === checksum(statement)

/** After a statement that has certainly not happened. */
export const unmark = (connection: Connection, place: Place) =>
  write(connection, place, "begun = NULL, known_indexes = NULL", [])

/** With the statement if it has a transaction, after it if not. */
export const count = (connection: Connection, place: Place, statements: number, done: string) =>
  write(
    connection,
    place,
    `${counter(place.direction)} = $4::integer, done_checksum = $5::text, begun = NULL, known_indexes = NULL`,
    [statements, done]
  )

/** After the last statement. */
export const finish = (connection: Connection, place: Place, done: Pick<Outcome, "duration" | "statements">) =>
  fenced(connection, place.direction === "up" ? update(applied, "up") : `${repeatAgain} ${update(reverted, "down")}`, [
    place.migration.namespace,
    place.id,
    place.pid,
    Duration.toMillis(done.duration),
    done.statements
  ])

const ended = `error = NULL, reverting = NULL, done_checksum = NULL, begun = NULL, known_indexes = NULL,
  duration_millis = $4::float8, statements = $5::integer, finished_at = pg_catalog.clock_timestamp()`

const applied = `state = 'applied', applied_at = pg_catalog.clock_timestamp(), ${ended}`

const reverted = `state = 'reverted', ${ended}, started_at = pg_catalog.now(),
  (role, host, application) = (SELECT ${origin})`

/** When it stopped. What is counted stays counted. */
export const stop = (connection: Connection, { direction, id, migration }: Place, error: string) =>
  execute(
    connection,
    `UPDATE pgkeel.migrations m SET error = $3::text${direction === "up" ? failed : ""}
     WHERE ${isHere} AND ${inState(direction)}`,
    [migration.namespace, id, error]
  )

const failed = ", state = 'failed', finished_at = pg_catalog.clock_timestamp()"
