/** Why a backfill cannot run. */
import * as Schema from "effect/Schema"

/** What is refused before it begins has changed nothing, and no place is kept of it. A batch that is refused was rolled back. */
export class BackfillRefused extends Schema.TaggedError<BackfillRefused>("pgkeel/migration/BackfillRefused")(
  "BackfillRefused",
  {
    /** Its name. */
    backfill: Schema.String,
    table: Schema.String,
    /** Why not, and what to do. */
    problem: Schema.String
  }
) {
  override get message() {
    return `the backfill ${this.backfill} of table ${this.table} cannot run: ${this.problem}`
  }
}
