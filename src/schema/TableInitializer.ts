/**
 * Brings the tables to where the application can start, or says what is missing.
 *
 * Six steps: the package's core tables, the migrations, the critical tables, the
 * tables that the application declared, what is not valid, and the comparison with
 * the snapshot that is committed with the migrations. On a database that is up to
 * date this takes two round trips and changes nothing. What a step has to change it
 * changes through the migrator's login; without one, the step fails with what has
 * to be done, or tells it where the application can do without.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import * as Path from "effect/Path"
import * as SqlClient from "effect/sql/SqlClient"
import type { DatabaseError } from "../error/DatabaseError.ts"
import type { MigrationError } from "../migration/MigrationError.ts"
import { Migrator } from "../migration/Migrator.ts"
import { initialize } from "./internal/initialize.ts"
import type { Privileged } from "./internal/migrating.ts"
import type { InitializationReport } from "./internal/report.ts"
import type { TableInitializerOptions } from "./internal/startOptions.ts"
import type { SchemaError } from "./SchemaError.ts"

export type { DeclaredTable } from "./internal/declared.ts"
export type { Privileged } from "./internal/migrating.ts"
export type { InitializationReport, InitializationStep } from "./internal/report.ts"
export type { TableInitializerOptions } from "./internal/startOptions.ts"

export type InitializationFailure = DatabaseError | MigrationError | SchemaError

export class TableInitializer extends Context.Service<
  TableInitializer,
  {
    /** Runs the six steps. Safe to repeat, and safe for several processes at once. */
    readonly initializeTables: Effect.Effect<InitializationReport, InitializationFailure>
  }
>()("pgkeel/schema/TableInitializer") {
  /** `privileged` is the login that may change the schema; without one, nothing is changed. */
  static readonly layer = (
    options: TableInitializerOptions = {},
    privileged?: Privileged
  ): Layer.Layer<TableInitializer, never, SqlClient.SqlClient | Migrator | FileSystem.FileSystem | Path.Path> =>
    Layer.effect(
      TableInitializer,
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const reader = yield* Migrator
        const files = Context.make(FileSystem.FileSystem, yield* FileSystem.FileSystem).pipe(
          Context.add(Path.Path, yield* Path.Path)
        )
        return TableInitializer.of({
          initializeTables: initialize({ sql, reader, options, privileged }).pipe(
            Effect.provide(files),
            Effect.withSpan("TableInitializer.initializeTables")
          )
        })
      })
    )
}
