/**
 * Constraints that were added with NOT VALID and never validated, and indexes that
 * a failed CREATE INDEX CONCURRENTLY left.
 *
 * A constraint that cannot be validated does not keep an application from
 * starting: it is checked for every new row. Older rows break it, or the table
 * belongs to somebody else; both are for a person to settle, and reported.
 */
import * as Effect from "effect/Effect"
import type * as SqlClient from "effect/sql/SqlClient"
import type { Catalog } from "../../catalog/Catalog.ts"
import { DatabaseError } from "../../error/DatabaseError.ts"
import { qualified, quoteIdentifier } from "../../error/internal/quote.ts"
import { count } from "./count.ts"

/** Names of constraints as `schema.table.constraint`. */
export interface Validation {
  readonly validated: ReadonlyArray<string>
  readonly unvalidated: ReadonlyArray<string>
}

interface OpenConstraint {
  readonly name: string
  readonly ddl: string
}

/** PostgreSQL 18 does not validate what it does not enforce. */
const openConstraints = (catalog: Catalog): ReadonlyArray<OpenConstraint> =>
  catalog.tables.flatMap(({ constraints, name, schema }) =>
    constraints
      .filter(({ definition, validated }) => !validated && !definition.endsWith("NOT ENFORCED"))
      .map((constraint) => ({
        name: `${schema}.${name}.${constraint.name}`,
        ddl: `ALTER TABLE ${qualified(schema, name)} VALIDATE CONSTRAINT ${quoteIdentifier(constraint.name)}`
      }))
  )

/** VALIDATE CONSTRAINT reads the table under a lock that lets others write (manual, ALTER TABLE). */
const validateOne = (sql: SqlClient.SqlClient, { ddl, name }: OpenConstraint): Effect.Effect<boolean, DatabaseError> =>
  DatabaseError.refine(sql.unsafe(ddl)).pipe(
    Effect.as(true),
    Effect.catch((error) =>
      error.connectionLost
        ? Effect.fail(error)
        : Effect.as(Effect.logWarning(`constraint ${name} could not be validated: ${error.message}`), false)
    )
  )

/** Validates what is not; without a login that may, it only tells. */
export const validate = Effect.fnUntraced(function* (
  catalog: Catalog,
  sql: SqlClient.SqlClient | undefined
): Effect.fn.Return<Validation, DatabaseError> {
  const validated: Array<string> = []
  const unvalidated: Array<string> = []
  for (const constraint of openConstraints(catalog)) {
    const valid = sql !== undefined && (yield* validateOne(sql, constraint))
    const names = valid ? validated : unvalidated
    names.push(constraint.name)
  }
  return { validated, unvalidated }
})

export const invalidIndexesOf = (catalog: Catalog): ReadonlyArray<string> =>
  catalog.tables.flatMap(({ indexes, schema }) =>
    indexes.filter(({ valid }) => !valid).map(({ name }) => `${schema}.${name}`)
  )

export const describeConstraints = (catalog: Catalog, { unvalidated, validated }: Validation): string => {
  const invalid = invalidIndexesOf(catalog)
  const parts = [
    ...(validated.length > 0 ? [`validated ${count(validated, "constraint")}`] : []),
    ...(unvalidated.length > 0 ? [`not valid: ${unvalidated.join(", ")}`] : []),
    ...(invalid.length > 0 ? [`${count(invalid, "invalid index", "invalid indexes")}: ${invalid.join(", ")}`] : [])
  ]
  return parts.length === 0 ? "all valid" : parts.join(", ")
}
