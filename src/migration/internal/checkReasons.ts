/** How what stands around a migration can fail: its verify, the hooks of the run, and the rules of lint. */
import * as Schema from "effect/Schema"
import { inMigration } from "./failureText.ts"
import { commandOf, named, subject } from "./reasonSubject.ts"

/** The migration ran, and its verify does not agree with what it did. It was rolled back, unless it has no transaction. */
export class VerifyFailed extends Schema.TaggedError<VerifyFailed>("pgkeel/migration/VerifyFailed")("VerifyFailed", {
  ...subject,
  /** The file that has the verify. */
  verify: Schema.String,
  /** Which statement of that file, counted from 1, and where it begins. Not there of an Effect. */
  statement: Schema.optional(Schema.Int),
  line: Schema.optional(Schema.Int),
  /** Whether the migration had one, and so was rolled back. */
  transaction: Schema.Boolean,
  /** What it failed with, or what it returned instead of what is true. */
  cause: Schema.Defect()
}) {
  override get message() {
    const place = this.line === undefined ? "" : `, line ${this.line} (statement ${this.statement})`
    const left = this.transaction
      ? "the migration was rolled back"
      : "the migration has no transaction, so what it did stays, and the verify is asked again by the next run"
    return (
      `migration ${named(this)} is not what its verify asks for: ${this.verify}${place}: ` +
      `${inMigration(this.cause)}; ${left}; correct one of them and run \`pgkeel migrate up\` again`
    )
  }
}

/** A hook of the application's failed, and the run stopped with it. */
export class HookFailed extends Schema.TaggedError<HookFailed>("pgkeel/migration/HookFailed")("HookFailed", {
  hook: Schema.Literals(["beforeAll", "beforeEach", "afterEach", "afterAll"]),
  direction: Schema.Literals(["up", "down"]),
  /** Of the migration that it was called for. */
  file: Schema.optional(Schema.String),
  namespace: Schema.optional(Schema.String),
  /** Whether that one has a transaction, which was rolled back. */
  transaction: Schema.Boolean,
  cause: Schema.Defect()
}) {
  override get message() {
    const { file, namespace } = this
    const about = file === undefined || namespace === undefined ? "" : ` of migration ${named({ file, namespace })}`
    return `the hook ${this.hook}${about} failed: ${inMigration(this.cause)}; ${this.left}`
  }

  private get left(): string {
    const { direction, namespace } = this
    const again = `correct it and run ${namespace === undefined ? "it" : commandOf(direction, namespace)} again`
    switch (this.hook) {
      case "beforeAll":
        return "nothing was run; correct it and try again"
      case "beforeEach":
        return `the migration was not run; ${again}`
      case "afterEach":
        return `${this.transaction ? "the migration was rolled back" : "the migration has no transaction: what it did stays"}; ${again}`
      case "afterAll":
        return "the migrations of the run stay; correct it, and do by hand what it should have done: no run repeats it"
    }
  }
}

/** The options switch a rule off that lint does not have. */
export class UnknownRule extends Schema.TaggedError<UnknownRule>("pgkeel/migration/UnknownRule")("UnknownRule", {
  rule: Schema.String,
  /** Which one was meant, where that can be told. */
  advice: Schema.optional(Schema.String)
}) {
  override get message() {
    return `lint has no rule ${this.rule}, which its option off names; ${this.advice ?? "take it out"}`
  }
}
