/**
 * The shape of a configuration: what may be given in code, and what comes out
 * when every default has been filled in.
 */
import type * as Duration from "effect/Duration"
import type * as Redacted from "effect/Redacted"

/** As libpq's `sslmode` (34.19), except that `prefer` verifies the certificate of a server that offers TLS. */
export type SslMode = "disable" | "prefer" | "require" | "verify-ca" | "verify-full"

/** A configuration in which every default has been filled in. */
export interface Settings {
  /** A host name, an address, or the directory of a Unix socket. */
  readonly host: string
  readonly port: number
  readonly database: string
  readonly username: string
  readonly password: Redacted.Redacted<string> | undefined
  readonly sslMode: SslMode
  /** Certificates in PEM form that are trusted instead of the system's. */
  readonly rootCertificate: string | undefined
  readonly applicationName: string
  /** Startup options as `psql` takes them, such as `-c search_path=app`. */
  readonly startupOptions: string | undefined
  readonly maxConnections: number
  readonly minConnections: number
  readonly acquireTimeout: Duration.Duration
  readonly connectTimeout: Duration.Duration
  readonly idleTimeout: Duration.Duration
  readonly maxLifetime: Duration.Duration | undefined
  readonly statementTimeout: Duration.Duration | undefined
  readonly keepAlive: Duration.Duration
  readonly startTimeout: Duration.Duration
  readonly shutdownTimeout: Duration.Duration
  readonly outcomeTimeout: Duration.Duration
  readonly prepare: boolean
}

/** Options in code: each replaces the variable of the same meaning. */
export interface DatabaseOptions {
  readonly url?: Redacted.Redacted<string>
  readonly host?: string
  readonly port?: number
  readonly database?: string
  readonly username?: string
  readonly password?: Redacted.Redacted<string>
  readonly sslMode?: SslMode
  readonly rootCertificate?: string
  readonly applicationName?: string
  readonly startupOptions?: string
  readonly maxConnections?: number
  readonly minConnections?: number
  readonly acquireTimeout?: Duration.Input
  readonly connectTimeout?: Duration.Input
  readonly idleTimeout?: Duration.Input
  readonly maxLifetime?: Duration.Input
  readonly statementTimeout?: Duration.Input
  readonly keepAlive?: Duration.Input
  readonly startTimeout?: Duration.Input
  readonly shutdownTimeout?: Duration.Input
  readonly outcomeTimeout?: Duration.Input
  readonly prepare?: boolean
}
