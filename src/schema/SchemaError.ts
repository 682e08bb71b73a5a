/** Why a schema is not accepted. */
import * as Schema from "effect/Schema"
import { describe, Difference } from "./Difference.ts"

/** The database is not what the code believes. */
export class SchemaDrift extends Schema.TaggedError<SchemaDrift>()("SchemaDrift", {
  differences: Schema.NonEmptyArray(Difference)
}) {
  override get message() {
    return (
      `the schema is not what the application needs: ${this.differences.map(describe).join("; ")}; ` +
      "apply the missing migration, or undo what was changed by hand"
    )
  }
}

/** Migrations are pending, and this login does not apply them. */
export class MigrationsPending extends Schema.TaggedError<MigrationsPending>()("MigrationsPending", {
  migrations: Schema.NonEmptyArray(Schema.String)
}) {
  override get message() {
    return (
      `${this.migrations.length} migration(s) are pending: ${this.migrations.join(", ")}; ` +
      "run Migrator.up with the migrator's login before the application starts, " +
      "or give the application that login in DATABASE_MIGRATOR_URL"
    )
  }
}

export class SchemaError extends Schema.TaggedError<SchemaError>()("SchemaError", {
  reason: Schema.Union([SchemaDrift, MigrationsPending])
}) {
  override get message() {
    return this.reason.message
  }
}
