/**
 * What follows a migration's own work, in the same transaction and under the
 * settings of the run again, whatever the file has set: its verify, and the hook.
 *
 * What a verify does is undone, so it may try out what it asks about: write a row
 * that a constraint has to refuse, act as another role.
 */
import * as Effect from "effect/Effect"
import type { Connection } from "effect/sql/SqlConnection"
import { isSqlError, type SqlError } from "effect/sql/SqlError"
import type { Step } from "../../connection/internal/oneWrite.ts"
import { DatabaseError } from "../../error/DatabaseError.ts"
import { MigrationError } from "../MigrationError.ts"
import { VerifyFailed } from "../MigrationErrorReason.ts"
import { failedAtTheEnd } from "./failed.ts"
import * as History from "./history.ts"
import { callEach } from "./hooks.ts"
import { subject } from "./migration.ts"
import { hasTransaction, type Verification } from "./prepare.ts"
import { statementsOf } from "./resume.ts"
import { enter, leave, leaving } from "./settings.ts"
import type { Statement } from "./splitter.ts"
import type { Task } from "./task.ts"

/** Whether anything does. */
export const isConcluded = ({ current, prepared }: Task): boolean =>
  prepared.verify !== undefined || current.hooks.afterEach !== undefined

/** In the transaction that the migration ran in, or, if it has none, in one of its own. The session is left by whoever ends it. */
export const conclude = Effect.fnUntraced(function* (task: Task) {
  const { current, prepared } = task
  const { connection } = current.client
  if (!isConcluded(task)) return
  yield* Effect.mapError(leave(connection), (error) => failedAtTheEnd(prepared, error))
  yield* enter(connection, current.settings, current.pid)
  if (prepared.verify !== undefined) yield* verify(task, prepared.verify)
  yield* callEach(task, "afterEach")
})

/** What goes out with the COMMIT. `before` is what was known when the transaction began. */
export const ending = (
  { current, prepared }: Task,
  before: History.Outcome
): ReadonlyArray<Step<MigrationError | DatabaseError>> => {
  const record = prepared.direction === "up" ? History.applied : History.reverted
  const statements = prepared.work._tag === "Effect" ? 1 : statementsOf(prepared).length
  return [
    leaving((error) => failedAtTheEnd(prepared, error)),
    record(prepared.migration, { ...before, statements }, current.origin)
  ]
}

/** A failure rolls back the whole transaction, and this savepoint with it. */
const verify = Effect.fnUntraced(function* (task: Task, { script, work }: Verification) {
  const { connection, services } = task.current.client
  const failed = failedVerify(task, script.file)
  yield* control(connection, "SAVEPOINT pgkeel_verify")
  if (work._tag === "Effect") {
    const result = yield* work.effect.pipe(
      Effect.provideContext(services),
      Effect.catchDefect((defect) => Effect.fail(defect)),
      Effect.mapError((error) => failed(isSqlError(error) ? DatabaseError.fromSqlError(error) : error))
    )
    if (result === false) yield* Effect.fail(failed(new Error("it returned false")))
  } else {
    yield* Effect.forEach(work.statements, (statement, index) => ask(connection, statement, index + 1, failed), {
      discard: true
    })
  }
  yield* control(connection, "ROLLBACK TO SAVEPOINT pgkeel_verify")
})

type Failed = (cause: unknown, place?: { readonly statement: number; readonly line: number }) => MigrationError

const ask = Effect.fnUntraced(function* (
  connection: Connection,
  { line, text }: Statement,
  statement: number,
  failed: Failed
) {
  const rows = yield* connection
    .executeValuesUnprepared(text, [])
    .pipe(Effect.mapError((error: SqlError) => failed(DatabaseError.fromSqlError(error), { statement, line })))
  const problem = rows.map(problemOf).find((found) => found !== undefined)
  if (problem !== undefined) yield* Effect.fail(failed(new Error(problem), { statement, line }))
})

/** A condition about something that is not there is NULL, and so is not taken for true. */
const problemOf = (row: ReadonlyArray<unknown>): string | undefined => {
  if (row.includes(false)) return "it returned false"
  return row.length > 0 && row.every((value) => value === null) ? "it returned nothing but NULL" : undefined
}

const failedVerify =
  ({ prepared }: Task, verify: string): Failed =>
  (cause, place) => {
    const where = { ...subject(prepared.migration, prepared.script), verify, ...place }
    return new MigrationError({ reason: new VerifyFailed({ ...where, transaction: hasTransaction(prepared), cause }) })
  }

const control = (connection: Connection, statement: string) =>
  DatabaseError.refine(connection.executeUnprepared(statement, [], undefined))
