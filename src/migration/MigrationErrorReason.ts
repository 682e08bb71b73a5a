/**
 * The reasons of `MigrationError`. A message names the file, says what happened
 * to it, whether anything was changed, and what to do next: it is read by
 * somebody whose deployment has just stopped.
 */
import * as DateTime from "effect/DateTime"
import * as Schema from "effect/Schema"
import { DatabaseError } from "../error/DatabaseError.ts"
import { inMigration } from "./internal/failureText.ts"
import { Locked, LockLost } from "./internal/lockReasons.ts"
import { ResumeMismatch, StatementUncertain } from "./internal/stepReasons.ts"

export { Locked, LockLost, ResumeMismatch, StatementUncertain }

/** Which migration. `file` is how people know it: a file name, or `<id>_<name>` of one given in code. */
const subject = {
  namespace: Schema.String,
  id: Schema.String,
  name: Schema.String,
  file: Schema.String
}

const named = (self: { readonly file: string; readonly namespace: string }) => `${self.file} (${self.namespace})`

const day = (instant: DateTime.Utc | undefined): string =>
  instant === undefined ? "" : ` on ${DateTime.formatIsoDateUtc(instant)}`

/** A source's directory is missing, or cannot be read. */
export class DirectoryUnreadable extends Schema.TaggedError<DirectoryUnreadable>(
  "pgkeel/migration/DirectoryUnreadable"
)("DirectoryUnreadable", {
  namespace: Schema.String,
  directory: Schema.String,
  problem: Schema.String
}) {
  override get message() {
    return (
      `the directory ${this.directory} of the migrations "${this.namespace}" cannot be read: ${this.problem}; ` +
      "create it, or correct what names it: PGKEEL_MIGRATIONS, the option `migrations`, or the source's `directory`"
    )
  }
}

/** A file or an entry looks like a migration and is none that can be run. */
export class InvalidFile extends Schema.TaggedError<InvalidFile>("pgkeel/migration/InvalidFile")("InvalidFile", {
  namespace: Schema.String,
  path: Schema.String,
  /** What is wrong, and what would be right. */
  problem: Schema.String
}) {
  override get message() {
    return `${this.path} cannot be used as a migration: ${this.problem}`
  }
}

/** Two migrations of one namespace have the same id, or two sources the same namespace. */
export class Duplicate extends Schema.TaggedError<Duplicate>("pgkeel/migration/Duplicate")("Duplicate", {
  namespace: Schema.String,
  /** Not there when it is the namespace that is given twice. */
  id: Schema.optional(Schema.String),
  files: Schema.Array(Schema.String)
}) {
  override get message() {
    return this.id === undefined
      ? `two sources have the namespace "${this.namespace}": give each its own`
      : `${this.files.join(" and ")} (${this.namespace}) have the same id ${this.id}: give all but one a new id`
  }
}

/** PostgreSQL's parser does not understand the file. Nothing was run. */
export class ParseFailed extends Schema.TaggedError<ParseFailed>("pgkeel/migration/ParseFailed")("ParseFailed", {
  ...subject,
  /** Counted from 1. */
  line: Schema.Int,
  /** Counted from 1, in UTF-16 units, as editors do. */
  column: Schema.Int,
  /** The parser's own words. */
  parserMessage: Schema.String
}) {
  override get message() {
    return (
      `migration ${named(this)} cannot be parsed at line ${this.line}, column ${this.column}: ` +
      `${this.parserMessage}; nothing was run, correct the file`
    )
  }
}

/** A statement is good SQL, and cannot be run by a migration. Nothing was run. */
export class StatementUnsupported extends Schema.TaggedError<StatementUnsupported>(
  "pgkeel/migration/StatementUnsupported"
)("StatementUnsupported", {
  ...subject,
  line: Schema.Int,
  /** Such as `CREATE INDEX CONCURRENTLY`. */
  statement: Schema.String,
  /** Why not, and what to do instead. */
  problem: Schema.String
}) {
  override get message() {
    return `migration ${named(this)} has ${this.statement} at line ${this.line}: ${this.problem}; nothing was run`
  }
}

/** A file that should change something has no statement at all. Nothing was run. */
export class EmptyMigration extends Schema.TaggedError<EmptyMigration>("pgkeel/migration/EmptyMigration")(
  "EmptyMigration",
  subject
) {
  override get message() {
    return (
      `migration ${named(this)} has no statement: the file is empty, or has only comments; ` +
      "nothing was run, write the statement or delete the file"
    )
  }
}

/** A module cannot be imported, or exports no Effect as `up` or `down`. */
export class InvalidModule extends Schema.TaggedError<InvalidModule>("pgkeel/migration/InvalidModule")(
  "InvalidModule",
  { ...subject, problem: Schema.String }
) {
  override get message() {
    return `migration ${named(this)} ${this.problem}; nothing was run`
  }
}

/** An Effect migration failed by itself. It was rolled back, unless it has no transaction. */
export class EffectFailed extends Schema.TaggedError<EffectFailed>("pgkeel/migration/EffectFailed")("EffectFailed", {
  ...subject,
  direction: Schema.Literals(["up", "down"]),
  /** Whether it had one, and so was rolled back. */
  transaction: Schema.Boolean,
  cause: Schema.Defect()
}) {
  override get message() {
    const left = this.transaction ? rolledBack : "it has no transaction, so what it did stays"
    return `migration ${named(this)} failed: ${inMigration(this.cause, false)}; ${left}, ${again(this.direction)}`
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
    /** Whether all of the migration was rolled back. If not, the statements before this one stay, and are not run again. */
    transaction: Schema.Boolean,
    cause: DatabaseError
  }
) {
  override get message() {
    // The cause has a position too, in the statement: two of them would be one too many.
    return (
      `migration ${named(this)} failed at line ${this.line}, column ${this.column} (statement ${this.statement}): ` +
      `${inMigration(this.cause, true)}; ${this.left}, ${again(this.direction)}`
    )
  }

  private get left(): string {
    if (this.transaction) return rolledBack
    return this.statement === 1
      ? "it has no transaction, and nothing was changed"
      : `it has no transaction: what stands before that statement stays, and is not run again`
  }
}

const rolledBack = "it was rolled back"

const again = (direction: "up" | "down"): string => `correct it and call Migrator.${direction} again`

/** An applied migration's file was edited since. */
export class ChecksumMismatch extends Schema.TaggedError<ChecksumMismatch>("pgkeel/migration/ChecksumMismatch")(
  "ChecksumMismatch",
  {
    ...subject,
    appliedAt: Schema.optional(Schema.DateTimeUtc)
  }
) {
  override get message() {
    return (
      `migration ${named(this)} was applied${day(this.appliedAt)} with other contents; restore the file and put ` +
      "the change in a new migration, or, where data may be lost, revert it with Migrator.down and apply it again"
    )
  }
}

/** An applied migration's file has another name now. */
export class NameMismatch extends Schema.TaggedError<NameMismatch>("pgkeel/migration/NameMismatch")("NameMismatch", {
  ...subject,
  appliedName: Schema.String,
  appliedAt: Schema.optional(Schema.DateTimeUtc)
}) {
  override get message() {
    return (
      `migration ${this.id} (${this.namespace}) was applied${day(this.appliedAt)} under the name ` +
      `"${this.appliedName}", and ${this.file} has the same id; give the file its old name, ` +
      "or, if it is another migration, a new id"
    )
  }
}

/** The history has a migration that the sources have not. */
export class MissingFile extends Schema.TaggedError<MissingFile>("pgkeel/migration/MissingFile")("MissingFile", {
  namespace: Schema.String,
  id: Schema.String,
  name: Schema.String,
  appliedAt: Schema.optional(Schema.DateTimeUtc),
  /** Whether it is later than everything in the sources: the database is newer than the code. */
  newer: Schema.Boolean
}) {
  override get message() {
    const what = `migration ${this.id} "${this.name}" (${this.namespace}) was applied${day(this.appliedAt)}`
    return this.newer
      ? `${what} and is later than every file here: the database is newer than this code; ` +
          "deploy the release that has the migration"
      : `${what}, and its file is not here; restore it from version control`
  }
}

/** A migration that was not applied is earlier than one that was. */
export class OutOfOrder extends Schema.TaggedError<OutOfOrder>("pgkeel/migration/OutOfOrder")("OutOfOrder", {
  ...subject,
  /** The id of the latest applied one. */
  latest: Schema.String
}) {
  override get message() {
    return (
      `migration ${named(this)} was not applied, and ${this.latest}, which is later, was; ` +
      `give it an id after ${this.latest}`
    )
  }
}

/** What should be reverted has no `down`. Nothing was reverted. */
export class DownMissing extends Schema.TaggedError<DownMissing>("pgkeel/migration/DownMissing")("DownMissing", {
  /** Each as `<file> (<namespace>)`. */
  migrations: Schema.Array(Schema.String)
}) {
  override get message() {
    return (
      `${this.migrations.join(", ")} cannot be reverted because there is no down; ` +
      "nothing was reverted: write the down, or revert by a new migration"
    )
  }
}

/** `up` or `down` was asked to stop at a migration that is not there. */
export class UnknownTarget extends Schema.TaggedError<UnknownTarget>("pgkeel/migration/UnknownTarget")(
  "UnknownTarget",
  { target: Schema.String, problem: Schema.String }
) {
  override get message() {
    return `cannot migrate to "${this.target}": ${this.problem}`
  }
}

export const MigrationErrorReason = Schema.Union([
  DirectoryUnreadable,
  InvalidFile,
  Duplicate,
  ParseFailed,
  StatementUnsupported,
  EmptyMigration,
  InvalidModule,
  EffectFailed,
  StatementFailed,
  ChecksumMismatch,
  NameMismatch,
  MissingFile,
  OutOfOrder,
  DownMissing,
  UnknownTarget,
  Locked,
  LockLost,
  ResumeMismatch,
  StatementUncertain
])
export type MigrationErrorReason = typeof MigrationErrorReason.Type
