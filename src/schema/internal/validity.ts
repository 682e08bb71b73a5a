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
 */
import * as Effect from "effect/Effect"
import type * as SqlClient from "effect/sql/SqlClient"
import type { Connection } from "effect/sql/SqlConnection"
import type { InvalidIndex, OpenConstraint, Outline } from "../../catalog/Outline.ts"
import { DatabaseError } from "../../error/DatabaseError.ts"
import { qualified, quoteIdentifier } from "../../error/internal/quote.ts"
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

/** A session that waits for no lock longer than that, and is given back as it was. */
const withPatience = <A>(
  sql: SqlClient.SqlClient,
  use: (connection: Connection) => Effect.Effect<A, DatabaseError>
): Effect.Effect<A, DatabaseError> =>
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

/** Puts right what can be; without a login that may, it only tells. */
export const putRight = Effect.fnUntraced(function* (
  { invalidIndexes, openConstraints }: Outline,
  sql: SqlClient.SqlClient | undefined
): Effect.fn.Return<Validity, DatabaseError> {
  const nothing = { validated: [], rebuilt: [] }
  if (sql === undefined || openConstraints.length + invalidIndexes.length === 0) {
    const told = { unvalidated: openConstraints.map(constraintName), invalidIndexes: invalidIndexes.map(indexName) }
    return { ...nothing, ...told }
  }
  const known = new Set(invalidIndexes.map(({ name }) => name))
  return yield* withPatience(sql, (connection) =>
    Effect.gen(function* () {
      const [validated, unvalidated] = yield* sort(openConstraints, constraintName, (one) => validate(connection, one))
      const [rebuilt, invalid] = yield* sort(invalidIndexes, indexName, (one) => rebuild(connection, one, known))
      return { validated, unvalidated, rebuilt, invalidIndexes: invalid }
    })
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
