/**
 * Runs one migration: its statements and its row of the history in one
 * transaction, so that it happens completely and is known to have happened, or
 * neither. That it failed is written afterwards, in a second transaction. What
 * has no transaction is run step by step: see steps.ts.
 */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { inOneWrite, runSteps as sendSteps } from "../../connection/internal/oneWrite.ts"
import { DatabaseError } from "../../error/DatabaseError.ts"
import type { MigrationError } from "../MigrationError.ts"
import { conclude, ending } from "./conclusion.ts"
import { execute, type Progress } from "./execution.ts"
import { commitFailed, notRecorded } from "./failed.ts"
import * as History from "./history.ts"
import * as Steps from "./historySteps.ts"
import { callEach } from "./hooks.ts"
import { subject } from "./migration.ts"
import { patiently } from "./patience.ts"
import { hasTransaction } from "./prepare.ts"
import { obstacle } from "./resume.ts"
import { outcomeOf, placeIn, type Task } from "./task.ts"
import { beginning, enter, settingsOf } from "./settings.ts"
import { runSteps } from "./steps.ts"

type Failure = MigrationError | DatabaseError

/** How long it took, up to its commit. `alone` is an attempt of its own, for where none is under way after all. */
export type Attempt = (
  progress: Progress,
  alone: Effect.Effect<Duration.Duration, Failure>
) => Effect.Effect<Duration.Duration, Failure>

/** Returns how long it took, up to its commit. `first` takes the place of its first attempt, where that is under way. */
export const run = (task: Task, first?: Attempt): Effect.Effect<Duration.Duration, Failure> => {
  const { migration, script } = task.prepared
  return Effect.suspend(() => (hasTransaction(task.prepared) ? runInTransaction(task, first) : runSteps(task))).pipe(
    Effect.tap((duration) => task.report({ ...task.step, _tag: "Finished", duration })),
    Effect.withSpan(`Migrator.${task.prepared.direction}.migration`, { attributes: { ...subject(migration, script) } })
  )
}

const runInTransaction = Effect.fnUntraced(function* (task: Task, first: Attempt | undefined) {
  const progress = { statements: 0, isCommitted: false }
  yield* refuseHalfDone(task)
  yield* task.report({ ...task.step, _tag: "Started", statements: 0 })
  const started = yield* Clock.currentTimeNanos
  const elapsed = Effect.map(Clock.currentTimeNanos, (now) => Duration.nanos(now - started))
  const alone = Effect.flatMap(elapsed, (before) => {
    progress.statements = 0
    return runOnce(task, progress, before)
  }).pipe(Effect.andThen(elapsed))
  let attempts = 0
  const attempt = Effect.suspend(() => (first === undefined || attempts++ > 0 ? alone : first(progress, alone)))
  return yield* patiently(task.current.patience, attempt, task.blocked).pipe(
    Effect.tapCause((cause) =>
      progress.isCommitted
        ? Effect.void
        : Effect.flatMap(elapsed, (duration) =>
            recordFailure(task, outcomeOf(task, duration, progress.statements), cause)
          )
    )
  )
})

/** It had no transaction when it was begun, and some of it stays. */
const refuseHalfDone = Effect.fnUntraced(function* (task: Task) {
  if (task.row?.partly !== true) return
  const point = yield* Steps.read(task.current.client.connection, placeIn(task))
  const problem = point && obstacle(task.prepared, point)
  if (problem !== undefined) yield* Effect.fail(problem)
})

/** `before` is how long it has taken when the transaction begins. */
const runOnce = (task: Task, progress: Progress, before: Duration.Duration) => {
  const { connection, transaction } = task.current.client
  return transaction(
    Effect.gen(function* () {
      yield* execute(task, yield* begin(task), progress)
      yield* conclude(task)
      // Once the row is written the transaction is known to be sound: this COMMIT cannot turn out to be a ROLLBACK.
      const last = ending(task, outcomeOf(task, before, progress.statements))
      const commit = connection.executeUnprepared("COMMIT", [], undefined)
      yield* inOneWrite(
        connection,
        last,
        Effect.mapError(commit, (error) => commitFailed(task.prepared, error))
      )
    })
  ).pipe(DatabaseError.refine)
}

/** Goes out with the first statement, unless the hook has one before. */
const begin = Effect.fnUntraced(function* (task: Task) {
  const { current, prepared } = task
  const steps = beginning(settingsOf(current.settings, prepared), current.pid)
  if (current.hooks.beforeEach === undefined) return steps
  yield* sendSteps(current.client.connection, steps)
  yield* callEach(task, "beforeEach")
  return []
})

const recordFailure = (
  { current: { client, pid, settings }, prepared: { direction, migration } }: Task,
  outcome: History.Outcome,
  cause: Cause.Cause<MigrationError | DatabaseError>
) => {
  if (Cause.hasInterruptsOnly(cause)) return Effect.void
  const error = Cause.squash(cause)
  const text = error instanceof Error ? error.message : String(error)
  const { connection, sql } = client
  return sql
    .withTransaction(
      Effect.andThen(
        enter(connection, settings, pid),
        direction === "up"
          ? History.failed(connection, migration, outcome, text)
          : History.revertFailed(connection, migration, outcome, text)
      )
    )
    .pipe(Effect.catch(notRecorded))
}
