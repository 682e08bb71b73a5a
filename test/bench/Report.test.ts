/** The form in which `npm run bench -- --json FILE` hands its figures to programs. */
import { assert, describe, it } from "@effect/vitest"
import { benchmarks } from "./benchmarks.ts"
import type { Figure } from "./support/Benchmark.ts"
import { byName } from "./support/report.ts"

const figure: Figure = {
  name: "statement, concurrency 1",
  ratio: 0.98,
  against: "the driver",
  ours: 9800,
  theirs: 10_000,
  unit: "statements a second (higher is better)",
  target: { atLeast: 0.97 }
}

describe("the figures of the benchmark as JSON", () => {
  it("are an object by name, each with ratio, against, ours, theirs and unit and nothing else", () => {
    const other = { ...figure, name: "import", ratio: 1.1 }
    assert.deepStrictEqual(byName([figure, other]), {
      "statement, concurrency 1": {
        ratio: 0.98,
        against: "the driver",
        ours: 9800,
        theirs: 10_000,
        unit: "statements a second (higher is better)"
      },
      import: { ratio: 1.1, against: figure.against, ours: 9800, theirs: 10_000, unit: figure.unit }
    })
  })

  it("are an empty object when nothing was measured", () => assert.deepStrictEqual(byName([]), {}))
})

describe("the table of benchmarks", () => {
  it("has a name of its own for each, by which --only finds it", () =>
    assert.strictEqual(new Set(benchmarks.map(({ name }) => name)).size, benchmarks.length))
})
