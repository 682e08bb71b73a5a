/** The steps of a start, in their order. */
import * as Effect from "effect/Effect"
import type * as FileSystem from "effect/FileSystem"
import type * as Path from "effect/Path"
import type { SqlClient } from "effect/sql/SqlClient"
import { read } from "../../catalog/Outline.ts"
import type { Outline } from "../../catalog/Outline.ts"
import type { DatabaseError } from "../../error/DatabaseError.ts"
import type { MigrationError } from "../../migration/MigrationError.ts"
import type { Migrator } from "../../migration/Migrator.ts"
import type { CriticalTable } from "../CriticalTable.ts"
import type { SchemaError } from "../SchemaError.ts"
import type { SchemaOptions } from "../SchemaOptions.ts"
import * as SnapshotFile from "../SnapshotFile.ts"
import { coreTables } from "./coreTables.ts"
import { count } from "./count.ts"
import { missing, refuse } from "./critical.ts"
import { absentOf, creatable, create, isToBeCreated } from "./declared.ts"
import { describeMigrated, migrate } from "./migrating.ts"
import type { Migrated, Privileged } from "./migrating.ts"
import type { InitializationReport } from "./report.ts"
import type { TableInitializerOptions } from "./startOptions.ts"
import { securityTables } from "./securityTables.ts"
import { looked, Steps } from "./steps.ts"
import type { Outcome } from "./steps.ts"
import { checkInitializerOptions } from "./tableRules.ts"
import { describeValidity, putRight } from "./validity.ts"
import { verify } from "./verification.ts"
import type { Verification } from "./verification.ts"

/** What a start works with. */
export interface Start {
  readonly sql: SqlClient
  readonly reader: Migrator["Service"]
  readonly options: TableInitializerOptions
  readonly privileged: Privileged | undefined
}

type Failure = DatabaseError | MigrationError | SchemaError

type Snapshots = SnapshotFile.Committed | undefined

/** The snapshot to compare with, if there is one. */
const openSnapshot = ({ snapshot }: SchemaOptions) => {
  if (snapshot === undefined || snapshot === false) return Effect.undefined
  return typeof snapshot === "string" || snapshot instanceof URL
    ? SnapshotFile.openFile(snapshot)
    : Effect.succeed(SnapshotFile.ofValue(snapshot))
}

const nothing: Verification = { drift: [], tolerated: 0 }

/** Compares with the snapshot, unless the migrations that it goes with are still to come. */
const compare = Effect.fnUntraced(function* (
  sql: SqlClient,
  options: SchemaOptions,
  snapshot: Snapshots,
  { isAhead, pending }: Migrated,
  hash: string | null
): Effect.fn.Return<Outcome<Verification>, Failure> {
  if (snapshot === undefined) return looked(nothing, "none to compare with")
  if (pending.length > 0) return looked(nothing, "not compared: migrations are pending")
  const { additions = "newer", drift = "fail", ignore = [] } = options
  const expectation = {
    snapshot,
    drift,
    ignore,
    additions: additions === "allow" || (additions === "newer" && isAhead)
  }
  const found = yield* verify(sql, expectation, hash)
  if (found.drift.length > 0) return looked(found, `${count(found.drift, "difference")} from ${snapshot.name}`)
  return looked(found, found.tolerated === 0 ? `as in ${snapshot.name}` : `as in ${snapshot.name}, where it matters`)
})

export const initialize = Effect.fnUntraced(function* ({
  options,
  privileged,
  reader,
  sql
}: Start): Effect.fn.Return<InitializationReport, Failure, FileSystem.FileSystem | Path.Path> {
  yield* checkInitializerOptions(options)
  const { critical: needed = [], schema = {}, tables: declared = [], transformQueryNames: nameColumn } = options
  const { done, run } = new Steps()
  const snapshot = yield* openSnapshot(schema)
  // Whoever may not create them needs them, as it needs the columns of those that are there.
  const tables = [...declared.map(creatable), ...(privileged === undefined ? [] : securityTables)]
  const critical: ReadonlyArray<CriticalTable> = [...coreTables, ...needed]
  const look = read(sql, {
    tables: [...critical, ...declared].map(({ table }) => table),
    hash: snapshot !== undefined
  })
  const lacking = (outline: Outline, tables: ReadonlyArray<CriticalTable>) => missing(outline, tables, nameColumn)

  const before = yield* run(
    "core tables",
    Effect.map(look, (outline) => {
      const absent = lacking(outline, coreTables)
      return looked(
        outline,
        absent.length === 0 ? `${count(coreTables, "table")} present` : count(absent, "difference")
      )
    })
  )
  const migrated = yield* run(
    "migrations",
    Effect.map(migrate(sql, reader, privileged, schema.pending ?? "fail"), (value) => ({
      value,
      changed: value.applied.length > 0,
      detail: describeMigrated(value)
    }))
  )
  // Another process may have migrated since the tables were looked at: what is missing is looked for once more.
  const isComplete = migrated.applied.length === 0 && lacking(before, [...critical, ...declared]).length === 0
  const present = isComplete ? before : yield* look
  yield* run(
    "schema",
    Effect.suspend(() => {
      const wanted = critical.filter((table) => !isToBeCreated(present, tables, table))
      return Effect.as(
        refuse(lacking(present, wanted)),
        looked(undefined, `${count(wanted, "critical table")} present`)
      )
    })
  )
  const created = yield* run(
    "missing tables",
    Effect.map(create(sql, present, tables, privileged), (value) => ({
      value,
      changed: value.length > 0,
      detail: value.length === 0 ? "none" : `created ${value.join(", ")}`
    }))
  )
  const complete = absentOf(present, tables).length === 0 ? present : yield* look
  yield* refuse(lacking(complete, [...critical, ...declared]))
  const validity = yield* run(
    "constraints",
    Effect.map(putRight(complete, privileged?.sql), (value) => ({
      value,
      changed: value.validated.length + value.rebuilt.length > 0,
      detail: describeValidity(value)
    }))
  )
  const { drift } = yield* run("snapshot", compare(sql, schema, snapshot, migrated, complete.hash))
  return { steps: done, applied: migrated.applied, created, ...validity, drift }
})
