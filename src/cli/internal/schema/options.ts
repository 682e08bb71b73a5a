/** What the flags of `pgkeel schema` say, else the configuration file, else the defaults. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import { warnOfUnknownVariables } from "../../../config/internal/unknownVariables.ts"
import type { MigratorOptions } from "../../../migration/Migrator.ts"
import type { CommandConfig } from "../../CommandConfig.ts"
import { configFile, urlOf } from "../configFile.ts"
import { type Destination, durationOf, settingsAt, settingsOf } from "../database.ts"
import { schema } from "../flags.ts"
import { sourcesOf } from "../sources.ts"

export interface SchemaCommandOptions extends MigratorOptions, Destination {
  readonly schema: CommandConfig["schema"]
  /** Where scratch databases are made. Default: on the server of the database. */
  readonly shadow: Redacted.Redacted<string> | undefined
}

export const options = Effect.gen(function* () {
  yield* warnOfUnknownVariables
  const flags = yield* schema
  const config = yield* configFile(Option.getOrUndefined(flags.config))
  return {
    ...config,
    schema: config.schema,
    ...(yield* urlOf(flags.url, config, flags.config)),
    wait: yield* durationOf("wait", flags.wait, config.wait),
    sources: yield* sourcesOf(flags.dir, config),
    role: Option.getOrUndefined(flags.role) ?? config.role,
    shadow: Option.getOrUndefined(flags.shadow)
  } satisfies SchemaCommandOptions
})

/** The database that the command is about. */
export const databaseOf = (given: SchemaCommandOptions) => settingsOf(given, "schema")

/** One that an argument of the command names. */
export const databaseAt = ({ wait }: SchemaCommandOptions, url: Redacted.Redacted<string>) =>
  settingsAt({ url, wait }, "schema", "the URL")

/** The server on which scratch databases are made. */
export const serverOf = ({ shadow, ...given }: SchemaCommandOptions) =>
  shadow === undefined
    ? settingsOf(given, "schema")
    : settingsAt({ url: shadow, wait: given.wait }, "schema", "--shadow")
