/**
 * What `pgkeel.config.ts` (or `.js`, `.mjs`, `.json`) in the directory of a command
 * may hold, as its default export:
 *
 * ```ts
 * import type { CommandConfig } from "pgkeel/cli/CommandConfig"
 *
 * export default {
 *   dir: ["app=./migrations", "billing=./billing/migrations"],
 *   policies: { late: "warn" },
 *   lockPatience: "5 minutes"
 * } satisfies CommandConfig
 * ```
 *
 * A flag wins over what stands here, and this over the environment.
 */
import type * as Duration from "effect/Duration"
import type * as Redacted from "effect/Redacted"
import type { MigratorOptions } from "../migration/Migrator.ts"
import type { MigrationSource } from "../migration/MigrationSource.ts"

/** A duration with its unit, as the flags take it: `"5 seconds"`, not a number. */
export type ConfigDuration = Exclude<Duration.Input, number | bigint>

/** The options of a migrator that are durations. */
type DurationName = "lockTimeout" | "lockBackoff" | "statementTimeout" | "lockPatience"

/** Every option of a migrator, and what the flags hold. */
export interface CommandConfig
  extends
    Omit<MigratorOptions, "sources" | "progress" | DurationName>,
    Readonly<Partial<Record<DurationName, ConfigDuration | undefined>>> {
  /** As `--url`. A URL with a password is better left in the environment. */
  readonly url?: string | Redacted.Redacted<string> | undefined
  /** As `--dir`: a path, or `namespace=path`; relative ones are from this file's directory. */
  readonly dir?: string | ReadonlyArray<string> | undefined
  /** As `--wait`: how long to wait for a server that is not there yet. Default: it fails at once. */
  readonly wait?: ConfigDuration | undefined
  /** In place of `dir`: sources as `Migrator.layer` takes them, also of migrations in code. The package's own come by themselves. */
  readonly sources?: ReadonlyArray<MigrationSource> | undefined
  /** Of `pgkeel schema`. */
  readonly schema?: CommandSchema | undefined
}

/** What the schema is compared with, and what of it is not. */
export interface CommandSchema {
  /** As `--snapshot`; a relative path is from this file's directory. Default: `schema.json` beside the migrations. */
  readonly snapshot?: string | undefined
  /** As `--ignore`, all of them: `owners`, `grants`, `comments`, or kinds and names such as `table audit.*`. Default: nothing. */
  readonly ignore?: ReadonlyArray<string> | undefined
}
