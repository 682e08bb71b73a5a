/**
 * Runs one migration: its statements and its row of the history in one
 * transaction, so that it happens completely and is known to have happened, or
 * neither. That it failed is written afterwards, in a second transaction.
 */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import { isSqlError } from "effect/sql/SqlError"
import { DatabaseError } from "../../error/DatabaseError.ts"
import { MigrationError } from "../MigrationError.ts"
import { EffectFailed, StatementFailed } from "../MigrationErrorReason.ts"
import type { MigrationEffect } from "../MigrationSource.ts"
import type { MigrationClient } from "./client.ts"
import * as History from "./history.ts"
import { subject } from "./migration.ts"
import type { Prepared } from "./prepare.ts"
import { enter, leave, type Settings } from "./settings.ts"
import { characterToIndex, columnAt, lineAt, type Statement } from "./splitter.ts"

/** What is the same for all migrations of a run. */
export interface Run {
  readonly client: MigrationClient
  readonly settings: Settings
  /** The server process that holds the lock. */
  readonly pid: number
}

/** Returns how long it took, up to its commit. `rowId` is the id in the history, if it is there. */
export const run = (current: Run, prepared: Prepared, rowId: string | undefined) =>
  Effect.suspend(() => {
    const progress = { statements: 0 }
    return attempt(current, prepared, rowId, progress)
  }).pipe(
    Effect.withSpan(`Migrator.${prepared.direction}.migration`, {
      attributes: { ...subject(prepared.migration, prepared.script) }
    })
  )

interface Progress {
  statements: number
}

const attempt = Effect.fnUntraced(function* (
  current: Run,
  prepared: Prepared,
  rowId: string | undefined,
  progress: Progress
) {
  const {
    client: { connection, sql },
    pid,
    settings
  } = current
  const { direction, migration } = prepared
  const started = yield* Clock.currentTimeNanos
  const outcome = Effect.map(Clock.currentTimeNanos, (now): History.Outcome => ({
    id: rowId ?? migration.id,
    duration: Duration.nanos(now - started),
    statements: progress.statements
  }))
  const transaction = sql
    .withTransaction(
      Effect.gen(function* () {
        yield* enter(connection, settings, pid)
        yield* execute(current, prepared, progress)
        yield* leave(connection).pipe(Effect.mapError(atTheEnd(prepared, progress)))
        const done = yield* outcome
        yield* direction === "up"
          ? History.applied(connection, migration, done)
          : History.reverted(connection, migration, done)
        return done.duration
      })
    )
    .pipe(DatabaseError.refine)
  return yield* Effect.tapCause(transaction, (cause) =>
    Effect.flatMap(outcome, (done) => recordFailure(current, prepared, done, cause))
  )
})

const execute = ({ client }: Run, prepared: Prepared, progress: Progress) => {
  const { work } = prepared
  if (work._tag === "Effect") {
    return Effect.tap(runEffect(client, prepared, work.effect), () => Effect.sync(() => (progress.statements = 1)))
  }
  return Effect.forEach(
    work.statements,
    (statement) =>
      client.connection.executeUnprepared(statement.text, [], undefined).pipe(
        Effect.mapError((error) => DatabaseError.fromSqlError(error, { statement: statement.text })),
        Effect.mapError(statementFailed(prepared, progress.statements + 1, statement)),
        Effect.tap(() => Effect.sync(() => progress.statements++))
      ),
    { discard: true }
  )
}

const runEffect = ({ services }: MigrationClient, prepared: Prepared, effect: MigrationEffect) =>
  Effect.provideContext(effect, services).pipe(
    Effect.catchDefect((defect) => Effect.fail(defect)),
    Effect.mapError((error) => effectFailed(prepared, isSqlError(error) ? DatabaseError.fromSqlError(error) : error))
  )

const effectFailed = ({ direction, migration, script }: Prepared, cause: unknown) =>
  new MigrationError({ reason: new EffectFailed({ ...subject(migration, script), direction, cause }) })

const statementFailed =
  ({ direction, migration, script }: Prepared, number: number, statement: Statement) =>
  (cause: DatabaseError) => {
    const place = { statement: number, ...placeOf(statement, cause) }
    return new MigrationError({
      reason: new StatementFailed({ ...subject(migration, script), direction, ...place, cause })
    })
  }

/** Where in the file: the server's position counts from the beginning of the statement. */
const placeOf = ({ column, line, text }: Statement, cause: DatabaseError) => {
  const position = Predicate.hasProperty(cause.reason, "position") ? cause.reason.position : undefined
  if (typeof position !== "number") return { line, column }
  const index = characterToIndex(text, position - 1)
  const below = lineAt(text, index) - 1
  return { line: line + below, column: columnAt(text, index) + (below === 0 ? column - 1 : 0) }
}

/** Deferred constraints are checked, and an aborted transaction is noticed, only after the last statement. */
const atTheEnd = (prepared: Prepared, progress: Progress) => (error: DatabaseError) => {
  const { work } = prepared
  if (work._tag === "Statements") {
    return statementFailed(
      prepared,
      progress.statements,
      work.statements.at(-1) ?? { text: "", line: 1, column: 1 }
    )(error)
  }
  const aborted = Predicate.hasProperty(error.reason, "sqlState") && error.reason.sqlState === "25P02"
  return effectFailed(prepared, aborted ? new Error(wentOn) : error)
}

const wentOn =
  "a statement in it failed, and it went on; let the failure through, or put the statement in sql.withTransaction"

const recordFailure = (
  { client: { connection, sql }, pid, settings }: Run,
  { direction, migration }: Prepared,
  outcome: History.Outcome,
  cause: Cause.Cause<MigrationError | DatabaseError>
) => {
  if (Cause.hasInterruptsOnly(cause)) return Effect.void
  const error = Cause.squash(cause)
  const text = error instanceof Error ? error.message : String(error)
  return sql
    .withTransaction(
      Effect.andThen(
        enter(connection, settings, pid),
        direction === "up"
          ? History.failed(connection, migration, outcome, text)
          : History.revertFailed(connection, migration, outcome, text)
      )
    )
    .pipe(
      // The failure itself is what the caller must see; on a lost connection there is nowhere to write it.
      Effect.catch((problem) => Effect.logWarning("the failure of a migration could not be recorded", problem.message))
    )
}
