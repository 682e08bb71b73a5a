/** The table of benchmarks. Adding one is adding a file and a row. */
import { circuit } from "./CircuitBenchmark.ts"
import { classification } from "./ClassificationBenchmark.ts"
import { importing } from "./ImportBenchmark.ts"
import { outcome } from "./OutcomeBenchmark.ts"
import { session } from "./SessionBenchmark.ts"
import { statement } from "./StatementBenchmark.ts"
import { cloning } from "./TemplateBenchmark.ts"
import type { Benchmark } from "./support/Benchmark.ts"
import { benchmarkOf } from "./support/compare.ts"

export const benchmarks: ReadonlyArray<Benchmark> = [
  benchmarkOf(statement),
  benchmarkOf(session),
  benchmarkOf(outcome),
  importing,
  classification,
  circuit,
  cloning
]
