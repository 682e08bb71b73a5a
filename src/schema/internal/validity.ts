/**
 * Constraints that were added with NOT VALID and never validated, and indexes that
 * a failed CREATE INDEX CONCURRENTLY left: the one is validated, the other built
 * again, through the login that may, while others read and write the table.
 *
 * What cannot be put right does not keep an application from starting: a constraint
 * is checked for every new row, and an index that is not valid is not used. Older
 * rows break it, or the table belongs to somebody else; both are for a person to
 * settle, and reported. So is what nobody can tell by itself: an index of a
 * partitioned table is not valid until every partition has its own, and those that
 * a failed REINDEX CONCURRENTLY left (`_ccnew`, `_ccold`) are to be dropped.
 *
 * An index that is being built is not valid either. Migrations build theirs under
 * the migration lock, so that this takes it, too, and looks again: of several starts
 * one does the work. And a table on which somebody else builds an index is left
 * alone: who waits for its lock there holds a snapshot that the build waits for in
 * turn, and the server would end the build.
 */
import * as Effect from "effect/Effect"
import type * as SqlClient from "effect/sql/SqlClient"
import type { Connection } from "effect/sql/SqlConnection"
import { read } from "../../catalog/Outline.ts"
import type { InvalidIndex, OpenConstraint, Outline } from "../../catalog/Outline.ts"
import { DatabaseError } from "../../error/DatabaseError.ts"
import { qualified, quoteIdentifier } from "../../error/internal/quote.ts"
import { withLock } from "../../migration/internal/lock.ts"
import type { MigrationError } from "../../migration/MigrationError.ts"
import { count } from "./count.ts"

/** Names of constraints as `schema.table.constraint`, of indexes as `schema.index`. */
export interface Validity {
  readonly validated: ReadonlyArray<string>
  readonly unvalidated: ReadonlyArray<string>
  readonly rebuilt: ReadonlyArray<string>
  readonly invalidIndexes: ReadonlyArray<string>
}

const constraintName = ({ name, schema, table }: OpenConstraint): string => `${schema}.${table}.${name}`

const indexName = ({ name, schema }: InvalidIndex): string => `${schema}.${name}`

const execute = (connection: Connection, statement: string, values: ReadonlyArray<unknown> = []) =>
  DatabaseError.refine(connection.executeValuesUnprepared(statement, values))

/** Both wait for whoever changes the table, and REINDEX for every transaction that may still read it. */
const patience = "10s"

/** For another start, or migrations, to end. */
const lockPatience = "10 seconds"

/** A session that waits for no lock longer than that, and is given back as it was. */
const withPatience = <A, E>(
  sql: SqlClient.SqlClient,
  use: (connection: Connection) => Effect.Effect<A, E>
): Effect.Effect<A, DatabaseError | E> =>
  Effect.scoped(
    Effect.gen(function* () {
      const connection = yield* DatabaseError.refine(sql.reserve)
      yield* Effect.acquireRelease(
        execute(connection, "SELECT pg_catalog.set_config('lock_timeout', $1, false)", [patience]),
        () => Effect.ignore(execute(connection, "RESET lock_timeout"))
      )
      return yield* use(connection)
    })
  )

/** Whether it succeeded; a connection that is lost is no answer. */
const attempt = (
  connection: Connection,
  statement: string,
  failed: string,
  mend: Effect.Effect<unknown, DatabaseError> = Effect.void
): Effect.Effect<boolean, DatabaseError> =>
  execute(connection, statement).pipe(
    Effect.as(true),
    Effect.catch((error) =>
      error.connectionLost
        ? Effect.fail(error)
        : Effect.logWarning(`${failed}: ${error.message}`).pipe(Effect.andThen(mend), Effect.as(false))
    )
  )

/** VALIDATE CONSTRAINT reads the table under a lock that lets others write (manual, ALTER TABLE). */
const validate = (connection: Connection, constraint: OpenConstraint): Effect.Effect<boolean, DatabaseError> =>
  attempt(
    connection,
    `ALTER TABLE ${qualified(constraint.schema, constraint.table)} VALIDATE CONSTRAINT ${quoteIdentifier(constraint.name)}`,
    `constraint ${constraintName(constraint)} could not be validated`
  )

const invalidOf = `SELECT i.relname::text FROM pg_catalog.pg_index x
  JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid JOIN pg_catalog.pg_class c ON c.oid = x.indrelid
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE NOT x.indisvalid AND n.nspname = $1 AND c.relname = $2`

/** A REINDEX CONCURRENTLY that fails leaves the index that it was building. */
const dropLeftOver = Effect.fnUntraced(function* (
  connection: Connection,
  { schema, table }: InvalidIndex,
  known: ReadonlySet<string>
) {
  const rows = yield* execute(connection, invalidOf, [schema, table])
  const left = rows.flatMap(([name]) => (typeof name === "string" && !known.has(name) ? [name] : []))
  for (const name of left.filter((name) => name.includes("_ccnew"))) {
    yield* execute(connection, `DROP INDEX CONCURRENTLY IF EXISTS ${qualified(schema, name)}`)
  }
})

const isLeftOver = ({ name }: InvalidIndex): boolean => /_cc(?:new|old)\d*$/u.test(name)

const rebuild = (
  connection: Connection,
  index: InvalidIndex,
  known: ReadonlySet<string>
): Effect.Effect<boolean, DatabaseError> =>
  index.partitioned || isLeftOver(index)
    ? Effect.succeed(false)
    : attempt(
        connection,
        `REINDEX INDEX CONCURRENTLY ${qualified(index.schema, index.name)}`,
        `index ${indexName(index)} could not be built`,
        Effect.suspend(() => dropLeftOver(connection, index, known))
      )

// That of VALIDATE CONSTRAINT and of whatever is CONCURRENTLY, each of which keeps out the others.
const changing = `SELECT l.pid FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_class c ON c.oid = l.relation
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_catalog.pg_database d ON d.oid = l.database AND d.datname = pg_catalog.current_database()
  WHERE l.mode = 'ShareUpdateExclusiveLock' AND l.granted AND l.pid <> pg_catalog.pg_backend_pid()
    AND n.nspname = $1 AND c.relname = $2`

/** Does it where nobody else changes the table at this moment. */
const undisturbed = Effect.fnUntraced(function* (
  connection: Connection,
  name: string,
  { schema, table }: InvalidIndex | OpenConstraint,
  put: Effect.Effect<boolean, DatabaseError>
) {
  const [holder] = yield* execute(connection, changing, [schema, table])
  if (holder === undefined) return yield* put
  yield* Effect.logWarning(`${name} is left as it is: the server process ${String(holder[0])} is changing its table`)
  return false
})

/** The names of those that it succeeded for, and of the others. */
const sort = Effect.fnUntraced(function* <A>(
  all: ReadonlyArray<A>,
  nameOf: (one: A) => string,
  put: (one: A) => Effect.Effect<boolean, DatabaseError>
) {
  const right: Array<string> = []
  const wrong: Array<string> = []
  for (const one of all) {
    const names = (yield* put(one)) ? right : wrong
    names.push(nameOf(one))
  }
  return [right, wrong] as const
})

const told = ({ invalidIndexes, openConstraints }: Outline): Validity => ({
  validated: [],
  unvalidated: openConstraints.map(constraintName),
  rebuilt: [],
  invalidIndexes: invalidIndexes.map(indexName)
})

const putAllRight = Effect.fnUntraced(function* (
  connection: Connection,
  { invalidIndexes, openConstraints }: Outline
): Effect.fn.Return<Validity, DatabaseError> {
  const known = new Set(invalidIndexes.map(({ name }) => name))
  const [validated, unvalidated] = yield* sort(openConstraints, constraintName, (one) =>
    undisturbed(connection, `constraint ${constraintName(one)}`, one, validate(connection, one))
  )
  const [rebuilt, invalid] = yield* sort(invalidIndexes, indexName, (one) =>
    undisturbed(connection, `index ${indexName(one)}`, one, rebuild(connection, one, known))
  )
  return { validated, unvalidated, rebuilt, invalidIndexes: invalid }
})

/** Puts right what can be; without a login that may, it only tells. */
export const putRight = Effect.fnUntraced(function* (
  outline: Outline,
  sql: SqlClient.SqlClient | undefined
): Effect.fn.Return<Validity, DatabaseError | MigrationError> {
  if (sql === undefined || outline.openConstraints.length + outline.invalidIndexes.length === 0) return told(outline)
  const now = read(sql, { tables: [], hash: false })
  return yield* withPatience(sql, (connection) =>
    withLock(connection, lockPatience, () => Effect.flatMap(now, (all) => putAllRight(connection, all)))
  ).pipe(
    Effect.catchReason("MigrationError", "Locked", ({ message }) =>
      Effect.as(Effect.logWarning(`what is not valid was left as it is: ${message}`), told(outline))
    )
  )
})

export const describeValidity = ({ invalidIndexes, rebuilt, unvalidated, validated }: Validity): string => {
  const parts = [
    ...(validated.length > 0 ? [`validated ${count(validated, "constraint")}`] : []),
    ...(rebuilt.length > 0 ? [`built ${count(rebuilt, "index", "indexes")} again`] : []),
    ...(unvalidated.length > 0 ? [`not valid: ${unvalidated.join(", ")}`] : []),
    ...(invalidIndexes.length > 0
      ? [`${count(invalidIndexes, "invalid index", "invalid indexes")}: ${invalidIndexes.join(", ")}`]
      : [])
  ]
  return parts.length === 0 ? "all valid" : parts.join(", ")
}
