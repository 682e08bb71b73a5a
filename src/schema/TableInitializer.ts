/**
 * Brings the tables to where the application can start, or says what is missing.
 *
 * Five steps: the package's core tables, the migrations, the schema, the tables
 * that the application declared, the constraints. On a database that is up to date
 * this takes two round trips and changes nothing. What a step has to change it
 * changes through the migrator's login; without one, the step fails with what has
 * to be done.
 */
import * as Arr from "effect/Array"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as SqlClient from "effect/sql/SqlClient"
import * as Catalog from "../catalog/Catalog.ts"
import { DatabaseConfig, describeTarget } from "../config/DatabaseConfig.ts"
import { DatabaseError } from "../error/DatabaseError.ts"
import type { MigrationError } from "../migration/MigrationError.ts"
import { Migrator } from "../migration/Migrator.ts"
import type { MigrationResult, MigrationStatus } from "../migration/Migrator.ts"
import { describeConstraints, invalidIndexesOf, validate } from "./internal/constraints.ts"
import { coreTables } from "./internal/coreTables.ts"
import { count } from "./internal/count.ts"
import { missing, requireTables } from "./internal/compare.ts"
import type { CriticalTable } from "./internal/compare.ts"
import { requireSameDatabase } from "./internal/sameDatabase.ts"
import { checkTables } from "./internal/tableRules.ts"
import { MigrationsPending, SchemaError } from "./SchemaError.ts"

/** A table that is created when it is missing, outside the migrations. */
export interface DeclaredTable {
  /** `schema.table`, or `table` in the search path. */
  readonly table: string
  /** The statement that creates it. */
  readonly ddl: string
}

export interface TableInitializerOptions {
  /** Tables without which the application does not start. Default: none but the package's own. */
  readonly critical?: ReadonlyArray<CriticalTable>
  /** Tables that are created when they are missing. Default: none. */
  readonly tables?: ReadonlyArray<DeclaredTable>
}

/** The login that may change the schema, with what it needs. */
export interface Privileged {
  readonly sql: SqlClient.SqlClient
  readonly migrator: Migrator["Service"]
}

export interface InitializationStep {
  readonly name: "core tables" | "migrations" | "schema" | "missing tables" | "constraints"
  /** Whether it changed the database. */
  readonly changed: boolean
  readonly detail: string
  readonly durationMillis: number
}

export interface InitializationReport {
  readonly steps: ReadonlyArray<InitializationStep>
  readonly applied: ReadonlyArray<MigrationResult>
  readonly created: ReadonlyArray<string>
  /** Constraints that were NOT VALID, and hold for every row now. */
  readonly validated: ReadonlyArray<string>
  /** Constraints that are NOT VALID still; new rows are checked, older ones may break them. */
  readonly unvalidated: ReadonlyArray<string>
  /** Indexes that a failed CREATE INDEX CONCURRENTLY left; PostgreSQL does not use them. */
  readonly invalidIndexes: ReadonlyArray<string>
}

export type InitializationFailure = DatabaseError | MigrationError | SchemaError

const isApplied = ({ state }: MigrationStatus): boolean => state === "applied" || state === "baselined"

const label = ({ id, name, namespace }: MigrationStatus): string => `${namespace}/${id}_${name}`

/** The database that is looked at, for messages; services may stand on a client without a configuration. */
const targetOf = Effect.map(Effect.serviceOption(DatabaseConfig), (settings) =>
  Option.getOrUndefined(Option.map(settings, describeTarget))
)

/** What a policy lets pass with a warning. Applying says so by itself. */
const warn = (status: ReadonlyArray<MigrationStatus>) =>
  Effect.forEach(
    status.filter(({ tolerated }) => tolerated?.policy === "warn"),
    ({ id, namespace, tolerated }) =>
      Effect.logWarning(tolerated?.problem.message).pipe(Effect.annotateLogs({ namespace, id })),
    { discard: true }
  )

/** Applies what is pending, or fails with its names. */
const migrate = Effect.fnUntraced(function* (
  sql: SqlClient.SqlClient,
  reader: Migrator["Service"],
  privileged: Privileged | undefined
): Effect.fn.Return<ReadonlyArray<MigrationResult>, InitializationFailure> {
  const status = yield* reader.status()
  // A plan fails with the first problem, as applying would, and changes nothing.
  if (status.some(({ problem }) => problem !== undefined)) yield* reader.plan()
  const pending = status.filter((migration) => !isApplied(migration)).map(label)
  if (!Arr.isArrayNonEmpty(pending) || privileged === undefined) yield* warn(status)
  if (!Arr.isArrayNonEmpty(pending)) return []
  if (privileged === undefined) {
    return yield* new SchemaError({ reason: new MigrationsPending({ migrations: pending, target: yield* targetOf }) })
  }
  yield* requireSameDatabase(sql, privileged.sql)
  return (yield* privileged.migrator.up()).applied
})

/** Another process may create the same table at the same moment: what counts is that it is there. */
const createOne = (sql: SqlClient.SqlClient, { ddl, table }: DeclaredTable): Effect.Effect<boolean, DatabaseError> =>
  DatabaseError.refine(sql.unsafe(ddl)).pipe(
    Effect.as(true),
    Effect.catch((error) =>
      Effect.flatMap(Catalog.read(sql), (catalog) =>
        Catalog.find(catalog, table) === undefined ? Effect.fail(error) : Effect.succeed(false)
      )
    )
  )

/** Creates the declared tables that are absent; the names of those that it was first to create. */
const create = Effect.fnUntraced(function* (
  sql: SqlClient.SqlClient,
  catalog: Catalog.Catalog,
  declared: ReadonlyArray<DeclaredTable>,
  privileged: Privileged | undefined
): Effect.fn.Return<ReadonlyArray<string>, DatabaseError | SchemaError> {
  const absent = declared.filter(({ table }) => Catalog.find(catalog, table) === undefined)
  if (privileged === undefined) {
    yield* requireTables(catalog, absent)
    return []
  }
  if (absent.length > 0) yield* requireSameDatabase(sql, privileged.sql)
  const created: Array<string> = []
  for (const declaration of absent) {
    if (yield* createOne(privileged.sql, declaration)) created.push(declaration.table)
  }
  return created
})

/** A critical table may be one that the next step creates, under its own name or a qualified one. */
const isToBeCreated = (
  catalog: Catalog.Catalog,
  declared: ReadonlyArray<DeclaredTable>,
  { table }: CriticalTable
): boolean => {
  const unqualified = (name: string) => name.slice(name.indexOf(".") + 1)
  return (
    Catalog.find(catalog, table) === undefined &&
    declared.some((other) => unqualified(other.table) === unqualified(table))
  )
}

interface Outcome<A> {
  readonly value: A
  readonly changed: boolean
  readonly detail: string
}

/** Runs the steps one after the other and keeps what each did and how long it took. */
class Steps {
  readonly done: Array<InitializationStep> = []

  readonly run = <A, E>(name: InitializationStep["name"], step: Effect.Effect<Outcome<A>, E>): Effect.Effect<A, E> =>
    Effect.gen({ self: this }, function* () {
      const start = yield* Clock.monotonicTimeNanos
      const { changed, detail, value } = yield* step
      const durationMillis = Number((yield* Clock.monotonicTimeNanos) - start) / 1e6
      this.done.push({ name, changed, detail, durationMillis })
      return value
    })
}

const initialize = Effect.fnUntraced(function* (
  sql: SqlClient.SqlClient,
  reader: Migrator["Service"],
  options: TableInitializerOptions,
  privileged: Privileged | undefined
): Effect.fn.Return<InitializationReport, InitializationFailure> {
  yield* checkTables("critical", options.critical)
  yield* checkTables("tables", options.tables)
  const { done, run } = new Steps()
  const declared = options.tables ?? []
  const read = Catalog.read(sql)

  const before = yield* run(
    "core tables",
    Effect.map(read, (value) => {
      const absent = missing(value, coreTables)
      const detail = absent.length === 0 ? `${count(coreTables, "table")} present` : `${count(absent, "difference")}`
      return { value, changed: false, detail }
    })
  )
  const applied = yield* run(
    "migrations",
    Effect.map(migrate(sql, reader, privileged), (value) => ({
      value,
      changed: value.length > 0,
      detail: value.length === 0 ? "up to date" : `applied ${count(value, "migration")}`
    }))
  )
  const critical = [...coreTables, ...(options.critical ?? [])]
  // Another process may have migrated since the catalogue was read: what is missing is looked for once more.
  const isComplete = applied.length === 0 && missing(before, [...critical, ...declared]).length === 0
  const migrated = isComplete ? before : yield* read
  const present = critical.filter((wanted) => !isToBeCreated(migrated, declared, wanted))
  yield* run(
    "schema",
    Effect.map(requireTables(migrated, present), () => ({
      value: undefined,
      changed: false,
      detail: `${count(present, "critical table")} present`
    }))
  )
  const created = yield* run(
    "missing tables",
    Effect.map(create(sql, migrated, declared, privileged), (value) => ({
      value,
      changed: value.length > 0,
      detail: value.length === 0 ? "none" : `created ${value.join(", ")}`
    }))
  )
  const complete = missing(migrated, declared).length === 0 ? migrated : yield* read
  yield* requireTables(complete, [...critical, ...declared])
  const constraints = yield* run(
    "constraints",
    Effect.map(validate(complete, privileged?.sql), (value) => ({
      value,
      changed: value.validated.length > 0,
      detail: describeConstraints(complete, value)
    }))
  )
  return { steps: done, applied, created, ...constraints, invalidIndexes: invalidIndexesOf(complete) }
})

export class TableInitializer extends Context.Service<
  TableInitializer,
  {
    /** Runs the five steps. Safe to repeat, and safe for several processes at once. */
    readonly initializeTables: Effect.Effect<InitializationReport, InitializationFailure>
  }
>()("pgkeel/schema/TableInitializer") {
  /** `privileged` is the login that may change the schema; without one, nothing is changed. */
  static readonly layer = (
    options: TableInitializerOptions = {},
    privileged?: Privileged
  ): Layer.Layer<TableInitializer, never, SqlClient.SqlClient | Migrator> =>
    Layer.effect(
      TableInitializer,
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const reader = yield* Migrator
        return TableInitializer.of({
          initializeTables: initialize(sql, reader, options, privileged).pipe(
            Effect.withSpan("TableInitializer.initializeTables")
          )
        })
      })
    )
}
