import { assert, it } from "@effect/vitest"
import { Cause, Effect } from "effect"
import { SqlClient } from "effect/sql"
import { DatabaseError } from "../../src/error/DatabaseError.ts"
import { ConnectionLost, OutcomeUnknown, RetriesExhausted } from "../../src/error/Reason.ts"
import { freshClient } from "../support/Database.ts"
import { Tally } from "./Tally.ts"
import { judgeDatabase } from "./Verdict.ts"
import { createTables, statements } from "./Workload.ts"

const failure = (reason: DatabaseError["reason"]) => Cause.fail(new DatabaseError({ reason }))

/** The verdict on a database in which each operation was written so many times by the one worker. */
const judged = (times: ReadonlyArray<number>, tell: (tally: Tally) => void, increments = 0) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    yield* createTables(1)
    for (const [id, count] of times.entries()) {
      for (let time = 0; time < count; time++) yield* sql.withTransaction(statements(sql, { id, worker: 0 }))
    }
    yield* sql`UPDATE public.counter SET value = value + ${increments}`
    const tally = new Tally(times.length)
    tell(tally)
    const { duplicated, lost } = yield* judgeDatabase(tally)
    return { lost, duplicated, unknown: tally.count("unknown") }
  }).pipe(Effect.provide(freshClient(), { local: true }))

const clean = { lost: 0, duplicated: 0, unknown: 0 }

it.live("Finds nothing where all that was acknowledged is there once and nothing that failed", () =>
  Effect.gen(function* () {
    const verdict = yield* judged([1, 0], (tally) => {
      tally.acknowledge(0)
      tally.fail(1, failure(new ConnectionLost({})))
    })
    assert.deepStrictEqual(verdict, clean)
  })
)

it.live("Finds an operation that was acknowledged and is not there", () =>
  Effect.gen(function* () {
    const verdict = yield* judged([1, 0], (tally) => {
      tally.acknowledge(0)
      tally.acknowledge(1)
    })
    assert.deepStrictEqual(verdict, { ...clean, lost: 1 })
  })
)

it.live("Finds an operation that is there twice, and one that was reported as failed and is there", () =>
  Effect.gen(function* () {
    const verdict = yield* judged([2, 1], (tally) => {
      tally.acknowledge(0)
      tally.fail(1, failure(new ConnectionLost({})))
    })
    assert.deepStrictEqual(verdict, { ...clean, duplicated: 2 })
  })
)

it.live("Takes an unknown outcome for what it is, behind exhausted retries and as a defect too", () =>
  Effect.gen(function* () {
    const verdict = yield* judged([1, 0, 1, 2], (tally) => {
      const last = new OutcomeUnknown({})
      tally.fail(0, failure(last))
      tally.fail(1, failure(new RetriesExhausted({ attempts: [], last })))
      tally.fail(2, Cause.die(new Error("a bug")))
      tally.fail(3, failure(last))
    })
    assert.deepStrictEqual(verdict, { lost: 0, duplicated: 1, unknown: 4 })
  })
)

it.live("Finds increments that are missing or too many", () =>
  Effect.gen(function* () {
    assert.deepStrictEqual(yield* judged([1], (tally) => tally.acknowledge(0), -1), { ...clean, lost: 1 })
    assert.deepStrictEqual(yield* judged([1], (tally) => tally.acknowledge(0), 1), { ...clean, duplicated: 1 })
  })
)
