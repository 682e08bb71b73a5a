/** A migration as the sources have it beside what the history has of it. */
import type { MigrationErrorReason } from "../MigrationErrorReason.ts"
import type { Row } from "./history.ts"
import type { Migration } from "./migration.ts"

export type Problem = Extract<
  MigrationErrorReason,
  { readonly _tag: "ChecksumMismatch" | "NameMismatch" | "MissingFile" | "OutOfOrder" | "HalfDone" }
>

/** A migration, its row in the history, or both. */
export interface Entry {
  readonly namespace: string
  readonly id: string
  readonly migration: Migration | undefined
  readonly row: Row | undefined
  readonly problem: Problem | undefined
}

/** A migration to run, and its row if there is one. */
export interface Selected {
  readonly migration: Migration
  readonly row: Row | undefined
}
