/** What can keep a migration without a transaction from going on where it stopped. */
import * as Schema from "effect/Schema"
import { inNamespace } from "./reasonSubject.ts"

const subject = {
  namespace: Schema.String,
  id: Schema.String,
  name: Schema.String,
  file: Schema.String,
  direction: Schema.Literals(["up", "down"])
}

/** Statements of a migration without a transaction have run, and are not what its file begins with now. Nothing was run. */
export class ResumeMismatch extends Schema.TaggedError<ResumeMismatch>("pgkeel/migration/ResumeMismatch")(
  "ResumeMismatch",
  {
    ...subject,
    /** How many statements have run, and stay. */
    statements: Schema.Int
  }
) {
  override get message() {
    const done = this.statements === 1 ? "the first statement" : `the first ${this.statements} statements`
    return (
      `migration ${this.file} (${this.namespace}) stopped after ${done}, which ran without a transaction and stay, ` +
      "and its file does not begin with the same any more; nothing was run: restore the file's beginning and change " +
      "only what follows, or undo by hand what they did and run " +
      `\`pgkeel migrate repair ${this.id} ${inNamespace(this.namespace)} --half-done start-over\``
    )
  }
}

/** A statement without a transaction was begun, its end was not seen, and nothing in the database tells it. */
export class StatementUncertain extends Schema.TaggedError<StatementUncertain>("pgkeel/migration/StatementUncertain")(
  "StatementUncertain",
  {
    ...subject,
    /** Which statement of the file, counted from 1. */
    statement: Schema.Int,
    /** Where it begins, counted from 1. */
    line: Schema.Int,
    /** Why it cannot be told. */
    problem: Schema.String
  }
) {
  override get message() {
    return (
      `migration ${this.file} (${this.namespace}) was broken off in statement ${this.statement} at line ${this.line}, ` +
      `and whether that has happened is not known: ${this.problem}. Check what it should have done; then finish or ` +
      `undo the migration by hand, and run \`pgkeel migrate repair ${this.id} ${inNamespace(this.namespace)} ` +
      "--half-done` with `done` or `start-over`"
    )
  }
}

/**
 * A migration without a transaction stopped on its way, and a call is about others: those that
 * it stands on, or those that stand on it. Or it was to be marked as applied. Nothing was changed.
 */
export class HalfDone extends Schema.TaggedError<HalfDone>("pgkeel/migration/HalfDone")("HalfDone", {
  namespace: Schema.String,
  id: Schema.String,
  name: Schema.String,
  /** In which it stopped. */
  direction: Schema.Literals(["up", "down"]),
  /** Whether a baseline, or the history of another tool, would have marked it as applied. */
  marked: Schema.Boolean
}) {
  override get message() {
    const what = `migration ${this.id} "${this.name}" (${this.namespace})`
    const where = inNamespace(this.namespace)
    const undo = `by hand and run \`pgkeel migrate repair ${this.id} ${where} --half-done\` with \`done\` or \`start-over\``
    if (this.marked) {
      return (
        `${what} was applied in part, and would be marked as if it were all there; nothing was changed: ` +
        `finish it with \`pgkeel migrate up\`, or finish or undo it ${undo}`
      )
    }
    return this.direction === "up"
      ? `${what} was applied in part, and nothing was reverted, because it would be left as it is: ` +
          `finish it with \`pgkeel migrate up\`, or finish or undo it ${undo}`
      : `${what} was reverted in part, and nothing is to be applied on what is left of it: ` +
          `go on with \`pgkeel migrate down ${where}\`, or finish or undo it ${undo}`
  }
}
