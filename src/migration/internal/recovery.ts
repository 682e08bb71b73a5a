/**
 * What became of a statement that was run without a transaction and whose end
 * was not seen: the database is asked, and what a broken one left is removed.
 *
 * | statement | has happened if | otherwise |
 * |---|---|---|
 * | CREATE INDEX CONCURRENTLY | its table has a new valid index | a new INVALID one is dropped, and it is run again |
 * | DROP INDEX CONCURRENTLY | the index is gone | run again |
 * | REINDEX CONCURRENTLY | never known | its INVALID copies are dropped, and it is run again |
 * | DETACH PARTITION CONCURRENTLY | the partition is none any more | half detached, it is finished; else run again |
 * | CREATE and DROP of a database or tablespace | it is there, or gone | run again |
 * | VACUUM, CLUSTER, REINDEX, ALTER SYSTEM | never known | run again, which does no harm |
 * | CALL, DO with COMMIT in it | never known | the migration stops and says so |
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { Connection } from "effect/sql/SqlConnection"
import { DatabaseError } from "../../error/DatabaseError.ts"
import { InvalidResult } from "../../error/Reason.ts"
import type { Recovery } from "./alone.ts"

export type Found =
  | { readonly _tag: "Happened" }
  /** Run this, which is the statement itself unless it was half done. */
  | { readonly _tag: "Run"; readonly instead?: string }
  | { readonly _tag: "Unknown" }

const happened: Found = { _tag: "Happened" }
const run: Found = { _tag: "Run" }

/** `knownIndexes` are those that the table had before, as the text of an array of oids. */
export const recover = (
  connection: Connection,
  recovery: Recovery,
  knownIndexes: string | null
): Effect.Effect<Found, DatabaseError> => {
  switch (recovery._tag) {
    case "Index":
      return newIndex(connection, recovery, knownIndexes)
    case "IndexGone":
      return Effect.map(ask(connection, isGone, [recovery.index]), ([row]) => (row?.yes === true ? happened : run))
    case "Reindex":
      return Effect.as(dropInvalid(connection, copies, [recovery.table ?? null, recovery.schema ?? null]), run)
    case "Detach":
      return detached(connection, recovery)
    case "Shared":
      return Effect.map(ask(connection, isThere[recovery.kind], [recovery.name]), ([row]) =>
        row?.yes === recovery.wanted ? happened : run
      )
    case "Again":
    case "Setting":
      return Effect.succeed(run)
    case "Unknown":
      return Effect.succeed<Found>({ _tag: "Unknown" })
  }
}

const Rows = Schema.Array(Schema.Struct({ yes: Schema.Boolean, name: Schema.NullOr(Schema.String) }))

const decodeRows = Schema.decodeUnknownEffect(Rows)

const ask = (connection: Connection, statement: string, values: ReadonlyArray<unknown>) =>
  connection.executeUnprepared(statement, values, undefined).pipe(
    DatabaseError.refine,
    Effect.flatMap((rows) => decodeRows(rows)),
    Effect.catchTag("SchemaError", (error) =>
      Effect.fail(new DatabaseError({ reason: new InvalidResult({ failure: error.message, statement }) }))
    )
  )

const quotedName = `pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname)`

const indexes = `
  SELECT i.indisvalid AS "yes", ${quotedName} AS "name"
  FROM pg_catalog.pg_index i
  JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace`

const newIndexes = `${indexes}
  WHERE i.indrelid = pg_catalog.to_regclass($1::text)::oid AND i.indexrelid <> ALL ($2::text::oid[])
    AND ($3::text IS NULL OR c.relname = $3::text)`

type Index = Extract<Recovery, { readonly _tag: "Index" }>

const newIndex = Effect.fnUntraced(function* (
  connection: Connection,
  { index, table }: Index,
  knownIndexes: string | null
) {
  const values = [table, knownIndexes ?? "{}", index ?? null]
  const found = yield* ask(connection, newIndexes, values)
  if (found.some(({ yes }) => yes)) return happened
  yield* dropInvalid(connection, newIndexes, values)
  return run
})

/** Before the first attempt: what an attempt by other means has left. */
export const clear = (connection: Connection, recovery: Recovery): Effect.Effect<void, DatabaseError> =>
  recovery._tag === "Index" && recovery.unlessThere && recovery.index !== undefined
    ? dropInvalid(connection, newIndexes, [recovery.table, "{}", recovery.index])
    : Effect.void

/** The server calls them so, and leaves them when it is broken off (manual, REINDEX). */
const copies = `${indexes}
  LEFT JOIN pg_catalog.pg_class t ON t.oid = pg_catalog.to_regclass($1::text)::oid
  WHERE c.relname ~ '_cc(new|old)[0-9]*$'::text
    AND ($1::text IS NULL OR i.indrelid IN (t.oid, t.reltoastrelid)
      OR i.indrelid = (SELECT x.indrelid FROM pg_catalog.pg_index x WHERE x.indexrelid = t.oid))
    AND ($2::text IS NULL OR n.nspname = $2::text)`

const dropInvalid = (connection: Connection, statement: string, values: ReadonlyArray<unknown>) =>
  Effect.flatMap(ask(connection, statement, values), (found) =>
    Effect.forEach(
      found.filter(({ yes }) => !yes),
      ({ name }) =>
        connection
          .executeUnprepared(`DROP INDEX CONCURRENTLY IF EXISTS ${name}`, [], undefined)
          .pipe(DatabaseError.refine),
      { discard: true }
    )
  )

const isGone = `SELECT pg_catalog.to_regclass($1::text) IS NULL AS "yes", NULL AS "name"`

const isThere = {
  database: `SELECT EXISTS (SELECT FROM pg_catalog.pg_database WHERE datname = $1::text) AS "yes", NULL AS "name"`,
  tablespace: `SELECT EXISTS (SELECT FROM pg_catalog.pg_tablespace WHERE spcname = $1::text) AS "yes", NULL AS "name"`
}

const pendingDetach = `
  SELECT i.inhdetachpending AS "yes", NULL AS "name" FROM pg_catalog.pg_inherits i
  WHERE i.inhparent = pg_catalog.to_regclass($1::text)::oid AND i.inhrelid = pg_catalog.to_regclass($2::text)::oid`

const detached = (connection: Connection, { finish, partition, table }: Extract<Recovery, { _tag: "Detach" }>) =>
  Effect.map(ask(connection, pendingDetach, [table, partition]), ([row]): Found => {
    if (row === undefined) return happened
    return row.yes ? { _tag: "Run", instead: finish } : run
  })
