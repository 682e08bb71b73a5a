/**
 * Whether a migration can go on from where an earlier run of it stopped, as far as
 * its file and its row of the history tell. `up`, `down` and `plan` ask the same.
 */
import { MigrationError } from "../MigrationError.ts"
import { ResumeMismatch, StatementUncertain } from "../MigrationErrorReason.ts"
import * as Steps from "./historySteps.ts"
import { subject } from "./migration.ts"
import { hasTransaction, type Prepared } from "./prepare.ts"
import type { Statement } from "./splitter.ts"

/** What keeps it from going on from `point`, if anything does. */
export const obstacle = (prepared: Prepared, point: Steps.Point): MigrationError | undefined =>
  mismatch(prepared, point) ?? uncertainty(prepared, point)

/** What has run and stays is not what the file begins with, or would have a transaction now. */
export const mismatch = (prepared: Prepared, point: Steps.Point): MigrationError | undefined => {
  const { direction, migration, script } = prepared
  const { statements } = point
  if (hasTransaction(prepared) ? statements === 0 : beginsWith(prepared, point)) return undefined
  return new MigrationError({ reason: new ResumeMismatch({ ...subject(migration, script), direction, statements }) })
}

const beginsWith = (prepared: Prepared, { doneChecksum, statements }: Steps.Point): boolean => {
  const done = statementsOf(prepared).slice(0, statements)
  return done.length === statements && doneChecksum === checksumOf(done)
}

const checksumOf = (statements: ReadonlyArray<Statement>): string =>
  statements.reduce(Steps.doneWith, Steps.nothingDone)

/** A statement was begun, its end was not seen, and nothing can tell it. */
export const uncertainty = (prepared: Prepared, { begun, statements }: Steps.Point): MigrationError | undefined => {
  const next = statementsOf(prepared)[statements]
  if (begun === null) return undefined
  if (hasTransaction(prepared) || next === undefined || !Steps.isBegun(begun, next.text)) {
    return uncertain(prepared, statements, "the statement was edited since it was begun")
  }
  return canTell(next) ? undefined : uncertain(prepared, statements, mayHaveCommitted)
}

/** A statement that nothing tells of was begun by itself, too, once the server had refused it a transaction. */
const canTell = ({ recovery }: Statement): boolean =>
  recovery !== undefined && recovery._tag !== "Unknown" && recovery._tag !== "Setting"

export const mayHaveCommitted = "it may have committed some of its work by itself"

/** `done`: how many statements are in front of it. */
export const uncertain = (prepared: Prepared, done: number, problem: string): MigrationError => {
  const { direction, migration, script } = prepared
  const { line } = statementsOf(prepared)[done] ?? statementsOf(prepared).at(-1) ?? { line: 1 }
  const where = { ...subject(migration, script), direction, statement: done + 1, line }
  return new MigrationError({ reason: new StatementUncertain({ ...where, problem }) })
}

export const statementsOf = ({ work }: Prepared): ReadonlyArray<Statement> =>
  work._tag === "Statements" ? work.statements : []
