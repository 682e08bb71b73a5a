/**
 * Writes that can be counted afterwards. Each inserts its id into a table without
 * a key, so that a second time is seen and not refused, and adds one to the
 * counter of its worker, so that half a transaction is seen too.
 */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import * as Retry from "../../src/error/Retry.ts"
import { SessionFactory } from "../../src/session/SessionFactory.ts"
import type { Tally } from "./Tally.ts"

export interface Operation {
  readonly id: number
  readonly worker: number
}

/** Makes one operation, however often it has to be tried. */
export type Writer = (operation: Operation) => Effect.Effect<unknown, unknown>

/** The tables, without a fault in the way. */
export const createTables = Effect.fnUntraced(function* (workers: number) {
  const sql = yield* SqlClient.SqlClient
  yield* sql`CREATE TABLE public.operation (
    id bigint NOT NULL, worker int NOT NULL, at timestamptz NOT NULL DEFAULT now()
  )`
  yield* sql`CREATE INDEX ON public.operation (id)`
  yield* sql`CREATE TABLE public.counter (worker int PRIMARY KEY, value bigint NOT NULL) WITH (fillfactor = 50)`
  yield* sql`INSERT INTO public.counter SELECT worker, 0 FROM generate_series(0, ${workers - 1}::int) worker`
})

/** What one operation does in its transaction. */
export const statements = (sql: SqlClient.SqlClient, { id, worker }: Operation) =>
  Effect.andThen(
    sql`INSERT INTO public.operation (id, worker) VALUES (${id}, ${worker})`,
    sql`UPDATE public.counter SET value = value + 1 WHERE worker = ${worker}`
  )

/** Patient enough to outlast a restart of the server. */
const patience: Retry.Options = { attempts: 10_000, budget: "1 minute", base: "5 millis", cap: "250 millis" }

/** The way an application is meant to write: a session for each operation, run again as a whole. */
export const sessionWriter = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const { withSession } = yield* SessionFactory
  const retried = Retry.transaction(patience)
  return (operation: Operation) =>
    statements(sql, operation).pipe(
      withSession({ actor: `worker-${operation.worker}`, tenant: "exactly-once", component: "faults" }),
      retried
    )
})

/** No policy is this patient: an operation that takes longer hangs. */
const hangs = "3 minutes"

/** All operations, by workers that each make one at a time. */
export const runWorkload = (tally: Tally, workers: number, write: Writer): Effect.Effect<void> => {
  const settle = (operation: Operation) =>
    write(operation).pipe(
      Effect.timeoutOrElse({ duration: hangs, orElse: () => Effect.die(new Error(`it did not end within ${hangs}`)) }),
      Effect.matchCause({
        onSuccess: () => tally.acknowledge(operation.id),
        onFailure: (cause) => tally.fail(operation.id, cause)
      })
    )
  const work = Effect.fnUntraced(function* (worker: number) {
    for (let id = worker; id < tally.operations; id += workers) yield* settle({ id, worker })
  })
  return Effect.forEach(
    Array.from({ length: workers }, (_, worker) => worker),
    work,
    {
      concurrency: "unbounded",
      discard: true
    }
  )
}
