/**
 * Tells whether the database is what the code believes: what it must have, and
 * how it differs from an earlier or another snapshot. Each question is one round
 * trip.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as SqlClient from "effect/sql/SqlClient"
import * as Catalog from "../catalog/Catalog.ts"
import type { DatabaseError } from "../error/DatabaseError.ts"
import type { Difference } from "./Difference.ts"
import { compare, requireTables } from "./internal/compare.ts"
import type { CriticalTable } from "./internal/compare.ts"
import { checkTables } from "./internal/tableRules.ts"
import type { SchemaError } from "./SchemaError.ts"

export type { CriticalTable } from "./internal/compare.ts"

/** The tables of a database with their columns, constraints and indexes. */
export type Snapshot = Catalog.Catalog

export class SchemaVerifier extends Context.Service<
  SchemaVerifier,
  {
    /** What is there now. */
    readonly snapshot: Effect.Effect<Snapshot, DatabaseError>
    /** Fails with `SchemaDrift` when one of these tables, or one of their columns, is missing. */
    readonly verify: (critical: ReadonlyArray<CriticalTable>) => Effect.Effect<Snapshot, DatabaseError | SchemaError>
    /** What makes `actual` differ from `expected`. */
    readonly diff: (expected: Snapshot, actual: Snapshot) => ReadonlyArray<Difference>
  }
>()("pgkeel/schema/SchemaVerifier") {
  static readonly layer: Layer.Layer<SchemaVerifier, never, SqlClient.SqlClient> = Layer.effect(
    SchemaVerifier,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const snapshot = Catalog.read(sql)
      return SchemaVerifier.of({
        snapshot,
        verify: Effect.fn("SchemaVerifier.verify")(function* (critical: ReadonlyArray<CriticalTable>) {
          yield* checkTables("critical", critical)
          const found = yield* snapshot
          yield* requireTables(found, critical)
          return found
        }),
        diff: compare
      })
    })
  )
}
