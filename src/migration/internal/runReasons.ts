/** How a migration can fail while it runs. */
import * as Schema from "effect/Schema"
import { DatabaseError } from "../../error/DatabaseError.ts"
import type { RetryScope } from "../../error/RetryScope.ts"
import { inMigration } from "./failureText.ts"
import { commandOf, inNamespace, named, subject } from "./reasonSubject.ts"

/** An Effect migration failed by itself. It was rolled back, unless it has no transaction. */
export class EffectFailed extends Schema.TaggedError<EffectFailed>("pgkeel/migration/EffectFailed")("EffectFailed", {
  ...subject,
  direction: Schema.Literals(["up", "down"]),
  /** Whether it had one, and so was rolled back. */
  transaction: Schema.Boolean,
  cause: Schema.Defect()
}) {
  override get message() {
    return `migration ${named(this)} failed: ${inMigration(this.cause, { transaction: this.transaction })}; ${this.left}`
  }

  private get left(): string {
    // Where the phase of a failure is not known, it is that of a statement of the Effect's own, in front of the COMMIT.
    return this.transaction
      ? ofTransaction(this, ["unknown_outcome"])
      : `it has no transaction, so what it did stays, ${again(this)}`
  }
}

/** The server refused a statement of a migration. The migration was rolled back; without a transaction, the statement. */
export class StatementFailed extends Schema.TaggedError<StatementFailed>("pgkeel/migration/StatementFailed")(
  "StatementFailed",
  {
    ...subject,
    direction: Schema.Literals(["up", "down"]),
    /** Which statement of the file, counted from 1. */
    statement: Schema.Int,
    /** Where in the file, counted from 1: the place the server points at, or where the statement begins. */
    line: Schema.Int,
    /** Counted from 1, in UTF-16 units, as editors do. */
    column: Schema.Int,
    /**
     * Whether it has a transaction: then all of it was rolled back, unless the outcome of `cause` is unknown. If not,
     * the statements before this one stay, and are not run again.
     */
    transaction: Schema.Boolean,
    cause: DatabaseError
  }
) {
  override get message() {
    // The cause has a position too, in the statement: two of them would be one too many.
    return (
      `migration ${named(this)} failed at line ${this.line}, column ${this.column} (statement ${this.statement}): ` +
      `${inMigration(this.cause, { transaction: this.transaction, isPlaced: true })}; ${this.left}`
    )
  }

  private get left(): string {
    return this.transaction ? ofTransaction(this, ["unknown_outcome", "by_phase"]) : `${this.kept}, ${again(this)}`
  }

  private get kept(): string {
    return this.statement === 1
      ? "it has no transaction, and nothing was changed"
      : "it has no transaction: what stands before that statement stays, and is not run again"
  }
}

interface Failed {
  readonly namespace: string
  readonly direction: "up" | "down"
  readonly cause: unknown
}

/** `uncertain`: what says that the COMMIT may have taken effect. */
const ofTransaction = (failed: Failed, uncertain: ReadonlyArray<RetryScope>): string => {
  const { cause } = failed
  if (!DatabaseError.isDatabaseError(cause) || !uncertain.includes(cause.retryScope))
    return `it was rolled back, ${again(failed)}`
  // A second down would revert the one before it, where this one is reverted already.
  return failed.direction === "up"
    ? "its COMMIT was on its way: the history tells, and `pgkeel migrate up` looks there, so run it again"
    : "its COMMIT was on its way: `pgkeel migrate status` tells whether it is still applied; " +
        `only then run \`pgkeel migrate down ${inNamespace(failed.namespace)}\``
}

const again = ({ direction, namespace }: Failed): string =>
  `correct it and run ${commandOf(direction, namespace)} again`
