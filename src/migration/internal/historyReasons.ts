/** What can keep the sources and the history from fitting together, and a call from being carried out. */
import * as Schema from "effect/Schema"
import { inNamespace, named, onDay, subject } from "./reasonSubject.ts"

const RedoAdvice = Schema.Struct({
  /** How many `redo` has to revert. */
  steps: Schema.Int,
  /** Not there where it is about several. */
  namespace: Schema.UndefinedOr(Schema.String),
  /** Whether each of them is known to have a `down`. */
  isCertain: Schema.Boolean
})
export type RedoAdvice = typeof RedoAdvice.Type

/** An applied migration's file was edited since. */
export class ChecksumMismatch extends Schema.TaggedError<ChecksumMismatch>("pgkeel/migration/ChecksumMismatch")(
  "ChecksumMismatch",
  {
    ...subject,
    appliedAt: Schema.optional(Schema.DateTimeUtc),
    /** The `redo` that reaches it. Not there where that could not be: something has no `down`, or no file. */
    redo: Schema.optional(RedoAdvice)
  }
) {
  override get message() {
    return (
      `migration ${named(this)} was applied${onDay(this.appliedAt)} with other contents; restore the file and put ` +
      "the change in a new migration; or, where the edit changes nothing, such as a comment, accept it with " +
      `\`pgkeel migrate repair ${this.id} ${inNamespace(this.namespace)}\`${this.again}`
    )
  }

  private get again(): string {
    if (this.redo === undefined) return ""
    const { isCertain, namespace, steps } = this.redo
    const where = namespace === undefined ? "" : ` ${inNamespace(namespace)}`
    const what =
      steps === 1
        ? "where its data may be lost, revert it and apply it again"
        : `where the data of the latest ${steps} migrations may be lost, revert them and apply them again`
    const condition = isCertain ? "" : ", which refuses where a module exports no `down`"
    return `; or, ${what} with \`pgkeel migrate redo --steps ${steps}${where}\`${condition}`
  }
}

/** An applied migration's file has another name now. */
export class NameMismatch extends Schema.TaggedError<NameMismatch>("pgkeel/migration/NameMismatch")("NameMismatch", {
  ...subject,
  appliedName: Schema.String,
  appliedAt: Schema.optional(Schema.DateTimeUtc),
  /** Whether the file is what was applied. A migration in code has no checksum that would tell. */
  contents: Schema.Literals(["same", "other", "unknown"])
}) {
  override get message() {
    const what =
      `migration ${this.id} (${this.namespace}) was applied${onDay(this.appliedAt)} under the name ` +
      `"${this.appliedName}", and ${this.file} has the same id`
    return this.contents === "same"
      ? `${what} and the same contents; give the file its old name, or accept the new one with \`pgkeel migrate repair ${this.id} ${inNamespace(this.namespace)}\``
      : `${what}; give the file its old name, or, if it is another migration, a new id`
  }
}

/** The history has a migration that the sources have not. */
export class MissingFile extends Schema.TaggedError<MissingFile>("pgkeel/migration/MissingFile")("MissingFile", {
  namespace: Schema.String,
  id: Schema.String,
  name: Schema.String,
  appliedAt: Schema.optional(Schema.DateTimeUtc),
  /** Whether it is later than everything in the sources: the database is newer than the code. */
  newer: Schema.Boolean,
  /** Whether it should be reverted: then no policy helps. */
  reverting: Schema.Boolean
}) {
  override get message() {
    const what = `migration ${this.id} "${this.name}" (${this.namespace}) was applied${onDay(this.appliedAt)}`
    if (this.reverting) {
      return `${what}, and cannot be reverted, because its file is not here; nothing was reverted: restore the file, or use the release that has it`
    }
    const forget = `\`pgkeel migrate repair ${this.id} ${inNamespace(this.namespace)} --forget-missing\``
    return this.newer
      ? `${what} and is later than every file here: the database is newer than this code; ` +
          "deploy the release that has the migration, or, if this code bears what it added, give the migrator " +
          'the policy newer: "allow" (`--policy newer=allow`), or, if no release has it, let the history forget it ' +
          `with ${forget}`
      : `${what}, and its file is not here; restore it from version control, ` +
          'or, if it was removed on purpose, give the migrator the policy missing: "allow" (`--policy missing=allow`), ' +
          `or let the history forget it with ${forget}`
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
      `give it an id after ${this.latest}, or, if it may run after that one, give the migrator the ` +
      'policy late: "allow" (`--policy late=allow`)'
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

/** A call names a migration, or a number of them, that is not there. */
export class UnknownTarget extends Schema.TaggedError<UnknownTarget>("pgkeel/migration/UnknownTarget")(
  "UnknownTarget",
  { target: Schema.String, problem: Schema.String }
) {
  override get message() {
    return `cannot tell what "${this.target}" means: ${this.problem}`
  }
}

/** What should count as applied from the beginning was to be marked in the middle of a history. Nothing was changed. */
export class BaselineRefused extends Schema.TaggedError<BaselineRefused>("pgkeel/migration/BaselineRefused")(
  "BaselineRefused",
  {
    namespace: Schema.String,
    to: Schema.String,
    /** The id of the latest applied one. */
    latest: Schema.String
  }
) {
  override get message() {
    return (
      `the migrations up to ${this.to} (${this.namespace}) cannot become the baseline, because ${this.latest}, which is ` +
      `later, was applied; nothing was changed: what is pending in front of ${this.latest} runs with the policy ` +
      'late: "allow", or gets a later id'
    )
  }
}

/** The history of another tool cannot be taken over. Nothing was changed. */
export class AdoptionRefused extends Schema.TaggedError<AdoptionRefused>("pgkeel/migration/AdoptionRefused")(
  "AdoptionRefused",
  {
    /** Why not, and what to do. */
    problem: Schema.String,
    /** Those that are in the way, as the other tool calls them. */
    migrations: Schema.Array(Schema.String)
  }
) {
  override get message() {
    const which = this.migrations.length === 0 ? "" : ` (${this.migrations.join(", ")})`
    return `no history was taken over: ${this.problem}${which}; nothing was changed`
  }
}
