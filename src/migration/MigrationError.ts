/**
 * What can go wrong with migrations that is not the database's own failure:
 * one error with a tagged `reason`, so that `Effect.catchReason` and
 * `Effect.unwrapReason` narrow it.
 */
import * as Schema from "effect/Schema"
import { codes } from "./internal/codes.ts"
import { MigrationErrorReason } from "./MigrationErrorReason.ts"

export class MigrationError extends Schema.TaggedError<MigrationError>("pgkeel/migration/MigrationError")(
  "MigrationError",
  { reason: MigrationErrorReason }
) {
  override get name(): string {
    return "MigrationError"
  }

  override get message() {
    return this.reason.message
  }

  /** Stable, such as `PGK8401` of a lock that another migrator holds. */
  get code(): (typeof codes)[MigrationErrorReason["_tag"]] {
    return codes[this.reason._tag]
  }
}
