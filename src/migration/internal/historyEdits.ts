/** Changes of the history that come from no run: what was there before it, and what has to be put right. */
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import type { Connection } from "effect/sql/SqlConnection"
import { MigrationError } from "../MigrationError.ts"
import { LockLost } from "../MigrationErrorReason.ts"
import { execute, fenced, origin, repeatAgain } from "./history.ts"
import type { Migration } from "./migration.ts"

/** A migration whose work is in the database already. */
export interface Baseline {
  readonly migration: Migration
  /** The id as the row has it, if there is a row. */
  readonly rowId: string | undefined
  /** Default: now. */
  readonly appliedAt?: DateTime.Utc | undefined
}

const recordBaselines = `
  INSERT INTO pgkeel.migrations AS m (namespace, id, name, kind, checksum, state, started_at, finished_at, applied_at,
    role, host, application)
  SELECT r.namespace, r.id, r.name, r.kind, r.checksum, 'baselined', at, at, at, ${origin}
  FROM pg_catalog.json_to_recordset($1::text::json)
      AS r (namespace text, id text, name text, kind text, checksum text, millis float8),
    coalesce(pg_catalog.to_timestamp(r.millis / 1000), pg_catalog.now()) AS at
  ON CONFLICT (namespace, id) DO UPDATE SET
    (name, kind, checksum, state, started_at, finished_at, applied_at, role, host, application, error, duration_millis,
      statements, reverting, done_checksum, begun, known_indexes) = ROW (excluded.name, excluded.kind,
      excluded.checksum, excluded.state, excluded.started_at, excluded.finished_at, excluded.applied_at, excluded.role,
      excluded.host, excluded.application, NULL, NULL, 0, NULL, NULL, NULL, NULL)
    WHERE m.state NOT IN ('applied', 'baselined')
  RETURNING 1`

export const baselined = Effect.fnUntraced(function* (connection: Connection, baselines: ReadonlyArray<Baseline>) {
  const rows = baselines.map(({ appliedAt, migration: { checksum, id, kind, name, namespace }, rowId }) => ({
    namespace,
    id: rowId ?? id,
    name,
    kind,
    checksum,
    millis: appliedAt && DateTime.toEpochMillis(appliedAt)
  }))
  const written = yield* execute(connection, recordBaselines, [JSON.stringify(rows)])
  if (written.length !== rows.length) {
    return yield* Effect.fail(new MigrationError({ reason: new LockLost({ problem: "another session ran one too" }) }))
  }
})

/** A row of the history. `id` is as the row has it. */
export interface Place {
  readonly namespace: string
  readonly id: string
}

const edit = (connection: Connection, { id, namespace }: Place, statement: string, values: Array<unknown> = []) =>
  fenced(connection, `${statement} RETURNING 1`, [namespace, id, ...values])

const here = "WHERE namespace = $1::text AND id = $2::text"

const isApplied = "state IN ('applied', 'baselined')"

const settled = "error = NULL, reverting = NULL, done_checksum = NULL, begun = NULL, known_indexes = NULL"

const fromFile = "name = $3::text, kind = $4::text, checksum = $5::text"

const fileOf = ({ checksum, kind, name }: Migration) => [name, kind, checksum ?? null]

/** What was applied is what the file is now. */
export const accept = (connection: Connection, place: Place, migration: Migration) =>
  edit(connection, place, `UPDATE pgkeel.migrations SET ${fromFile} ${here} AND ${isApplied}`, fileOf(migration))

/** As if it had never been tried, or applied. */
export const forget = (connection: Connection, place: Place) =>
  edit(connection, place, `DELETE FROM pgkeel.migrations ${here}`)

/** It is applied, as before the `down` that failed. */
export const settle = (connection: Connection, place: Place) =>
  edit(connection, place, `UPDATE pgkeel.migrations SET ${settled} ${here} AND ${isApplied}`)

/** What it had done on its way up was undone by hand. */
export const startOver = (connection: Connection, place: Place) =>
  edit(
    connection,
    place,
    `UPDATE pgkeel.migrations SET state = 'reverted', statements = 0, ${settled} ${here} AND NOT ${isApplied}`
  )

/** What was missing was done by hand. */
export const finishUp = (connection: Connection, place: Place, migration: Migration) =>
  edit(
    connection,
    place,
    `UPDATE pgkeel.migrations SET state = 'applied', applied_at = pg_catalog.clock_timestamp(), ${fromFile}, ${settled}
     ${here} AND (NOT ${isApplied} OR kind = 'repeatable')`,
    fileOf(migration)
  )

export const finishDown = (connection: Connection, place: Place) =>
  edit(
    connection,
    place,
    `${repeatAgain} UPDATE pgkeel.migrations SET state = 'reverted', ${settled} ${here} AND ${isApplied}`
  )
