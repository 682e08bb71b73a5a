/**
 * Everything that pgkeel has to know before it can open a connection.
 *
 * The values come from `DATABASE_URL`, from the `PG*` variables that libpq also
 * reads, and from `PGKEEL_*` for what libpq has no name for, through Effect's
 * `ConfigProvider`; secrets also from files (`DATABASE_URL_FILE`,
 * `PGPASSWORD_FILE`). Options given in code win over the URL, and the URL wins
 * over the `PG*` variables. Every wrong variable, and every option that is none or
 * of a wrong type, is reported at once; an unknown `PGKEEL_*` variable is a warning.
 */
import * as Arr from "effect/Array"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import { DatabaseConfigError } from "./DatabaseConfigError.ts"
import { applicationPlace, find, load } from "./internal/load.ts"
import type { DatabaseOptions, Settings } from "./Settings.ts"

export class DatabaseConfig extends Context.Service<DatabaseConfig, Settings>()("pgkeel/config/DatabaseConfig") {
  /**
   * Reads and checks the configuration; fails with every problem at once.
   *
   * `urlVariable` names another URL than the application's, such as
   * `DATABASE_ADMIN_URL`. Its login is complete in itself: `PGUSER`,
   * `PGPASSWORD` and their like speak of the application and are not mixed in.
   */
  static readonly load = (
    options: DatabaseOptions = {},
    urlVariable: string = applicationPlace.urlVariable
  ): Effect.Effect<Settings, DatabaseConfigError, FileSystem.FileSystem> =>
    load(options, { ...applicationPlace, urlVariable })

  /** The same when the URL is given in `options` or set in the environment, and `undefined` when it is not. */
  static readonly find = (
    urlVariable: string,
    options: DatabaseOptions = {}
  ): Effect.Effect<Settings | undefined, DatabaseConfigError, FileSystem.FileSystem> =>
    find(options, { ...applicationPlace, urlVariable })

  /** Two configurations; fails with the problems of both, each named once. */
  static readonly both = <A, B, R1, R2>(
    first: Effect.Effect<A, DatabaseConfigError, R1>,
    second: Effect.Effect<B, DatabaseConfigError, R2>
  ): Effect.Effect<readonly [A, B], DatabaseConfigError, R1 | R2> =>
    Effect.flatMap(Effect.all([first, second], { mode: "result" }), ([one, other]) => {
      if (Result.isSuccess(one)) return Effect.map(Effect.fromResult(other), (second) => [one.success, second] as const)
      const all = Arr.appendAll(one.failure.reasons, Result.isFailure(other) ? other.failure.reasons : [])
      const reasons = Arr.dedupeWith(all, (left, right) => left.message === right.message)
      return Effect.fail(new DatabaseConfigError({ reasons }))
    })

  /** The configuration from variables, and from `options` where they are given. */
  static readonly layer = (
    options: DatabaseOptions = {}
  ): Layer.Layer<DatabaseConfig, DatabaseConfigError, FileSystem.FileSystem> =>
    Layer.effect(DatabaseConfig, DatabaseConfig.load(options))
}

/** Where a connection goes, in words that may be logged: no password, no options. */
export const describeTarget = (settings: Pick<Settings, "host" | "port" | "database" | "username">): string =>
  settings.host.startsWith("/")
    ? `database "${settings.database}" in ${settings.host} as "${settings.username}"`
    : `database "${settings.database}" at ${authority(settings)} as "${settings.username}"`

const authority = ({ host, port }: Pick<Settings, "host" | "port">): string =>
  host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`
