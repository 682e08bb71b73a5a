/** What can be wrong with the options of a call, where no compiler has looked at them. */
import * as Schema from "effect/Schema"
import { ConfigProblem } from "../../config/DatabaseConfigError.ts"

/** Options that do not exist, are missing, or have a wrong type. Nothing was sent to the server. */
export class InvalidOptions extends Schema.TaggedError<InvalidOptions>("pgkeel/migration/InvalidOptions")(
  "InvalidOptions",
  {
    /** Whose they are, such as `Migrator.up`. */
    call: Schema.String,
    /** Every one that is wrong. None holds the value that it complains about. */
    problems: Schema.NonEmptyArray(ConfigProblem)
  }
) {
  override get message() {
    return `the options of ${this.call} are wrong: ${this.problems.map(({ message }) => message).join("; ")}`
  }
}
