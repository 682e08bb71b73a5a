/**
 * What the next transaction begins with: its mode, and settings that hold until
 * it ends. A session provides it around one transaction; the statements of the
 * transaction do not see it, so a transaction that they start elsewhere is plain.
 */
import * as Context from "effect/Context"

export interface BeginWith {
  /** The statement that begins it: one of a fixed few, since it is prepared. */
  readonly begin: string | undefined
  /** Settings by name, set transaction-locally in the same write as BEGIN (manual, 9.28.1, `set_config`). */
  readonly settings: ReadonlyArray<readonly [name: string, value: string]>
  /** Who it is, for `activeConnections` and for the error of an exhausted pool. */
  readonly label: string | undefined
}

export const plain: BeginWith = { begin: undefined, settings: [], label: undefined }

export const TransactionContext = Context.Reference<BeginWith>("pgkeel/connection/TransactionContext", {
  defaultValue: () => plain
})
