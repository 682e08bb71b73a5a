/**
 * Holds what the application was told against what is in the database, read over
 * a connection without faults and after the last transaction has ended.
 */
import { Effect, Schedule, Schema } from "effect"
import { SqlClient } from "effect/sql"
import type { Tally } from "./Tally.ts"

export interface Verdict {
  /** Acknowledged and not there, and increments that are missing. */
  readonly lost: number
  /** There more than once, or there and reported as failed, and increments that are too many. */
  readonly duplicated: number
  /** How many of those whose outcome was reported as unknown are there. */
  readonly unknownApplied: number
  /** The first few of both, in words. */
  readonly findings: ReadonlyArray<string>
}

const shownFindings = 10

const Written = Schema.Array(Schema.Struct({ id: Schema.NumberFromString, times: Schema.Number }))

const Counted = Schema.Array(
  Schema.Struct({ worker: Schema.Number, rows: Schema.Number, increments: Schema.NumberFromString })
)

/** A connection that was cut may still have a COMMIT to work off. */
const awaitOthers = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`
    SELECT 1 FROM pg_catalog.pg_stat_activity
    WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()
      AND (xact_start IS NOT NULL OR state <> 'idle')
  `.pipe(
    Effect.repeat({ schedule: Schedule.spaced("20 millis"), until: (others) => others.length === 0 }),
    Effect.timeout("30 seconds")
  )
})

const judge = (tally: Tally, times: ReadonlyMap<number, number>): Verdict => {
  const verdict = { lost: 0, duplicated: 0, unknownApplied: 0, findings: new Array<string>() }
  for (let id = 0; id < tally.operations; id++) {
    const told = tally.told(id)
    const found = times.get(id) ?? 0
    if (told === "unknown" && found > 0) verdict.unknownApplied++
    if (told === "acknowledged" && found === 0) {
      verdict.lost++
      verdict.findings.push(`operation ${id} was acknowledged and is not there`)
    } else if (found > 1 || (told === "failed" && found > 0)) {
      verdict.duplicated++
      verdict.findings.push(`operation ${id} was reported as ${told} and is there ${found} times`)
    }
  }
  return verdict
}

/** Reads what was written, and judges it. */
export const judgeDatabase = Effect.fnUntraced(function* (tally: Tally) {
  const sql = yield* SqlClient.SqlClient
  yield* awaitOthers
  const written = yield* sql`SELECT id::text, count(*)::int AS times FROM public.operation GROUP BY id`.pipe(
    Effect.flatMap(Schema.decodeUnknownEffect(Written))
  )
  const counted = yield* sql`
    SELECT worker, value::text AS increments,
      (SELECT count(*)::int FROM public.operation WHERE operation.worker = counter.worker) AS rows
    FROM public.counter ORDER BY worker
  `.pipe(Effect.flatMap(Schema.decodeUnknownEffect(Counted)))
  const { duplicated, findings, lost, unknownApplied } = judge(
    tally,
    new Map(written.map(({ id, times }) => [id, times]))
  )
  const missing = counted.map(({ increments, rows }) => Math.max(0, rows - increments))
  const surplus = counted.map(({ increments, rows }) => Math.max(0, increments - rows))
  const uneven = counted.flatMap(({ increments, rows, worker }) =>
    increments === rows ? [] : [`worker ${worker} wrote ${rows} rows and counted ${increments}`]
  )
  const sum = (counts: ReadonlyArray<number>) => counts.reduce((total, count) => total + count, 0)
  return {
    lost: lost + sum(missing),
    duplicated: duplicated + sum(surplus),
    unknownApplied,
    findings: [...findings.slice(0, shownFindings), ...uneven]
  }
})
