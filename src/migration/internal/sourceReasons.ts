/** What can be wrong with the files and the code that migrations come from. Nothing was run. */
import * as Schema from "effect/Schema"
import { seedsNamespace } from "../MigrationSource.ts"
import { named, subject } from "./reasonSubject.ts"

/** A source's directory is missing, or cannot be read. */
export class DirectoryUnreadable extends Schema.TaggedError<DirectoryUnreadable>(
  "pgkeel/migration/DirectoryUnreadable"
)("DirectoryUnreadable", {
  namespace: Schema.String,
  directory: Schema.String,
  problem: Schema.String
}) {
  override get message() {
    return this.namedBy({
      migrations: "PGKEEL_MIGRATIONS, the option `migrations`, or the source's `directory`",
      seeds: "the `directory` of the option `seeds`"
    })
  }

  /** The message, with where a directory of this kind is named. */
  namedBy(places: { readonly migrations: string; readonly seeds: string }): string {
    const isSeeds = this.namespace === seedsNamespace
    const whose = isSeeds ? "of the seeds" : `of the migrations "${this.namespace}"`
    return (
      `the directory ${this.directory} ${whose} cannot be read: ${this.problem}; ` +
      `create it, or correct what names it: ${isSeeds ? places.seeds : places.migrations}`
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
