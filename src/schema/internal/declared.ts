/** Tables that an application declares with the statement that creates each. */
import * as Effect from "effect/Effect"
import type { SqlClient } from "effect/sql/SqlClient"
import { find, read } from "../../catalog/Outline.ts"
import type { Outline } from "../../catalog/Outline.ts"
import { DatabaseError } from "../../error/DatabaseError.ts"
import type { CriticalTable } from "../CriticalTable.ts"
import type { SchemaError } from "../SchemaError.ts"
import { missing, refuse } from "./critical.ts"
import type { Privileged } from "./migrating.ts"
import { requireSameDatabase } from "./sameDatabase.ts"

/** A table that is created when it is missing, outside the migrations. */
export interface DeclaredTable {
  /** `schema.table`, or `table` in the search path. */
  readonly table: string
  /** The statement that creates it. */
  readonly ddl: string
}

/** Another process may create the same table at the same moment: what counts is that it is there. */
const createOne = (sql: SqlClient, { ddl, table }: DeclaredTable): Effect.Effect<boolean, DatabaseError> =>
  DatabaseError.refine(sql.unsafe(ddl)).pipe(
    Effect.as(true),
    Effect.catch((error) =>
      Effect.flatMap(read(sql, { tables: [table], hash: false }), (outline) =>
        find(outline, table) === undefined ? Effect.fail(error) : Effect.succeed(false)
      )
    )
  )

/** Creates the declared tables that are absent; the names of those that it was first to create. */
export const create = Effect.fnUntraced(function* (
  sql: SqlClient,
  outline: Outline,
  declared: ReadonlyArray<DeclaredTable>,
  privileged: Privileged | undefined
): Effect.fn.Return<ReadonlyArray<string>, DatabaseError | SchemaError> {
  const absent = declared.filter(({ table }) => find(outline, table) === undefined)
  if (privileged === undefined) {
    yield* refuse(missing(outline, absent))
    return []
  }
  if (absent.length > 0) yield* requireSameDatabase(sql, privileged.sql)
  const created: Array<string> = []
  for (const declaration of absent) {
    if (yield* createOne(privileged.sql, declaration)) created.push(declaration.table)
  }
  return created
})

/** A critical table may be one that is yet to be created, under its own name or a qualified one. */
export const isToBeCreated = (
  outline: Outline,
  declared: ReadonlyArray<DeclaredTable>,
  { table }: CriticalTable
): boolean => {
  const unqualified = (name: string) => name.slice(name.indexOf(".") + 1)
  return find(outline, table) === undefined && declared.some((other) => unqualified(other.table) === unqualified(table))
}
