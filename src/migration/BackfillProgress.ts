/** What a backfill tells while it goes on, for whoever shows it to a person. */
import type * as Duration from "effect/Duration"

export type BackfillProgress =
  /** Begins, or goes on behind `rows` that earlier runs have done. `estimate` is what the server believes the table to have. */
  | {
      readonly _tag: "Started"
      readonly name: string
      readonly rows: number
      readonly estimate: number | undefined
    }
  | {
      readonly _tag: "BatchFinished"
      readonly name: string
      /** Of the batch. */
      readonly batch: number
      /** Of all runs together. */
      readonly rows: number
      readonly estimate: number | undefined
      readonly duration: Duration.Duration
    }
  /** Stays out of the way before it goes on. */
  | {
      readonly _tag: "Waiting"
      readonly name: string
      /**
       * `replica`: one is too far behind. `locks`: somebody waits for a lock on the table.
       * `runner`: another process is at it. `blocked`: the batch did not get its own locks
       * in time, or deadlocked; it was rolled back, and the next is smaller.
       */
      readonly because: "replica" | "locks" | "runner" | "blocked"
      readonly wait: Duration.Duration
    }
  | { readonly _tag: "Finished"; readonly name: string; readonly rows: number }
