/**
 * What is wrong with a configuration: every wrong variable at once, so that one
 * restart is enough to put it right.
 *
 * No problem holds the value that it complains about: a URL or a password that
 * was pasted into the wrong variable must not end in a log.
 */
import * as Schema from "effect/Schema"

/** A variable without which nothing can be done is not set. */
export class MissingVariable extends Schema.TaggedError<MissingVariable>()("MissingVariable", {
  variable: Schema.String,
  accepted: Schema.String
}) {
  override get message() {
    return `${this.variable} is not set: give ${this.accepted}`
  }
}

/** A variable is set to something that is not accepted. */
export class InvalidVariable extends Schema.TaggedError<InvalidVariable>()("InvalidVariable", {
  variable: Schema.String,
  problem: Schema.String,
  accepted: Schema.String
}) {
  override get message() {
    return `${this.variable} ${this.problem}: give ${this.accepted}`
  }
}

/** The file that a variable names, a `*_FILE` or `PGSSLROOTCERT`, cannot be read. */
export class UnreadableFile extends Schema.TaggedError<UnreadableFile>()("UnreadableFile", {
  variable: Schema.String,
  /** `undefined` when what was given does not look like a path: it may be the secret itself. */
  path: Schema.UndefinedOr(Schema.String),
  problem: Schema.String
}) {
  override get message() {
    return `${this.variable} names ${this.path ?? "a file"}, which ${this.problem}: give the path of a file that this process may read`
  }
}

/** A variable and its `*_FILE` form are both set. */
export class ConflictingVariables extends Schema.TaggedError<ConflictingVariables>()("ConflictingVariables", {
  variable: Schema.String,
  other: Schema.String
}) {
  override get message() {
    return `${this.variable} and ${this.other} are both set: keep one of them`
  }
}

/** An option in code that does not exist: as a typing error it would be lost in silence. */
export class UnknownOption extends Schema.TaggedError<UnknownOption>()("UnknownOption", {
  /** The option's name, as it was given. */
  variable: Schema.String,
  /** The option that was likely meant. */
  suggestion: Schema.UndefinedOr(Schema.String),
  known: Schema.Array(Schema.String)
}) {
  override get message() {
    const next =
      this.suggestion === undefined ? `known are ${this.known.join(", ")}` : `did you mean ${this.suggestion}?`
    return `${this.variable} is not an option: ${next}`
  }
}

/** The application's login and the migrator's lead to different databases of one server. */
export class DifferentDatabases extends Schema.TaggedError<DifferentDatabases>()("DifferentDatabases", {
  /** The variable or option that holds the migrator's URL. */
  variable: Schema.String,
  application: Schema.String,
  migrator: Schema.String
}) {
  override get message() {
    return (
      `${this.variable} leads to another database than the application's login: ${this.migrator} instead of ` +
      `${this.application}: give both the same database, since the application needs the tables that the migrator makes`
    )
  }
}

export const ConfigProblem = Schema.Union([
  MissingVariable,
  InvalidVariable,
  UnreadableFile,
  ConflictingVariables,
  UnknownOption,
  DifferentDatabases
])
export type ConfigProblem = typeof ConfigProblem.Type

/** The configuration cannot be used; `reasons` names every variable that is wrong. */
export class DatabaseConfigError extends Schema.TaggedError<DatabaseConfigError>()("DatabaseConfigError", {
  reasons: Schema.NonEmptyArray(ConfigProblem)
}) {
  override get message() {
    return this.reasons.length === 1
      ? `the database configuration is wrong: ${this.reasons[0].message}`
      : `the database configuration is wrong in ${this.reasons.length} places:\n${this.reasons
          .map((reason) => `  - ${reason.message}`)
          .join("\n")}`
  }
}
