/**
 * A comparison at concurrency 1, 10 and 100. Each gives two figures: throughput,
 * and the processor time of the client's process for one operation, which other
 * load on the machine disturbs less.
 */
import { Effect, Redacted } from "effect"
import type { Benchmark, Comparison, Figure, Options } from "./Benchmark.ts"
import { delayed } from "./delayed.ts"
import { median } from "./median.ts"
import { takeTurns } from "./turns.ts"
import type { Plan, Round } from "./turns.ts"

/** Enough for a batch to last some milliseconds, so that its beginning and end weigh little. */
const each = 40

/**
 * An application runs for days, and the compiler is not done with either side before
 * some tens of thousands of operations: ratios move by a fifth up to there.
 */
const full: Plan = {
  pairs: 8,
  rounds: 6,
  warmUp: { millis: 800, operations: 30_000 },
  turn: { millis: 80, operations: 1 }
}

/** Where nothing is promised. */
const half: Plan = { ...full, pairs: 2 }

const short: Plan = {
  pairs: 1,
  rounds: 3,
  warmUp: { millis: 100, operations: 200 },
  turn: { millis: 30, operations: 1 }
}

/** A round trip takes two milliseconds and more: fewer operations last as long. */
const far: Plan = {
  pairs: 1,
  rounds: 9,
  warmUp: { millis: 1000, operations: 400 },
  turn: { millis: 100, operations: 1 }
}

const eachFar = (concurrency: number) => (concurrency > 10 ? 3 : 15)

const ratioOf = (rounds: ReadonlyArray<Round>, value: (turn: Round["ours"]) => number) => ({
  ratio: median(rounds.map(({ ours, theirs }) => value(ours) / value(theirs))),
  ours: median(rounds.map(({ ours }) => value(ours))),
  theirs: median(rounds.map(({ theirs }) => value(theirs)))
})

const figures = (comparison: Comparison, concurrency: number, rounds: ReadonlyArray<Round>): ReadonlyArray<Figure> => {
  const { against, atLeast, counted, name } = comparison
  return [
    {
      name: `${name}, concurrency ${concurrency}`,
      ...ratioOf(rounds, ({ perSecond }) => perSecond),
      against,
      unit: `${counted} a second (higher is better)`,
      ...(atLeast === undefined ? {} : { target: { atLeast } })
    },
    {
      name: `${name}, concurrency ${concurrency}, client CPU`,
      ...ratioOf(rounds, ({ cpuMicros }) => cpuMicros),
      against,
      unit: `microseconds of CPU for one of the ${counted} (lower is better)`
    }
  ]
}

const run = (comparison: Comparison, shown: string, url: string, plan: Plan, eachOf: (concurrency: number) => number) =>
  Effect.map(
    Effect.forEach([1, 10, 100], (concurrency) =>
      Effect.map(takeTurns({ name: comparison.name, concurrency, url, each: eachOf(concurrency) }, plan), (rounds) =>
        figures({ ...comparison, name: shown }, concurrency, rounds)
      )
    ),
    (all) => all.flat()
  )

const planOf = ({ atLeast }: Comparison): Plan => (atLeast === undefined ? half : full)

export const benchmarkOf = (comparison: Comparison): Benchmark => ({
  name: comparison.name,
  run: ({ quick, url }: Options) =>
    run(comparison, comparison.name, Redacted.value(url), quick ? short : planOf(comparison), () => each)
})

/** The same with a server that is a millisecond away, each way. */
export const farBenchmarkOf = (comparison: Comparison): Benchmark => {
  const name = `${comparison.name}-far`
  return {
    name,
    run: ({ quick, url }: Options) =>
      Effect.scoped(
        Effect.flatMap(delayed(url, 1), (away) =>
          run(comparison, `${name} (1 ms each way)`, Redacted.value(away), quick ? short : far, eachFar)
        )
      )
  }
}
