/** The migrator that a command works with: where it connects to, as whom, and with which migrations. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { DatabaseConfig } from "../../config/DatabaseConfig.ts"
import { applicationPlace, find, load } from "../../config/internal/load.ts"
import { ConnectionManager } from "../../connection/ConnectionManager.ts"
import { Migrator, type MigratorOptions } from "../../migration/Migrator.ts"
import { own } from "../../migration/MigrationSource.ts"
import { pointAt } from "./excerpt.ts"
import { failUsage } from "./failure.ts"
import { migrate } from "./flags.ts"
import { policiesOf } from "./policies.ts"
import { directoriesOf } from "./sources.ts"

const pool = { maxConnections: 2, minConnections: 0 }

/** The flag; else the migrator's login where it is set, as at an application's start; else the application's. */
const settingsOf = Effect.fnUntraced(function* (url: Option.Option<Redacted.Redacted<string>>) {
  const place = { ...applicationPlace, urlOption: "--url" }
  const settings = Option.isSome(url)
    ? yield* load({ ...pool, url: url.value }, place)
    : ((yield* find(pool, { ...place, urlVariable: "DATABASE_MIGRATOR_URL" })) ?? (yield* load(pool, place)))
  const applicationName = settings.applicationName === "pgkeel" ? "pgkeel migrate" : settings.applicationName
  // What is long enough for the application's statements is not for a migration's.
  return { ...settings, applicationName, statementTimeout: undefined }
})

const durationOf = (flag: string, given: string) =>
  Option.match(Duration.fromInput(given as Duration.Input), {
    onNone: () => failUsage(`--${flag} ${given} is not accepted: give a duration such as "10 seconds"`),
    onSome: Effect.succeed
  })

/** What the flags, and the defaults where there is no flag, say of the migrator. */
export const options = Effect.gen(function* () {
  const flags = yield* migrate
  const directories = yield* directoriesOf(flags.dir)
  const lockPatience = Option.getOrUndefined(flags.lockPatience)
  return {
    sources: [own, ...directories],
    policies: yield* policiesOf(flags.policy),
    role: Option.getOrUndefined(flags.role),
    lockPatience: lockPatience === undefined ? undefined : yield* durationOf("lock-patience", lockPatience)
  } satisfies MigratorOptions
})

/** A migrator for the time of `use`. Nothing is connected to before it is used. */
export const withMigrator = Effect.fnUntraced(function* <A, E, R>(
  given: MigratorOptions,
  use: (migrator: Migrator["Service"]) => Effect.Effect<A, E, R>
) {
  const { url } = yield* migrate
  const settings = yield* settingsOf(url)
  const client = ConnectionManager.layer().pipe(Layer.provide(Layer.succeed(DatabaseConfig, settings)))
  return yield* Effect.flatMap(Migrator, use).pipe(
    Effect.provide(Migrator.layer(given).pipe(Layer.provide(client))),
    Effect.tapError((error) => pointAt(error, given.sources))
  )
})
