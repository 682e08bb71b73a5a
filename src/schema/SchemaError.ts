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
  migrations: Schema.NonEmptyArray(Schema.String),
  /** The database and where it is; `undefined` where no configuration says it. */
  target: Schema.UndefinedOr(Schema.String)
}) {
  override get message() {
    const [verb, noun] = this.migrations.length === 1 ? ["is", "migration"] : ["are", "migrations"]
    const where = this.target === undefined ? "" : ` in ${this.target}`
    return (
      `${this.migrations.length} ${noun} ${verb} pending${where}: ${this.migrations.join(", ")}; ` +
      "run `pgkeel migrate up` with the migrator's login before the application starts, " +
      "or give the application that login in DATABASE_MIGRATOR_URL"
    )
  }
}

/** The login that may change the schema is connected to another database, where nothing was changed. */
export class MigratorElsewhere extends Schema.TaggedError<MigratorElsewhere>()("MigratorElsewhere", {
  application: Schema.String,
  migrator: Schema.String
}) {
  override get message() {
    return (
      `the migrator's login is connected to the database "${this.migrator}" and the application's to ` +
      `"${this.application}", and nothing was changed: give both the same database in their URLs`
    )
  }
}

/** Critical or declared tables that are none. */
export class InvalidTables extends Schema.TaggedError<InvalidTables>()("InvalidTables", {
  option: Schema.String,
  problem: Schema.String,
  accepted: Schema.String
}) {
  override get message() {
    return `${this.option} ${this.problem}: give ${this.accepted}`
  }
}

export class SchemaError extends Schema.TaggedError<SchemaError>()("SchemaError", {
  reason: Schema.Union([SchemaDrift, MigrationsPending, MigratorElsewhere, InvalidTables])
}) {
  override get message() {
    return this.reason.message
  }
}
