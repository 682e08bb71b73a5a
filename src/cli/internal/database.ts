/** The migrator that a command works with: where it connects to, as whom, and with which migrations. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import * as Struct from "effect/Struct"
import { applicationPlace, find, load } from "../../config/internal/load.ts"
import { warnOfUnknownVariables } from "../../config/internal/unknownVariables.ts"
import type { Settings } from "../../config/Settings.ts"
import { ConnectionManager } from "../../connection/ConnectionManager.ts"
import { Migrator, type MigratorOptions } from "../../migration/Migrator.ts"
import type { CommandConfig } from "../CommandConfig.ts"
import { Reply } from "./answer.ts"
import { configFile, urlOf } from "./configFile.ts"
import { excerptOf } from "./excerpt.ts"
import { failUsage } from "./failure.ts"
import { migrate } from "./flags.ts"
import { policiesOf } from "./policies.ts"
import { noteEmpty, seedsOf, sourcesOf } from "./sources.ts"

/** The options of a command tell of unknown variables, once, and also where no database is asked. */
const commandPlace = { ...applicationPlace, hasWarned: true }

const pool = { maxConnections: 2, minConnections: 0 }

/** What was given; else the migrator's login where it is set, as at an application's start; else the application's. */
export const settingsOf = Effect.fnUntraced(function* ({ url, urlOption, wait }: Destination, group: Group) {
  if (url !== undefined) return yield* settingsAt({ url, wait }, group, urlOption)
  const place = { ...commandPlace, urlOption: "--url" }
  const found = yield* find(pool, { ...place, urlVariable: "DATABASE_MIGRATOR_URL" })
  return ofCommand(found ?? (yield* load(pool, place)), wait, group)
})

/** The same of one URL. `urlOption` is what that is called where it cannot be used. */
export const settingsAt = ({ url, wait }: Located, group: Group, urlOption: string) =>
  Effect.map(load({ ...pool, url }, { ...commandPlace, urlOption }), (settings) => ofCommand(settings, wait, group))

type Group = "migrate" | "schema"

interface Located extends Pick<Destination, "wait"> {
  readonly url: Redacted.Redacted<string>
}

const ofCommand = (settings: Settings, wait: Duration.Input | undefined, group: Group): Settings => {
  const startTimeout = wait === undefined ? Duration.zero : Duration.fromInputUnsafe(wait)
  const applicationName = settings.applicationName === "pgkeel" ? `pgkeel ${group}` : settings.applicationName
  // What is long enough for the application's statements is not for a migration's.
  return { ...settings, applicationName, startTimeout, statementTimeout: undefined }
}

/** The flag's, else the configuration file's. */
export const durationOf = (flag: string, given: Option.Option<string>, configured: Duration.Input | undefined) =>
  Option.match(given, {
    onNone: () => Effect.succeed(configured),
    onSome: (text) =>
      Option.match(Duration.fromInput(text as Duration.Input), {
        onNone: () => failUsage(`--${flag} ${text} is not accepted: give a duration such as "10 seconds"`),
        onSome: (duration) => Effect.succeed<Duration.Input | undefined>(duration)
      })
  })

/** What the flags say of the migrator, else the configuration file, else the defaults; and where its database is. */
export const options = Effect.gen(function* () {
  yield* warnOfUnknownVariables
  const flags = yield* migrate
  const config = yield* configFile(Option.getOrUndefined(flags.config))
  return {
    ...config,
    ...(yield* urlOf(flags.url, config, flags.config)),
    sources: yield* sourcesOf(flags.dir, config),
    seeds: yield* seedsOf(Option.getOrUndefined(flags.seeds), Option.getOrUndefined(flags.environment), config),
    policies: { ...config.policies, ...(yield* policiesOf(flags.policy)) },
    role: Option.getOrUndefined(flags.role) ?? config.role,
    wait: yield* durationOf("wait", flags.wait, config.wait),
    lockPatience: yield* durationOf("lock-patience", flags.lockPatience, config.lockPatience)
  } satisfies CommandOptions
})

/** How to come to a database. */
export interface Destination {
  /** In place of the environment's. */
  readonly url: Redacted.Redacted<string> | undefined
  /** What that is called where it cannot be used: `--url`, or the place in the configuration file. */
  readonly urlOption: string
  readonly wait: Duration.Input | undefined
}

/** A migrator's options, and how to come to its database. */
export interface CommandOptions extends MigratorOptions, Destination {}

/** Runs an effect with a client. Nothing is connected to before it is used, unless the server is to be waited for. */
export const withClient =
  (settings: Settings) =>
  <A, E, R>(use: Effect.Effect<A, E, R>) => {
    const isAwaited = !Duration.isZero(settings.startTimeout)
    const ready = isAwaited ? ConnectionManager.use(({ connect }) => connect) : Effect.void
    return Effect.provide(Effect.andThen(ready, use), ConnectionManager.layerOf(settings))
  }

/** Whether there is nothing of the application's. */
export const isOnlyOwn = ({ seeds, sources }: MigratorOptions): boolean => sources.length === 1 && seeds === undefined

export const onlyOwn =
  "only the package's own migrations are known: give --dir, or start the command where the directory migrations is"

interface Around extends MigratorOptions, Partial<Destination>, Pick<CommandConfig, "dir" | "schema"> {
  readonly shadow?: unknown
}

/** Without what the commands and their configuration file have beside it, which are no options of a migrator. */
export const ofMigrator = (given: Around): MigratorOptions =>
  Struct.omit(given, ["dir", "schema", "shadow", "url", "urlOption", "wait"])

/** A migrator for the time of `use`. Nothing is connected to before it is used. */
export const withMigrator = Effect.fnUntraced(function* <A, E, R>(
  given: CommandOptions,
  use: (migrator: Migrator["Service"]) => Effect.Effect<A, E, R>
) {
  if (isOnlyOwn(given)) yield* Effect.logWarning(onlyOwn)
  yield* Effect.forEach(given.sources, noteEmpty, { discard: true })
  const settings = yield* settingsOf(given, "migrate")
  return yield* Effect.flatMap(Migrator, use).pipe(
    Effect.provide(Migrator.layer(ofMigrator(given))),
    withClient(settings),
    Effect.tapError((error) =>
      Effect.flatMap(excerptOf(error, given.sources), (excerpt) => Reply.use(({ point }) => point(excerpt)))
    )
  )
})
