/**
 * From variables and options to settings. Each value is read on its own and its
 * problem kept, so that all problems are reported together.
 */
import * as Arr from "effect/Array"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import { DatabaseConfigError, InvalidVariable, MissingVariable, UnreadableFile } from "../DatabaseConfigError.ts"
import type { ConfigProblem } from "../DatabaseConfigError.ts"
import type { DatabaseOptions, Settings, SslMode } from "../Settings.ts"
import { parseUrl } from "./connectionUrl.ts"
import type { UrlParts } from "./connectionUrl.ts"
import { duration, settings } from "./settings.ts"
import type { Setting } from "./settings.ts"
import { secret, variable } from "./variables.ts"
import type { Found } from "./variables.ts"

const sslModes: ReadonlyArray<SslMode> = ["disable", "prefer", "require", "verify-ca", "verify-full"]
const urlShape = "a URL such as postgres://user:password@host:5432/database"

/** Where a value was found, with the text; `undefined` where nobody gave one. */
interface Text {
  readonly variable: string
  readonly text: string
}

class Reader {
  readonly problems: Array<ConfigProblem> = []
  urlVariable: string
  url: UrlParts = {}

  constructor(urlVariable: string) {
    this.urlVariable = urlVariable
  }

  /** Takes what an effect found, and keeps its problem when it failed. */
  keep<A, R>(effect: Effect.Effect<A, ConfigProblem, R>): Effect.Effect<A | undefined, never, R> {
    return Effect.match(effect, {
      onFailure: (problem) => {
        this.problems.push(problem)
        return undefined
      },
      onSuccess: (value) => value
    })
  }

  invalid(name: string, problem: string, accepted: string): undefined {
    this.problems.push(new InvalidVariable({ variable: name, problem, accepted }))
    return undefined
  }

  /** An option in code, else the part of the URL, else the variable. */
  text(option: string | undefined, name: string, part: string | undefined, found: Found | undefined): Text | undefined {
    if (option !== undefined) return { variable: name, text: option }
    if (part !== undefined) return { variable: `${this.urlVariable} (${name})`, text: part }
    return found && { variable: found.variable, text: Redacted.value(found.value) }
  }

  parse<A>(text: Text | undefined, setting: Pick<Setting<A>, "parse" | "accepted" | "default">): A {
    if (text === undefined) return setting.default
    const value = setting.parse(text.text)
    if (value !== undefined) return value
    this.invalid(text.variable, "is not accepted", setting.accepted)
    return setting.default
  }
}

const port = {
  accepted: "a port from 1 to 65535",
  default: 5432,
  parse: (text: string) => {
    const value = Number(text)
    return /^\d+$/.test(text) && value >= 1 && value <= 65535 ? value : undefined
  }
}

const sslMode = {
  accepted: `one of ${sslModes.join(", ")}`,
  default: "prefer" as SslMode,
  // libpq's `allow` asks for TLS only when the server insists; `prefer` asks first and covers it.
  parse: (text: string) => (text === "allow" ? "prefer" : sslModes.find((mode) => mode === text))
}

const connectDuration = duration("connectTimeout", "5 seconds", "how long opening one connection may take")

/** libpq's PGCONNECT_TIMEOUT counts seconds, and 0 means for ever. */
const connectSeconds = {
  accepted: "a whole number of seconds",
  default: connectDuration.default,
  parse: (text: string) =>
    !/^\d+$/.test(text) ? undefined : Number(text) === 0 ? Duration.infinity : Duration.seconds(Number(text))
}

const readUrl = Effect.fnUntraced(function*(reader: Reader, options: DatabaseOptions) {
  const found = options.url === undefined
    ? yield* reader.keep(secret(reader.urlVariable))
    : { variable: "url", value: options.url }
  if (found === undefined) return
  reader.urlVariable = found.variable
  const parsed = parseUrl(Redacted.value(found.value).trim())
  if (Result.isFailure(parsed)) reader.invalid(found.variable, parsed.failure, urlShape)
  else reader.url = parsed.success
})

/** A setting from its option or its variable; options pass the same check as text where they are numbers. */
const readSetting = Effect.fnUntraced(function*<A>(reader: Reader, setting: Setting<A>, option: string | undefined) {
  const found = option === undefined ? yield* variable(setting.variable) : undefined
  return reader.parse(reader.text(option, setting.variable, undefined, found), setting)
})

const shown = (option: Duration.Input | undefined): string | undefined =>
  option === undefined
    ? undefined
    : Duration.fromInput(option).pipe((duration) =>
      duration._tag === "None" ? "not a duration" : `${Duration.toMillis(duration.value)} millis`
    )

const readSettings = Effect.fnUntraced(function*(reader: Reader, options: DatabaseOptions) {
  const timed = <A>(setting: Setting<A>, option: Duration.Input | undefined) =>
    readSetting(reader, setting, shown(option))
  const plain = <A>(setting: Setting<A>, option: number | boolean | undefined) =>
    readSetting(reader, setting, option === undefined ? undefined : String(option))
  const read = yield* Effect.all({
    maxConnections: plain(settings.maxConnections, options.maxConnections),
    minConnections: plain(settings.minConnections, options.minConnections),
    acquireTimeout: timed(settings.acquireTimeout, options.acquireTimeout),
    idleTimeout: timed(settings.idleTimeout, options.idleTimeout),
    maxLifetime: timed(settings.maxLifetime, options.maxLifetime),
    statementTimeout: timed(settings.statementTimeout, options.statementTimeout),
    keepAlive: timed(settings.keepAlive, options.keepAlive),
    startTimeout: timed(settings.startTimeout, options.startTimeout),
    shutdownTimeout: timed(settings.shutdownTimeout, options.shutdownTimeout),
    prepare: plain(settings.prepare, options.prepare)
  })
  if (read.minConnections > read.maxConnections) {
    reader.invalid(
      settings.minConnections.variable,
      `is above ${settings.maxConnections.variable}`,
      `a whole number from 0 to ${read.maxConnections}`
    )
  }
  return read
})

const readConnectTimeout = Effect.fnUntraced(function*(reader: Reader, options: DatabaseOptions) {
  if (options.connectTimeout !== undefined) {
    return reader.parse({ variable: "connectTimeout", text: shown(options.connectTimeout) ?? "" }, connectDuration)
  }
  const found = yield* variable("PGCONNECT_TIMEOUT")
  return reader.parse(reader.text(undefined, "connect_timeout", reader.url.connectTimeout, found), connectSeconds)
})

const readRootCertificate = Effect.fnUntraced(function*(reader: Reader, options: DatabaseOptions) {
  if (options.rootCertificate !== undefined) return options.rootCertificate
  const found = yield* variable("PGSSLROOTCERT")
  const path = reader.text(undefined, "sslrootcert", reader.url.sslrootcert, found)
  // libpq 16 reads "system" as the certificates of the operating system.
  if (path === undefined || path.text === "system") return undefined
  const files = yield* FileSystem.FileSystem
  return yield* reader.keep(
    files.readFileString(path.text).pipe(
      Effect.mapError(() =>
        new UnreadableFile({ variable: path.variable, path: path.text, problem: "cannot be read" })
      )
    )
  )
})

/** The login and the place from `PG*`, unless a URL of its own was asked for: those speak of the application. */
const readAmbient = Effect.fnUntraced(function*(reader: Reader, own: boolean) {
  const ambient = (name: string) => own ? Effect.undefined : variable(name)
  return yield* Effect.all({
    host: ambient("PGHOST"),
    port: ambient("PGPORT"),
    username: ambient("PGUSER"),
    database: ambient("PGDATABASE"),
    password: own ? Effect.undefined : reader.keep(secret("PGPASSWORD")),
    startupOptions: ambient("PGOPTIONS"),
    sslMode: variable("PGSSLMODE"),
    applicationName: variable("PGAPPNAME")
  })
})

const readUsername = (reader: Reader, options: DatabaseOptions, found: Found | undefined): string => {
  const username = reader.text(options.username, "user", reader.url.username, found)?.text
  if (username !== undefined) return username
  // A URL that could not be read has been complained of already.
  if (!reader.problems.some((problem) => problem.variable.startsWith(reader.urlVariable))) {
    const hasUrl = Object.keys(reader.url).length > 0
    reader.problems.push(
      hasUrl
        ? new MissingVariable({ variable: reader.urlVariable, accepted: "the role to log in as, in the URL or in PGUSER" })
        : new MissingVariable({ variable: reader.urlVariable, accepted: `${urlShape}, or PGHOST, PGUSER and PGDATABASE` })
    )
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

/** Reads everything; see `DatabaseConfig.load`. */
export const load = Effect.fn("DatabaseConfig.load")(function*(
  options: DatabaseOptions,
  urlVariable: string
): Effect.fn.Return<Settings, DatabaseConfigError, FileSystem.FileSystem> {
  const reader = new Reader(urlVariable)
  yield* readUrl(reader, options)
  const found = yield* readAmbient(reader, urlVariable !== "DATABASE_URL" || options.url !== undefined)
  const { url } = reader
  const username = readUsername(reader, options, found.username)
  const portText = options.port === undefined ? undefined : String(options.port)
  const read: Settings = {
    host: reader.text(options.host, "host", url.host, found.host)?.text ?? "localhost",
    port: reader.parse(reader.text(portText, "port", url.port, found.port), port),
    database: reader.text(options.database, "dbname", url.database, found.database)?.text ?? username,
    username,
    password: options.password ?? url.password ?? found.password?.value,
    sslMode: reader.parse(reader.text(options.sslMode, "sslmode", url.sslmode, found.sslMode), sslMode),
    rootCertificate: yield* readRootCertificate(reader, options),
    applicationName:
      reader.text(options.applicationName, "application_name", url.applicationName, found.applicationName)?.text ??
      "pgkeel",
    startupOptions: reader.text(options.startupOptions, "options", url.startupOptions, found.startupOptions)?.text,
    connectTimeout: yield* readConnectTimeout(reader, options),
    ...(yield* readSettings(reader, options))
  }
  checkCertificate(reader, read)
  return Arr.isArrayNonEmpty(reader.problems)
    ? yield* new DatabaseConfigError({ reasons: reader.problems })
    : read
})
