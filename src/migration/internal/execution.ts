/** Sends what a migration runs, and tells how it goes on. */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { Connection } from "effect/sql/SqlConnection"
import { isSqlError, type SqlError } from "effect/sql/SqlError"
import { inOneWrite, runSteps, type Step } from "../../connection/internal/oneWrite.ts"
import { copyIn } from "../../connection/CopyProtocol.ts"
import { DatabaseError } from "../../error/DatabaseError.ts"
import type { BackfillProgress } from "../BackfillProgress.ts"
import type { MigrationError } from "../MigrationError.ts"
import type { MigrationEffect } from "../MigrationSource.ts"
import { BackfillListener } from "./backfillListener.ts"
import { effectFailed, statementFailed } from "./failed.ts"
import { hasTransaction } from "./prepare.ts"
import type { Statement } from "./splitter.ts"
import type { Task } from "./task.ts"

export interface Progress {
  /** How many statements have finished. */
  statements: number
  /** Whether all of it stays, although who was to be told of it has failed. */
  isCommitted: boolean
}

/** All of it, one after the other. What comes ahead goes out together with the first statement. */
export const execute = <E>(
  task: Task,
  ahead: ReadonlyArray<Step<E>>,
  progress: Progress
): Effect.Effect<void, E | MigrationError> => {
  const { work } = task.prepared
  const { connection } = task.current.client
  const counted = Effect.sync(() => progress.statements++)
  if (work._tag === "Effect" || work.statements.length === 0) {
    const begun = runSteps(connection, ahead)
    return work._tag === "Effect"
      ? Effect.andThen(begun, Effect.andThen(executeEffect(task, work.effect), counted))
      : begun
  }
  return Effect.forEach(
    work.statements,
    (statement, index) => {
      const executed = executeStatement(task, statement, index + 1)
      return Effect.andThen(index === 0 ? inOneWrite(connection, ahead, executed) : executed, counted)
    },
    { discard: true }
  )
}

/** `number` is that of the statement, counted from 1. `text` is another one only where that finishes it. */
export const executeStatement = (
  task: Task,
  statement: Statement,
  number: number,
  text: string = statement.text
): Effect.Effect<void, MigrationError> =>
  send(task.current.client.connection, text, statement.copyData).pipe(
    Effect.mapError((error) => DatabaseError.fromSqlError(error, { statement: text, ...phaseOf(task) })),
    Effect.mapError(statementFailed(task.prepared, number, statement)),
    (sent) => reported(task, number, sent)
  )

/** BEGIN may have gone out with it: then nothing of it is committed, whatever its write has begun with. */
const phaseOf = ({ prepared }: Task) => (hasTransaction(prepared) ? ({ phase: "transaction_open" } as const) : {})

export const send = (
  connection: Connection,
  text: string,
  copyData: string | undefined
): Effect.Effect<unknown, SqlError> =>
  copyData === undefined
    ? connection.executeUnprepared(text, [], undefined)
    : copyIn(connection, text, Stream.fromIterable(chunksOf(copyData)))

const chunkBytes = 65_536

/** A dump may have more rows than should be on their way at once. */
function* chunksOf(text: string): Generator<Uint8Array> {
  const bytes = Buffer.from(text, "utf8")
  for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes)
}

export const executeEffect = (task: Task, effect: MigrationEffect): Effect.Effect<void, MigrationError> => {
  const { services, servicesOutside } = task.current.client
  // What the listener dies of is not the migration's failure.
  const deaths = new Set<unknown>()
  const told = (backfill: BackfillProgress) =>
    Effect.tapDefect(task.report({ ...task.step, _tag: "Backfill", backfill }), (defect) =>
      Effect.sync(() => void deaths.add(defect))
    )
  return Effect.provideContext(effect, hasTransaction(task.prepared) ? services : servicesOutside).pipe(
    Effect.provideService(BackfillListener, told),
    Effect.catchDefect((defect) => (deaths.has(defect) ? Effect.die(defect) : Effect.fail(defect))),
    Effect.mapError((error) =>
      effectFailed(task.prepared, isSqlError(error) ? DatabaseError.fromSqlError(error) : error)
    ),
    (run) => reported(task, 1, run)
  )
}

const reported = <A, E>(task: Task, statement: number, sent: Effect.Effect<A, E>) =>
  Effect.gen(function* () {
    const started = yield* Clock.currentTimeNanos
    yield* sent
    yield* report(task, statement, Duration.nanos((yield* Clock.currentTimeNanos) - started))
  })

/** Tells that a statement has finished, and how long it took. */
export const report = ({ prepared: { work }, report, step }: Task, statement: number, duration: Duration.Duration) =>
  report({
    ...step,
    _tag: "StatementFinished",
    statement,
    statements: work._tag === "Statements" ? work.statements.length : 1,
    duration
  })
