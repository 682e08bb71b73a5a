/** The comparisons by name: a contender's process finds its own here. */
import type { Comparison } from "./Benchmark.ts"
import { outcome } from "../OutcomeBenchmark.ts"
import { session } from "../SessionBenchmark.ts"
import { statement } from "../StatementBenchmark.ts"

export const comparisons: ReadonlyArray<Comparison> = [statement, session, outcome]
