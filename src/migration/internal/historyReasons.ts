/** What can keep the sources and the history from fitting together, and a call from being carried out. */
import * as Schema from "effect/Schema"
import { named, onDay, subject } from "./reasonSubject.ts"

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
      `migration ${named(this)} was applied${onDay(this.appliedAt)} with other contents; restore the file and put ` +
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
      `migration ${this.id} (${this.namespace}) was applied${onDay(this.appliedAt)} under the name ` +
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
    const what = `migration ${this.id} "${this.name}" (${this.namespace}) was applied${onDay(this.appliedAt)}`
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
