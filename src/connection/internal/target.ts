/** From settings to what the driver's pool takes. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import type * as PgPool from "@effect/sql-pg/PgPool"
import type { ConnectionOptions } from "node:tls"
import type { Settings } from "../../config/Settings.ts"
import type { LoginUnavailable } from "../../error/Reason.ts"
import type { Sockets } from "./sockets.ts"

const acceptAnyName = () => undefined

/**
 * libpq's modes (34.19.1) in terms of Node's TLS. Node verifies chain and name
 * unless told otherwise; `require` verifies the chain only when it is given one.
 */
const tls = (settings: Settings): boolean | ConnectionOptions | undefined => {
  const ca = settings.rootCertificate === undefined ? {} : { ca: settings.rootCertificate }
  switch (settings.sslMode) {
    case "disable":
      return false
    // The driver falls back to plain text only for a mode that it read from a URL.
    case "prefer":
      return undefined
    case "require":
      return settings.rootCertificate === undefined
        ? { rejectUnauthorized: false }
        : { ...ca, checkServerIdentity: acceptAnyName }
    case "verify-ca":
      return { ...ca, checkServerIdentity: acceptAnyName }
    case "verify-full":
      return ca
  }
}

const preferTls = Redacted.make("postgres://?sslmode=prefer")

const startupParameters = (settings: Settings): Record<string, string> =>
  settings.statementTimeout === undefined
    ? {}
    : { statement_timeout: String(Math.ceil(Duration.toMillis(settings.statementTimeout))) }

/** A password, or the question for one that is put for each new connection. */
export type Password = Redacted.Redacted<string> | Effect.Effect<Redacted.Redacted<string>, LoginUnavailable>

/**
 * The driver's question for a password cannot fail. The socket that it asks for
 * next can, and says why there is no password.
 */
const passwordFor = (password: Password | undefined, sockets: Sockets) =>
  Effect.isEffect(password)
    ? Effect.catch(password, (reason) =>
        Effect.as(
          Effect.sync(() => sockets.refuseNext(reason)),
          Redacted.make("")
        )
      )
    : password

/** The configuration of a pool whose sockets are `sockets`. */
export const poolConfig = (
  settings: Settings,
  login: { readonly username: string; readonly password: Password | undefined },
  sockets: Sockets
): PgPool.Config => ({
  ...(settings.sslMode === "prefer" && { url: preferTls }),
  host: settings.host,
  port: settings.port,
  database: settings.database,
  username: login.username,
  password: passwordFor(login.password, sockets),
  ssl: tls(settings),
  connectTimeout: settings.connectTimeout,
  applicationName: settings.applicationName,
  startupOptions: settings.startupOptions,
  startupParameters: startupParameters(settings),
  stream: sockets.connect,
  prepare: settings.prepare,
  minConnections: settings.minConnections,
  maxConnections: settings.maxConnections,
  idleTimeout: settings.idleTimeout,
  connectionTTL: settings.maxLifetime
})
