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
import type { MigrationError } from "../MigrationError.ts"
import type { MigrationEffect } from "../MigrationSource.ts"
import { effectFailed, statementFailed } from "./failed.ts"
import { hasTransaction } from "./prepare.ts"
import { statementsOf } from "./resume.ts"
import type { Statement } from "./splitter.ts"
import type { Task } from "./task.ts"

/** How many statements have finished. */
export interface Progress {
  statements: number
}

type Steps<E> = ReadonlyArray<Step<E | MigrationError>>

/**
 * All of it, one after the other. What comes ahead goes out together with the first
 * statement. `last` is left to the caller where it is asked for: what has not gone out.
 */
export const execute = <E>(
  task: Task,
  ahead: Steps<E>,
  progress: Progress,
  last: "run" | "leave"
): Effect.Effect<Steps<E>, E | MigrationError> => {
  const { work } = task.prepared
  const { connection } = task.current.client
  const counted = Effect.sync(() => progress.statements++)
  if (work._tag === "Effect") {
    const executed = Effect.andThen(runSteps(connection, ahead), executeEffect(task, work.effect))
    return Effect.as(Effect.andThen(executed, counted), [])
  }
  const left = last === "leave" ? stepsOf(task, work.statements.slice(-1)) : []
  const run = left.length === 0 ? work.statements : work.statements.slice(0, -1)
  if (run.length === 0) return Effect.succeed([...ahead, ...left])
  return Effect.as(
    Effect.forEach(
      run,
      (statement, index) => {
        const executed = executeStatement(task, statement, index + 1)
        return Effect.andThen(index === 0 ? inOneWrite(connection, ahead, executed) : executed, counted)
      },
      { discard: true }
    ),
    left
  )
}

/** None for rows that have to be sent after their statement. */
const stepsOf = ({ prepared }: Task, [statement]: ReadonlyArray<Statement>): Steps<never> => {
  if (statement === undefined || statement.copyData !== undefined) return []
  const failed = statementFailed(prepared, statementsOf(prepared).length, statement)
  const { text } = statement
  return [{ text, values: [], refused: (error) => failed(DatabaseError.fromSqlError(error, { statement: text })) }]
}

/** Sends what `execute` has left together with the end of the transaction. */
export const executeRest = <E, E2>(
  task: Task,
  left: Steps<E>,
  progress: Progress,
  ending: ReadonlyArray<Step<E>>,
  commit: Effect.Effect<unknown, E2>
): Effect.Effect<void, E | E2 | MigrationError> => {
  const { connection } = task.current.client
  const number = statementsOf(task.prepared).length
  if (progress.statements >= number) return Effect.asVoid(inOneWrite(connection, [...left, ...ending], commit))
  const all = [...left.map(inPhase("statement")), ...ending.map(inPhase("end"))]
  const sent = inOneWrite(
    connection,
    all,
    Effect.mapError(commit, (error) => ({ error, phase: "end" as const }))
  )
  const finished = Effect.sync(() => progress.statements++)
  return sent.pipe(
    Effect.tapError(({ phase }) => (phase === "end" ? finished : Effect.void)),
    Effect.mapError(({ error }) => error),
    Effect.tap(finished),
    (running) => reported(task, number, running)
  )
}

const inPhase =
  (phase: "statement" | "end") =>
  <E>({ refused, ...step }: Step<E>) => ({ ...step, refused: (error: SqlError) => ({ error: refused(error), phase }) })

/** `number` is that of the statement, counted from 1. `text` is another one only where that finishes it. */
export const executeStatement = (
  task: Task,
  statement: Statement,
  number: number,
  text: string = statement.text
): Effect.Effect<void, MigrationError> =>
  send(task.current.client.connection, text, statement.copyData).pipe(
    Effect.mapError((error) => DatabaseError.fromSqlError(error, { statement: text })),
    Effect.mapError(statementFailed(task.prepared, number, statement)),
    (sent) => reported(task, number, sent)
  )

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
  return Effect.provideContext(effect, hasTransaction(task.prepared) ? services : servicesOutside).pipe(
    Effect.catchDefect((defect) => Effect.fail(defect)),
    Effect.mapError((error) =>
      effectFailed(task.prepared, isSqlError(error) ? DatabaseError.fromSqlError(error) : error)
    ),
    (run) => reported(task, 1, run)
  )
}

const reported = <A, E>({ prepared: { work }, report, step }: Task, statement: number, sent: Effect.Effect<A, E>) =>
  Effect.gen(function* () {
    const started = yield* Clock.currentTimeNanos
    yield* sent
    const duration = Duration.nanos((yield* Clock.currentTimeNanos) - started)
    const statements = work._tag === "Statements" ? work.statements.length : 1
    yield* report({ ...step, _tag: "StatementFinished", statement, statements, duration })
  })
