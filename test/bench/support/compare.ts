/**
 * A comparison at concurrency 1, 10 and 100. Each gives two figures: throughput,
 * and the processor time of the client's process for one operation, which other
 * load on the machine disturbs less.
 */
import { Effect, Redacted } from "effect"
import type { Benchmark, Comparison, Figure, Options } from "./Benchmark.ts"
import { median } from "./median.ts"
import { takeTurns } from "./turns.ts"
import type { Plan, Round } from "./turns.ts"

const full: Plan = {
  pairs: 4,
  rounds: 14,
  warmUp: { millis: 800, operations: 6000 },
  turn: { millis: 80, operations: 1 }
}

const short: Plan = {
  pairs: 1,
  rounds: 3,
  warmUp: { millis: 100, operations: 200 },
  turn: { millis: 30, operations: 1 }
}

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
      target: { atLeast }
    },
    {
      name: `${name}, concurrency ${concurrency}, client CPU`,
      ...ratioOf(rounds, ({ cpuMicros }) => cpuMicros),
      against,
      unit: `microseconds of CPU for one of the ${counted} (lower is better)`
    }
  ]
}

export const benchmarkOf = (comparison: Comparison): Benchmark => ({
  name: comparison.name,
  run: ({ quick, url }: Options) =>
    Effect.map(
      Effect.forEach([1, 10, 100], (concurrency) =>
        Effect.map(
          takeTurns({ name: comparison.name, concurrency, url: Redacted.value(url) }, quick ? short : full),
          (rounds) => figures(comparison, concurrency, rounds)
        )
      ),
      (all) => all.flat()
    )
})
