/**
 * What the next transaction begins with: its mode, and settings that hold until
 * it ends. A session provides it around one transaction, which takes it; a
 * transaction that the body starts elsewhere finds it taken, and begins plainly.
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"

/** A transaction on its connection, for those who look at it from elsewhere, or end it. */
export interface TransactionUse {
  /** How many statements it was given. */
  readonly statements: number
  /** Whether one runs. */
  readonly isBusy: boolean
  /** When the last one began or ended, in milliseconds of the clock. */
  readonly usedAt: number
  /** What is known of its COMMIT: that it took effect, or that nobody can tell; `undefined` for all else. */
  readonly outcome: "committed" | "unknown" | undefined
  /** Cancels what runs, rolls back, and refuses what comes later. Not for one that commits. */
  readonly rollBack: () => Effect.Effect<void>
}

export interface BeginWith {
  /** The statement that begins it: one of a fixed few, since it is prepared. */
  readonly begin: string | undefined
  /** The names of settings, in the same write as BEGIN; they end with the transaction. One array for each combination. */
  readonly settings: ReadonlyArray<string>
  /** Their values, in the same order. */
  readonly values: ReadonlyArray<string>
  /** Whether it takes its transaction id at once, if it may write, so that the outcome of a lost COMMIT can be asked for. */
  readonly identified: boolean
  /** Who it is, for `activeConnections` and for the error of an exhausted pool. */
  readonly label: string | undefined
  /** Set by the transaction that begins with it: what its body starts elsewhere begins plainly. */
  taken: boolean
  /** The transaction that has taken it. */
  use: TransactionUse | undefined
}

export const plain: BeginWith = {
  begin: undefined,
  settings: [],
  values: [],
  identified: false,
  label: undefined,
  taken: true,
  use: undefined
}

export const TransactionContext = Context.Reference<BeginWith>("pgkeel/connection/TransactionContext", {
  defaultValue: () => plain
})

/** The snapshot that the next transaction takes over from the one that has exported it: it comes before any query. */
export const ImportedSnapshot = Context.Reference<string | undefined>("pgkeel/connection/ImportedSnapshot", {
  defaultValue: () => undefined
})
