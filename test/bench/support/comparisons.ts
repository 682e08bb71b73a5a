/** The comparisons by name: a contender's process finds its own here. */
import type { Comparison } from "./Benchmark.ts"
import { outcome } from "../OutcomeBenchmark.ts"
import { session, sessionContext, sessionKysely, sessionPg, sessionPostgres } from "../SessionBenchmark.ts"
import { statement } from "../StatementBenchmark.ts"

/** Transactions, in one run with those of other packages. */
export const sessions: ReadonlyArray<Comparison> = [session, sessionContext, sessionPg, sessionPostgres, sessionKysely]

export const comparisons: ReadonlyArray<Comparison> = [statement, ...sessions, outcome]
