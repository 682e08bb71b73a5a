/** Tables that an application declares with the statement that creates each. */
import * as Effect from "effect/Effect"
import type * as FileSystem from "effect/FileSystem"
import type * as Path from "effect/Path"
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

/** A table that a start can create. */
export interface Creatable {
  readonly table: string
  readonly statements: Effect.Effect<ReadonlyArray<string>, never, FileSystem.FileSystem | Path.Path>
  /** What it means that it was not there, where it should have been. */
  readonly lost?: string
}

export const creatable = ({ ddl, table }: DeclaredTable): Creatable => ({ table, statements: Effect.succeed([ddl]) })

/** Another process may create the same table at the same moment: what counts is that it is there. */
const createOne = Effect.fnUntraced(function* (sql: SqlClient, { lost, statements, table }: Creatable) {
  const texts = yield* statements
  const isFirst = yield* sql.withTransaction(Effect.forEach(texts, (text) => sql.unsafe(text))).pipe(
    DatabaseError.refine,
    Effect.as(true),
    Effect.catch((error) =>
      Effect.flatMap(read(sql, { tables: [table], hash: false }), (outline) =>
        find(outline, table) === undefined ? Effect.fail(error) : Effect.succeed(false)
      )
    )
  )
  if (isFirst && lost !== undefined) yield* Effect.logWarning(`table ${table} was missing and is there again: ${lost}`)
  return isFirst
})

/** Those that are not there. */
export const absentOf = (outline: Outline, tables: ReadonlyArray<Creatable>): ReadonlyArray<Creatable> =>
  tables.filter(({ table }) => find(outline, table) === undefined)

/** Creates the tables that are absent; the names of those that it was first to create. */
export const create = Effect.fnUntraced(function* (
  sql: SqlClient,
  outline: Outline,
  tables: ReadonlyArray<Creatable>,
  privileged: Privileged | undefined
): Effect.fn.Return<ReadonlyArray<string>, DatabaseError | SchemaError, FileSystem.FileSystem | Path.Path> {
  const absent = absentOf(outline, tables)
  if (privileged === undefined) {
    yield* refuse(
      missing(
        outline,
        absent.map(({ table }) => ({ table }))
      )
    )
    return []
  }
  if (absent.length > 0) yield* requireSameDatabase(sql, privileged.sql)
  const created: Array<string> = []
  for (const one of absent) {
    if (yield* createOne(privileged.sql, one)) created.push(one.table)
  }
  return created
})

/** A critical table may be one that is yet to be created, under its own name or a qualified one. */
export const isToBeCreated = (
  outline: Outline,
  tables: ReadonlyArray<Creatable>,
  { table }: CriticalTable
): boolean => {
  const unqualified = (name: string) => name.slice(name.indexOf(".") + 1)
  return find(outline, table) === undefined && tables.some((other) => unqualified(other.table) === unqualified(table))
}
