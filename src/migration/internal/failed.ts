/** What failed in a migration, as its error: which statement, and where in the file. */
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import type { SqlError } from "effect/sql/SqlError"
import { DatabaseError } from "../../error/DatabaseError.ts"
import { knownOf } from "../../error/internal/failureContext.ts"
import type { Phase } from "../../error/RetryScope.ts"
import { MigrationError } from "../MigrationError.ts"
import { EffectFailed, StatementFailed } from "../MigrationErrorReason.ts"
import { subject } from "./migration.ts"
import { hasTransaction, type Prepared } from "./prepare.ts"
import { characterToIndex, columnAt, lineAt, type Statement } from "./splitter.ts"

export const effectFailed = (prepared: Prepared, cause: unknown): MigrationError => {
  const { direction, migration, script } = prepared
  const transaction = hasTransaction(prepared)
  return new MigrationError({
    reason: new EffectFailed({ ...subject(migration, script), direction, transaction, cause })
  })
}

/** `number` is that of the statement, counted from 1. */
export const statementFailed =
  (prepared: Prepared, number: number, statement: Statement) =>
  (cause: DatabaseError): MigrationError => {
    const { direction, migration, script } = prepared
    const place = { statement: number, ...placeOf(statement, cause), transaction: hasTransaction(prepared) }
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
export const failedAtTheEnd = (prepared: Prepared, error: DatabaseError): MigrationError => {
  const { work } = prepared
  if (work._tag === "Statements") {
    const last = work.statements.at(-1) ?? { text: "", line: 1, column: 1 }
    return statementFailed(prepared, work.statements.length, last)(error)
  }
  const aborted = Predicate.hasProperty(error.reason, "sqlState") && error.reason.sqlState === "25P02"
  return effectFailed(prepared, aborted ? new Error(wentOn) : error)
}

/** Where nothing is known of its phase, it was sent. */
export const commitFailed = (prepared: Prepared, error: SqlError, known?: Phase): MigrationError => {
  const phase = known ?? knownOf(error, {}).phase ?? "commit_sent"
  return failedAtTheEnd(prepared, DatabaseError.fromSqlError(error, { statement: "COMMIT", phase }))
}

const wentOn =
  "a statement in it failed, and it went on; let the failure through, or put the statement in sql.withTransaction"

/** The failure itself is what the caller must see; on a lost connection there is nowhere to write it. */
export const notRecorded = (problem: { readonly message: string }): Effect.Effect<void> =>
  Effect.logWarning("the failure of a migration could not be recorded", problem.message)
