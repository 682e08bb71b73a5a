/** Why a schema is not accepted. */
import * as Schema from "effect/Schema"
import { describe, Difference } from "./Difference.ts"

/** As many as a reader goes through; the error has all of them. */
const told = 20

const list = (differences: ReadonlyArray<Difference>): string => {
  const more = differences.length - told
  const said = differences.slice(0, told).map(describe).join("; ")
  return more > 0 ? `${said}; and ${more} more` : said
}

/** The database is not what the code believes. */
export class SchemaDrift extends Schema.TaggedError<SchemaDrift>()("SchemaDrift", {
  differences: Schema.NonEmptyArray(Difference),
  /** The snapshot that the database differs from; `undefined` where critical or declared tables are missing. */
  snapshot: Schema.UndefinedOr(Schema.String)
}) {
  override get message() {
    const said = list(this.differences)
    return this.snapshot === undefined
      ? `the schema is not what the application needs: ${said}; ` +
          "apply the missing migration, or undo what was changed by hand"
      : `the schema differs from ${this.snapshot}: ${said}; undo what was changed by hand, ` +
          "write a migration for it, or commit the new schema with `pgkeel schema snapshot`"
  }
}

/** The file or value that the schema is to be compared with is no snapshot that can be trusted. */
export class UnusableSnapshot extends Schema.TaggedError<UnusableSnapshot>()("UnusableSnapshot", {
  /** Where it is. */
  snapshot: Schema.String,
  problem: Schema.Literals(["unreadable", "not a snapshot", "edited", "newer"]),
  /** What was found, where the problem does not say it all. */
  detail: Schema.String
}) {
  override get message() {
    const { next, what } = snapshotProblems[this.problem]
    return `${this.snapshot} ${what}${this.detail === "" ? "" : ` (${this.detail})`}: ${next}`
  }
}

const rewrite = "write it with `pgkeel schema snapshot`"

const snapshotProblems = {
  unreadable: { what: "cannot be read", next: `give the path of a snapshot, or ${rewrite}` },
  "not a snapshot": { what: "is no snapshot of a schema", next: rewrite },
  edited: { what: "was edited: its hash is not that of its objects", next: `restore it, or ${rewrite}` },
  newer: { what: "has a form that this version does not know", next: "upgrade pgkeel, or write it with this version" }
} as const

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

/** An option of the schema that is none: critical or declared tables, or what is expected. */
export class InvalidOption extends Schema.TaggedError<InvalidOption>()("InvalidOption", {
  option: Schema.String,
  problem: Schema.String,
  accepted: Schema.String
}) {
  override get message() {
    return `${this.option} ${this.problem}: ${this.accepted.endsWith("?") ? this.accepted : `give ${this.accepted}`}`
  }
}

export class SchemaError extends Schema.TaggedError<SchemaError>()("SchemaError", {
  reason: Schema.Union([SchemaDrift, MigrationsPending, MigratorElsewhere, InvalidOption, UnusableSnapshot])
}) {
  override get message() {
    return this.reason.message
  }
}
