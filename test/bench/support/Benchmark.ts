/** What a benchmark is and what it reports; `benchmarks.ts` is the table of all of them. */
import type { Effect, Redacted, Scope } from "effect"

export interface Figure {
  readonly name: string
  /** The median of the rounds' ratios `ours / theirs`, each between neighbours in time; not the ratio of the medians. */
  readonly ratio: number
  readonly against: string
  /** The median of all rounds. */
  readonly ours: number
  readonly theirs: number
  /** Says which way is better. */
  readonly unit: string
  /** What is promised of `ratio`, where something is. */
  readonly target?: { readonly atLeast: number } | { readonly atMost: number }
}

export interface Options {
  readonly url: Redacted.Redacted
  /** A sign of life in seconds; its ratios mean little. */
  readonly quick: boolean
}

export interface Benchmark {
  readonly name: string
  readonly run: (options: Options) => Effect.Effect<ReadonlyArray<Figure>, unknown>
}

/** What is done again and again, each in the way of its package. */
export type Operation = (index: number) => Effect.Effect<unknown, unknown> | Promise<unknown>

/** One side of a comparison: connected, and ready to do the same thing again and again. */
export type Contender = (url: Redacted.Redacted) => Effect.Effect<Operation, unknown, Scope.Scope>

/** Two ways to do the same thing on a client of ten connections. */
export interface Comparison {
  readonly name: string
  readonly against: string
  /** What is counted, in the plural. */
  readonly counted: string
  /** Throughput of ours over theirs, where something is promised. */
  readonly atLeast?: number
  readonly ours: Contender
  readonly theirs: Contender
}
