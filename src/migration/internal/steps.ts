/**
 * Runs a migration that has no transaction, statement by statement, so that it
 * can be broken off anywhere and go on where it stopped.
 *
 * A statement that may run in a transaction shares one with the note that it has
 * finished: it happens exactly once. One that may not is announced in the
 * history before it is sent; when its end was not seen, the database is asked
 * what became of it (recovery.ts). The session keeps the settings of the file
 * from the first statement to the last, and an Effect is one statement, which
 * has to bear being run again.
 */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { SqlError } from "effect/sql/SqlError"
import { DatabaseError } from "../../error/DatabaseError.ts"
import type { MigrationError } from "../MigrationError.ts"
import type { Recovery } from "./alone.ts"
import { conclude, isConcluded } from "./conclusion.ts"
import { executeEffect, executeStatement } from "./execution.ts"
import { notRecorded } from "./failed.ts"
import { isTransactionRefused } from "./failureText.ts"
import * as Steps from "./historySteps.ts"
import { callEach } from "./hooks.ts"
import { patiently } from "./patience.ts"
import { clear, type Found, recover } from "./recovery.ts"
import { mayHaveCommitted, mismatch, statementsOf, uncertain, uncertainty } from "./resume.ts"
import { enter, leave, settingsOf, stillHeld } from "./settings.ts"
import type { Statement } from "./splitter.ts"
import { placeIn, type Task } from "./task.ts"

type Failure = MigrationError | DatabaseError

const nothing: Steps.Point = { statements: 0, doneChecksum: Steps.nothingDone, begun: null, knownIndexes: null }

export const runSteps = Effect.fnUntraced(function* (task: Task) {
  const { connection } = task.current.client
  const place = placeIn(task)
  const point = (yield* Steps.read(connection, place)) ?? nothing
  const problem = mismatch(task.prepared, point)
  if (problem !== undefined) return yield* Effect.fail(problem)
  yield* note(task, Steps.begin(connection, place))
  yield* task.report({ ...task.step, _tag: "Started", statements: point.statements })
  const started = yield* Clock.currentTimeNanos
  yield* before(task).pipe(
    Effect.andThen(inSession(task, allSteps(task, point))),
    Effect.andThen(after(task)),
    Effect.tapCause((cause) => recordStop(task, cause))
  )
  const duration = Duration.nanos((yield* Clock.currentTimeNanos) - started)
  yield* note(task, Steps.finish(connection, place, { duration, statements: statementsOf(task.prepared).length || 1 }))
  return duration
})

/** What stands around the steps has a transaction of its own, under the settings of the run. */
const before = (task: Task): Effect.Effect<void, Failure> => {
  const { client, hooks, pid, settings } = task.current
  if (hooks.beforeEach === undefined) return Effect.void
  const call = Effect.andThen(enter(client.connection, settings, pid), callEach(task, "beforeEach"))
  return patiently(task.current.patience, DatabaseError.refine(client.sql.withTransaction(call)), task.blocked)
}

const after = (task: Task): Effect.Effect<void, Failure> =>
  isConcluded(task)
    ? patiently(
        task.current.patience,
        DatabaseError.refine(
          task.current.client.sql.withTransaction(Effect.andThen(conclude(task), leave(task.current.client.connection)))
        ),
        task.blocked
      )
    : Effect.void

/** Writes to the history as the login, whatever role the file has taken. */
const note = <A, E>({ current: { client } }: Task, write: Effect.Effect<A, E>): Effect.Effect<A, E | Failure> =>
  client.sql.withTransaction(asLogin(client.connection, write)).pipe(DatabaseError.refine)

const asLogin = <A, E>(
  connection: Task["current"]["client"]["connection"],
  write: Effect.Effect<A, E>
): Effect.Effect<A, E | Failure | SqlError> =>
  connection
    .executeUnprepared("SET LOCAL role TO DEFAULT", [], undefined)
    .pipe(Effect.andThen(stillHeld(connection)), Effect.andThen(write))

/** With the settings of the file, which go at its end however it ends. */
const inSession = <A>({ current, prepared }: Task, use: Effect.Effect<A, Failure>): Effect.Effect<A, Failure> => {
  const { connection } = current.client
  return Effect.acquireUseRelease(
    enter(connection, settingsOf(current.settings, prepared), current.pid, "session"),
    () => use,
    (_, exit) => (exit._tag === "Success" ? leave(connection) : Effect.ignore(leave(connection)))
  )
}

const allSteps = (task: Task, point: Steps.Point): Effect.Effect<void, Failure> => {
  const { work } = task.prepared
  if (work._tag === "Effect") return patiently(task.current.patience, executeEffect(task, work.effect), task.blocked)
  const problem = uncertainty(task.prepared, point)
  if (problem !== undefined) return Effect.fail(problem)
  const done = work.statements.slice(0, point.statements)
  const settings = done.filter(({ recovery }) => recovery?._tag === "Setting")
  return Effect.gen(function* () {
    for (const { text } of settings) {
      yield* DatabaseError.refine(task.current.client.connection.executeUnprepared(text, [], undefined))
    }
    let checksum = point.doneChecksum
    for (const [index, statement] of work.statements.entries()) {
      if (index < point.statements) continue
      checksum = Steps.doneWith(checksum, statement)
      yield* oneStep(task, { statement, number: index + 1, checksum }, index === point.statements ? point : nothing)
    }
  })
}

/** A statement of the file, which number it is, counted from 1, and what is done once it has finished. */
interface Step {
  readonly statement: Statement
  readonly number: number
  readonly checksum: string
}

const oneStep = (task: Task, step: Step, point: Steps.Point): Effect.Effect<void, Failure> => {
  const { recovery } = step.statement
  const known = point.begun === null ? undefined : point.knownIndexes
  if (recovery !== undefined && recovery._tag !== "Setting") return apart(task, step, recovery, known)
  // It was begun by an earlier run, which had found out that it cannot share one.
  if (known !== undefined) return apart(task, step, unknown, known)
  return Effect.catch(together(task, step), (error) =>
    cannotShare(error) ? apart(task, step, unknown, undefined) : Effect.fail(error)
  )
}

/** Nothing tells what became of it. */
const unknown: Recovery = { _tag: "Unknown" }

/** Whether a transaction is what the server has against it: then nothing of it has been done. */
const cannotShare = (error: Failure): boolean => {
  const reason = error._tag === "MigrationError" && error.reason._tag === "StatementFailed" && error.reason.cause.reason
  return reason !== false && isTransactionRefused(reason)
}

/** In one transaction with its note. */
const together = (task: Task, { checksum, number, statement }: Step): Effect.Effect<void, Failure> => {
  const { connection, sql } = task.current.client
  const counted = asLogin(connection, Steps.count(connection, placeIn(task), number, checksum))
  const transaction = sql
    .withTransaction(Effect.andThen(executeStatement(task, statement, number), counted))
    .pipe(DatabaseError.refine)
  return patiently(task.current.patience, transaction, task.blocked)
}

/** By itself. `known` is there if it was begun by an earlier run: the indexes that its table had then. */
const apart = Effect.fnUntraced(function* (
  task: Task,
  step: Step,
  recovery: Recovery,
  known: string | null | undefined
) {
  const { connection } = task.current.client
  const place = placeIn(task)
  const table = recovery._tag === "Index" ? recovery.table : undefined
  if (known === undefined) {
    yield* patiently(task.current.patience, clear(connection, recovery), task.blocked)
    yield* note(task, Steps.markBegun(connection, place, step.statement.text, table))
  }
  const indexes = known ?? (yield* Steps.read(connection, place))?.knownIndexes ?? null
  const look = recover(connection, recovery, indexes)
  const first: Found = known === undefined ? { _tag: "Run" } : yield* look
  yield* patiently(task.current.patience, proceed(task, step, first, look), task.blocked).pipe(
    Effect.tapError((error) => (isLost(error) ? Effect.void : tidy(task, recovery, look)))
  )
  yield* note(task, Steps.count(connection, place, step.number, step.checksum))
})

/** What was found is true of the first attempt only. */
const proceed = (task: Task, step: Step, first: Found, look: Effect.Effect<Found, DatabaseError>) => {
  let next: Effect.Effect<Found, DatabaseError> = Effect.succeed(first)
  return Effect.suspend(() => {
    const found = next
    next = look
    return Effect.flatMap(found, (state) => act(task, step, state))
  })
}

const act = (task: Task, step: Step, found: Found): Effect.Effect<void, MigrationError> => {
  switch (found._tag) {
    case "Happened":
      return Effect.void
    case "Run":
      return executeStatement(task, step.statement, step.number, found.instead)
    case "Unknown":
      return Effect.fail(uncertain(task.prepared, step.number - 1, mayHaveCommitted))
  }
}

/** Nobody knows what the server did behind a connection that is gone. */
const isLost = (error: Failure): boolean => {
  if (error._tag === "DatabaseError") return error.connectionLost
  const { reason } = error
  if (reason._tag === "StatementUncertain") return true
  return reason._tag === "StatementFailed" && reason.cause.connectionLost
}

/** The server refused it: nothing of it may be left, and it is not begun any more. */
const tidy = (task: Task, recovery: Recovery, look: Effect.Effect<Found, DatabaseError>): Effect.Effect<void> => {
  const removed = recovery._tag === "Index" || recovery._tag === "Reindex" ? Effect.asVoid(look) : Effect.void
  const stays = recovery._tag === "Detach" || recovery._tag === "IndexGone"
  const forgotten = stays ? Effect.void : note(task, Steps.unmark(task.current.client.connection, placeIn(task)))
  return Effect.ignore(Effect.andThen(removed, forgotten))
}

const recordStop = (task: Task, cause: Cause.Cause<Failure>): Effect.Effect<void> => {
  if (Cause.hasInterruptsOnly(cause)) return Effect.void
  const error = Cause.squash(cause)
  const text = error instanceof Error ? error.message : String(error)
  return note(task, Steps.stop(task.current.client.connection, placeIn(task), text)).pipe(Effect.catch(notRecorded))
}
