/** What a start has done to the tables, and what it found. */
import type { MigrationResult } from "../../migration/Migrator.ts"
import type { Difference } from "./difference.ts"

export interface InitializationStep {
  readonly name: "core tables" | "migrations" | "schema" | "missing tables" | "constraints" | "snapshot"
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
  /** Indexes that a failed CREATE INDEX CONCURRENTLY had left, and that are complete now. */
  readonly rebuilt: ReadonlyArray<string>
  /** Those that are not valid still; PostgreSQL does not use them. */
  readonly invalidIndexes: ReadonlyArray<string>
  /** By what the schema differs from the committed snapshot, where `schema.drift` lets it pass. */
  readonly drift: ReadonlyArray<Difference>
}
