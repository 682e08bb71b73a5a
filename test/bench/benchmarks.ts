/** The table of benchmarks. Adding one is adding a file and a row. */
import { bulk } from "./BulkBenchmark.ts"
import { circuit } from "./CircuitBenchmark.ts"
import { classification } from "./ClassificationBenchmark.ts"
import { importing } from "./ImportBenchmark.ts"
import { linting } from "./LintBenchmark.ts"
import { memory } from "./MemoryBenchmark.ts"
import { migrating } from "./MigrationBenchmark.ts"
import { outcome } from "./OutcomeBenchmark.ts"
import { snapshots } from "./SnapshotBenchmark.ts"
import { statement } from "./StatementBenchmark.ts"
import { cloning } from "./TemplateBenchmark.ts"
import type { Benchmark } from "./support/Benchmark.ts"
import { benchmarkOf, farBenchmarkOf } from "./support/compare.ts"
import { sessions } from "./support/comparisons.ts"

export const benchmarks: ReadonlyArray<Benchmark> = [
  benchmarkOf(statement),
  ...sessions.map(benchmarkOf),
  ...sessions.map(farBenchmarkOf),
  benchmarkOf(outcome),
  bulk,
  memory,
  importing,
  classification,
  circuit,
  cloning,
  migrating,
  linting,
  snapshots
]
