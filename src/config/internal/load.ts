/**
 * From variables and options to settings. Each value is read on its own and its
 * problem kept, so that all problems are reported together.
 */
import * as Arr from "effect/Array"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as FileSystem from "effect/FileSystem"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import { DatabaseConfigError, MissingVariable } from "../DatabaseConfigError.ts"
import type { DatabaseOptions, Settings } from "../Settings.ts"
import { parseUrl } from "./connectionUrl.ts"
import { checkOptions, databaseRules } from "./options.ts"
import { Reader } from "./reader.ts"
import { readText } from "./readText.ts"
import type { Rules } from "./rules.ts"
import { settings } from "./settings.ts"
import type { Setting, SettingName } from "./settings.ts"
import { connectDuration, connectSeconds, host, port, sslMode } from "./target.ts"
import { warnOfUnknownVariables } from "./unknownVariables.ts"
import { secret, variable } from "./variables.ts"
import type { Found } from "./variables.ts"

const urlShape = "a URL such as postgres://user:password@host:5432/database"

const readUrl = Effect.fnUntraced(function* (reader: Reader, options: DatabaseOptions, urlOption: string) {
  // One that was refused already must not be answered by what the environment has in its place.
  if (reader.hasProblem(urlOption)) {
    reader.hasUrl = true
    reader.urlVariable = urlOption
    return
  }
  const found =
    options.url === undefined
      ? yield* reader.keep(secret(reader.urlVariable))
      : { variable: urlOption, value: options.url }
  if (found === undefined) return
  reader.urlVariable = found.variable
  reader.hasUrl = true
  const parsed = parseUrl(Redacted.value(found.value).trim())
  if (Result.isFailure(parsed)) reader.invalid(found.variable, parsed.failure, urlShape)
  else reader.url = parsed.success
})

const shown = (option: Duration.Input | undefined): string | undefined =>
  option === undefined
    ? undefined
    : Duration.fromInput(option).pipe((duration) =>
        duration._tag === "None" ? "not a duration" : `${Duration.toMillis(duration.value)} millis`
      )

const readSettings = Effect.fnUntraced(function* (reader: Reader, options: DatabaseOptions) {
  // Options pass the same check as variables, as text.
  const one = Effect.fnUntraced(function* <A>(name: SettingName, setting: Setting<A>, option: string | undefined) {
    const found = option === undefined ? yield* reader.keep(variable(setting.variable)) : undefined
    return reader.parse(reader.text({ option: [name, option], found }), setting)
  })
  const timed = <A>(name: SettingName, setting: Setting<A>, option: Duration.Input | undefined) =>
    one(name, setting, shown(option))
  const plain = <A>(name: SettingName, setting: Setting<A>, option: number | boolean | undefined) =>
    one(name, setting, option === undefined ? undefined : String(option))
  const read = yield* Effect.all({
    maxConnections: plain("maxConnections", settings.maxConnections, options.maxConnections),
    minConnections: plain("minConnections", settings.minConnections, options.minConnections),
    acquireTimeout: timed("acquireTimeout", settings.acquireTimeout, options.acquireTimeout),
    idleTimeout: timed("idleTimeout", settings.idleTimeout, options.idleTimeout),
    maxLifetime: timed("maxLifetime", settings.maxLifetime, options.maxLifetime),
    statementTimeout: timed("statementTimeout", settings.statementTimeout, options.statementTimeout),
    keepAlive: timed("keepAlive", settings.keepAlive, options.keepAlive),
    startTimeout: timed("startTimeout", settings.startTimeout, options.startTimeout),
    shutdownTimeout: timed("shutdownTimeout", settings.shutdownTimeout, options.shutdownTimeout),
    outcomeTimeout: timed("outcomeTimeout", settings.outcomeTimeout, options.outcomeTimeout),
    prepare: plain("prepare", settings.prepare, options.prepare)
  })
  if (read.minConnections > read.maxConnections && !reader.hasProblem("maxConnections")) {
    reader.invalid(
      options.minConnections === undefined ? settings.minConnections.variable : "minConnections",
      `is above ${options.maxConnections === undefined ? settings.maxConnections.variable : "maxConnections"}`,
      `a whole number from 0 to ${read.maxConnections}`
    )
  }
  return read
})

const readConnectTimeout = Effect.fnUntraced(function* (reader: Reader, options: DatabaseOptions) {
  if (options.connectTimeout !== undefined) {
    return reader.parse({ variable: "connectTimeout", text: shown(options.connectTimeout) ?? "" }, connectDuration)
  }
  const found = yield* reader.keep(variable("PGCONNECT_TIMEOUT"))
  return reader.parse(reader.text({ part: ["connect_timeout", reader.url.connectTimeout], found }), connectSeconds)
})

const readRootCertificate = Effect.fnUntraced(function* (reader: Reader, options: DatabaseOptions) {
  if (options.rootCertificate !== undefined) return options.rootCertificate
  const found = yield* reader.keep(variable("PGSSLROOTCERT"))
  const path = reader.text({ part: ["sslrootcert", reader.url.sslrootcert], found })
  // libpq 16 reads "system" as the certificates of the operating system.
  if (path === undefined || path.text === "system") return undefined
  return yield* reader.keep(readText(path.variable, path.text))
})

/** The login and the place from `PG*`, unless a URL of its own was asked for: those speak of the application. */
const readAmbient = Effect.fnUntraced(function* (reader: Reader, own: boolean) {
  const read = (name: string) => reader.keep(variable(name))
  const ambient = (name: string) => (own ? Effect.undefined : read(name))
  return yield* Effect.all({
    host: ambient("PGHOST"),
    port: ambient("PGPORT"),
    username: ambient("PGUSER"),
    database: ambient("PGDATABASE"),
    password: own ? Effect.undefined : reader.keep(secret("PGPASSWORD")),
    startupOptions: ambient("PGOPTIONS"),
    sslMode: read("PGSSLMODE"),
    applicationName: read("PGAPPNAME")
  })
})

const readUsername = (reader: Reader, options: DatabaseOptions, found: Found | undefined, own: boolean): string => {
  const { url } = reader
  const text = reader.text({ option: ["username", options.username], part: ["user", url.username], found })
  if (text !== undefined) return text.text
  // An option or a URL that could not be read has been complained of already.
  if (
    !reader.hasProblem("username") &&
    !reader.problems.some((problem) => problem.variable.startsWith(reader.urlVariable))
  ) {
    if (reader.hasUrl) {
      reader.invalid(reader.urlVariable, "names no user", `the role to log in as${own ? "" : ", there or in PGUSER"}`)
    } else {
      const alternative = own ? "" : ", or PGHOST, PGUSER and PGDATABASE"
      reader.problems.push(new MissingVariable({ variable: reader.urlVariable, accepted: `${urlShape}${alternative}` }))
    }
  }
  return ""
}

const checkCertificate = (reader: Reader, settings: Settings): void => {
  if (settings.rootCertificate === undefined) return
  if (settings.sslMode !== "disable" && settings.sslMode !== "prefer") return
  reader.invalid(
    "PGSSLMODE",
    `is ${settings.sslMode}, which does not look at the certificate that PGSSLROOTCERT names`,
    "verify-full, verify-ca or require"
  )
}

/** Who logs in, and where. */
const readTarget = (reader: Reader, options: DatabaseOptions, found: Ambient, own: boolean) => {
  const { url } = reader
  const username = readUsername(reader, options, found.username, own)
  const portText = options.port === undefined ? undefined : String(options.port)
  const database = {
    option: ["database", options.database],
    part: ["dbname", url.database],
    found: found.database
  } as const
  return {
    host: reader.parse(
      reader.text({ option: ["host", options.host], part: ["host", url.host], found: found.host }),
      host
    ),
    port: reader.parse(reader.text({ option: ["port", portText], part: ["port", url.port], found: found.port }), port),
    database: reader.text(database)?.text ?? username,
    username,
    password: options.password ?? url.password ?? found.password?.value
  }
}

type Ambient = Effect.Success<ReturnType<typeof readAmbient>>

export interface Place<Options> {
  /** The variable that holds the URL. */
  readonly urlVariable: string
  /** The option `url` as the caller of the caller knows it. */
  readonly urlOption: string
  /** Whoever loads has told of unknown variables already, as a program that loads several times has. */
  readonly hasWarned?: boolean
  /** Every option that there is; those beside the database's are looked at and not read. */
  readonly rules: Rules<Options>
}

/** The application's own configuration, with no other options. */
export const applicationPlace: Place<DatabaseOptions> = {
  urlVariable: "DATABASE_URL",
  urlOption: "url",
  rules: databaseRules
}

/** Reads everything; see `DatabaseConfig.load`. */
export const load = Effect.fn("DatabaseConfig.load")(function* <Options extends DatabaseOptions>(
  given: Options,
  { hasWarned = false, rules, urlOption, urlVariable }: Place<Options>
): Effect.fn.Return<Settings, DatabaseConfigError, FileSystem.FileSystem> {
  const reader = new Reader(urlVariable)
  const { options, problems } = checkOptions(given, rules)
  reader.problems.push(...problems)
  if (urlVariable === applicationPlace.urlVariable && !hasWarned) yield* warnOfUnknownVariables
  yield* readUrl(reader, options, urlOption)
  const own = urlVariable !== applicationPlace.urlVariable || options.url !== undefined || reader.hasProblem(urlOption)
  const found = yield* readAmbient(reader, own)
  const { url } = reader
  const target = readTarget(reader, options, found, own)
  const ssl = { option: ["sslMode", options.sslMode], part: ["sslmode", url.sslmode], found: found.sslMode } as const
  const mode = reader.parse(reader.text(ssl), sslMode)
  const read: Settings = {
    ...target,
    // A Unix socket does not leave the machine; libpq (34.19.1) ignores the mode there.
    sslMode: target.host.startsWith("/") ? "disable" : mode,
    rootCertificate: yield* readRootCertificate(reader, options),
    applicationName:
      reader.text({
        option: ["applicationName", options.applicationName],
        part: ["application_name", url.applicationName],
        found: found.applicationName
      })?.text ?? "pgkeel",
    startupOptions: reader.text({
      option: ["startupOptions", options.startupOptions],
      part: ["options", url.startupOptions],
      found: found.startupOptions
    })?.text,
    connectTimeout: yield* readConnectTimeout(reader, options),
    ...(yield* readSettings(reader, options))
  }
  if (!read.host.startsWith("/")) checkCertificate(reader, read)
  return Arr.isArrayNonEmpty(reader.problems) ? yield* new DatabaseConfigError({ reasons: reader.problems }) : read
})

/** As `load` when there is a URL, or an option that is wrong, and `undefined` when there is neither; see `DatabaseConfig.find`. */
export const find = Effect.fnUntraced(function* (
  given: DatabaseOptions,
  place: Place<DatabaseOptions>
): Effect.fn.Return<Settings | undefined, DatabaseConfigError, FileSystem.FileSystem> {
  const { options, problems } = checkOptions(given, place.rules)
  const [direct, file] = yield* Effect.mapError(
    Effect.all([variable(place.urlVariable), variable(`${place.urlVariable}_FILE`)]),
    (problem) => new DatabaseConfigError({ reasons: [problem] })
  )
  const isAbsent = options.url === undefined && direct === undefined && file === undefined && problems.length === 0
  return isAbsent ? undefined : yield* load(given, place)
})
