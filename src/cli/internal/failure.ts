/** What a command that failed has to say, to programs and to a person. */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import { PlatformError } from "effect/PlatformError"
import * as Schema from "effect/Schema"
import { DatabaseConfigError } from "../../config/DatabaseConfigError.ts"
import { DatabaseError } from "../../error/DatabaseError.ts"
import { inMigration } from "../../migration/internal/failureText.ts"
import { MigrationError } from "../../migration/MigrationError.ts"
import { SchemaError } from "../../schema/SchemaError.ts"
import { type Answer, type ExitCode, exitCodes, type Json } from "./answer.ts"
import { fileProblem } from "./fileFailure.ts"
import { count, type Paint } from "./table.ts"

/** A command was given what it does not take, or what does not go together. */
export class UsageError extends Schema.TaggedError<UsageError>("pgkeel/cli/UsageError")("UsageError", {
  message: Schema.String
}) {}

/** The configuration file cannot be used. */
export class ConfigFileError extends Schema.TaggedError<ConfigFileError>("pgkeel/cli/ConfigFileError")(
  "ConfigFileError",
  { path: Schema.String, problem: Schema.String }
) {
  override get message() {
    return `${this.path} cannot be used: ${this.problem}`
  }
}

/** A file or directory that does not make a schema. */
export class LoadFailed extends Schema.TaggedError<LoadFailed>("pgkeel/cli/LoadFailed")("LoadFailed", {
  argument: Schema.String,
  cause: Schema.Unknown
}) {
  override get message() {
    return `${this.argument} could not be run on a scratch database: ${problemOf(this.cause)}`
  }
}

/** The scratch database could not be made. */
export class ScratchRefused extends Schema.TaggedError<ScratchRefused>("pgkeel/cli/ScratchRefused")("ScratchRefused", {
  argument: Schema.String,
  /** Whether `--shadow` names the login that may not. */
  shadow: Schema.Boolean,
  cause: DatabaseError
}) {
  override get message() {
    const { argument, cause, shadow } = this
    const said = "serverMessage" in cause.reason ? cause.reason.serverMessage : cause.message
    const next = shadow
      ? "grant the login of --shadow CREATEDB, or give another one there"
      : "give one that may with --shadow URL, which serves for the scratch database only"
    return `${argument} could not be run on a scratch database, because the login may not make one: ${said}; ${next}`
  }
}

/** Says by which flag another login is given, where the one that there is may not create databases. */
export const refusedScratch =
  (argument: string, shadow: boolean) =>
  <E>(error: E): E | ScratchRefused =>
    DatabaseError.isDatabaseError(error) &&
    error.reason._tag === "InsufficientPrivilege" &&
    error.reason.statement?.startsWith("CREATE DATABASE ") === true
      ? new ScratchRefused({ argument, shadow, cause: error })
      : error

/** Without what to do about a migration of the real database. */
const problemOf = (cause: unknown): string => {
  if (!(cause instanceof MigrationError)) return cause instanceof Error ? cause.message : String(cause)
  const { message, reason } = cause
  if (reason._tag !== "StatementFailed") return message
  return `${reason.file}, line ${reason.line}, column ${reason.column}: ${inMigration(reason.cause, { transaction: reason.transaction, isPlaced: true })}`
}

/** Of what does not come from a database: usage, configuration, interruption, and what should not happen. */
const codes = {
  defect: "PGK0000",
  usage: "PGK0001",
  configuration: "PGK0002",
  interrupted: "PGK0003",
  file: "PGK0004",
  snapshot: "PGK0005",
  load: "PGK0006"
} as const

/** What is known of a failure. */
export interface Failure {
  readonly exit: ExitCode
  readonly tag: string
  readonly code: string
  readonly message: string
  /** Which migration, where it is one. */
  readonly migration?: { readonly [name: string]: Json } | undefined
  /** Several, where it is several. */
  readonly migrations?: ReadonlyArray<string> | undefined
  readonly sqlState?: string | undefined
  /** The database's own failure, where it is the cause of one of a migration. */
  readonly cause?: { readonly [name: string]: Json } | undefined
  /** The file and the place in it, for a person. */
  readonly excerpt?: string | undefined
}

export const failureOf = (cause: Cause.Cause<unknown>): Failure => {
  if (Cause.hasInterruptsOnly(cause)) return interruption
  const error = Cause.squash(cause)
  if (error instanceof MigrationError) return ofMigration(error)
  if (DatabaseError.isDatabaseError(error)) return { ...ofDatabase(error), excerpt: pointed(error) }
  if (error instanceof ScratchRefused) return { ...ofDatabase(error.cause), message: error.message }
  if (error instanceof DatabaseConfigError) {
    const missing = error.reasons.some(
      ({ _tag, variable }) => _tag === "MissingVariable" && variable === "DATABASE_URL"
    )
    const message = missing ? `${error.message}; on the command line, --url gives it` : error.message
    return { exit: exitCodes.usage, tag: error._tag, code: codes.configuration, message }
  }
  if (error instanceof UsageError) return usage(error.message)
  if (error instanceof ConfigFileError) {
    return { exit: exitCodes.usage, tag: error._tag, code: codes.configuration, message: error.message }
  }
  if (error instanceof LoadFailed) return ofLoad(error)
  if (error instanceof SchemaError) {
    return { exit: exitCodes.usage, tag: error.reason._tag, code: codes.snapshot, message: error.message }
  }
  if (error instanceof PlatformError) {
    return { exit: exitCodes.failed, tag: "FileError", code: codes.file, message: fileProblem(error) }
  }
  const message = error instanceof Error ? error.message : String(error)
  return { exit: exitCodes.failed, tag: "Defect", code: codes.defect, message, excerpt: Cause.pretty(cause) }
}

const interruption: Failure = {
  exit: exitCodes.interrupted,
  tag: "Interrupted",
  code: codes.interrupted,
  message:
    "interrupted; the transaction that was under way was rolled back, a migration without one goes on where it stopped, " +
    "and what was done before stays"
}

export const usage = (message: string): Failure => ({
  exit: exitCodes.usage,
  tag: "UsageError",
  code: codes.usage,
  message
})

const ofLoad = ({ _tag: tag, cause, message }: LoadFailed): Failure => {
  const { cause: database, excerpt, sqlState } = failureOf(Cause.fail(cause))
  return { exit: exitCodes.failed, tag, code: codes.load, message, cause: database, sqlState, excerpt }
}

const ofDatabase = (error: DatabaseError): Failure => ({
  exit: error.reason._tag === "InvalidConnectionOptions" ? exitCodes.usage : exitCodes.failed,
  tag: error.reason._tag,
  code: error.code,
  message: error.message,
  sqlState: sqlStateOf(error.reason)
})

/** What `DatabaseError.render` has below the message. */
const pointed = (error: DatabaseError): string | undefined => {
  const [, ...rest] = DatabaseError.render(error).split("\n\n")
  return rest.length === 0 ? undefined : rest.join("\n\n")
}

/** Whether it is the command that names what is not there, or one namespace twice. */
const isMistake = (reason: MigrationError["reason"]): boolean =>
  reason._tag === "UnknownTarget" ||
  reason._tag === "RoleRefused" ||
  reason._tag === "UnknownRule" ||
  reason._tag === "InvalidOptions" ||
  reason._tag === "DirectoryUnreadable" ||
  (reason._tag === "Duplicate" && reason.id === undefined)

const exitOf = (reason: MigrationError["reason"]): ExitCode =>
  reason._tag === "Locked" ? exitCodes.locked : isMistake(reason) ? exitCodes.usage : exitCodes.failed

/** Where the command is told of a directory. */
const places = {
  migrations: "--dir, `dir` or `sources` in the configuration file, or PGKEEL_MIGRATIONS",
  seeds: "--seeds, or `seeds` in the configuration file"
}

const ofMigration = (error: MigrationError): Failure => {
  const { reason } = error
  const message = reason._tag === "DirectoryUnreadable" ? reason.namedBy(places) : error.message
  const base = { exit: exitOf(reason), tag: reason._tag, code: error.code, message }
  const cause = "cause" in reason && DatabaseError.isDatabaseError(reason.cause) ? reason.cause : undefined
  const migrations = "migrations" in reason && reason.migrations.length > 0 ? reason.migrations : undefined
  return {
    ...base,
    migration: subjectOf(reason),
    migrations,
    cause: cause === undefined ? undefined : databaseFields(cause)
  }
}

const databaseFields = ({ code, message, reason }: DatabaseError) => ({
  tag: reason._tag,
  code,
  message,
  sqlState: sqlStateOf(reason)
})

const sqlStateOf = (reason: DatabaseError["reason"]): string | undefined =>
  "sqlState" in reason ? reason.sqlState : undefined

/** The fields of a reason that say which migration, and where in its file. */
const subjectOf = (reason: MigrationError["reason"]): Failure["migration"] => {
  if (!("id" in reason) || reason.id === undefined) return undefined
  const known: { [name: string]: Json } = { namespace: reason.namespace, id: reason.id }
  // An error that has no such field is called by its class.
  if (Object.hasOwn(reason, "name")) known["name"] = reason.name
  if ("file" in reason) known["file"] = reason.file
  if ("line" in reason) known["line"] = reason.line
  if ("column" in reason) known["column"] = reason.column
  if ("statement" in reason) known["statement"] = reason.statement
  return known
}

/** The answer of a command that failed; `done` is what had been done before. */
export const answerOf = (failure: Failure, paint: Paint, done: { readonly [name: string]: Json } = {}): Answer => {
  const { cause, code, excerpt, exit, message, migration, migrations, sqlState, tag } = failure
  const { ok: _, ...before } = done
  const title = `${paint("red", paint("bold", "error"))} ${paint("dim", `${code} ${tag}`)}`
  return {
    code: exit,
    json: { ok: false, ...before, error: { tag, code, message, sqlState, migration, migrations, cause } },
    text: [`${title}\n${message}`, excerpt, ...Object.entries(before).map(staying)]
      .filter((part) => part !== undefined)
      .join("\n\n"),
    to: "stderr"
  }
}

/** Of what had been done before a failure, how much it was. */
const staying = ([field, entries]: readonly [string, Json]): string | undefined => {
  const words = field === "applied" || field === "reverted" ? field : undefined
  return words !== undefined && Array.isArray(entries) && entries.length > 0
    ? `what was done before it stays: ${count(entries.length, "migration")} ${words}`
    : undefined
}

export const failUsage = (message: string): Effect.Effect<never, UsageError> => Effect.fail(new UsageError({ message }))
