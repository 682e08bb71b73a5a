/**
 * Connection URLs as libpq reads them (PostgreSQL manual, 34.1.1.2), without its
 * forgiveness: a parameter that is misspelt is refused, since a lost
 * `sslmode=verify-full` is worse than an application that does not start.
 */
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"

/** What a URL says; what it leaves out is left out here. */
export interface UrlParts {
  readonly host?: string
  readonly port?: string
  readonly database?: string
  readonly username?: string
  readonly password?: Redacted.Redacted<string>
  readonly sslmode?: string
  readonly sslrootcert?: string
  readonly applicationName?: string
  readonly connectTimeout?: string
  readonly startupOptions?: string
}

const parameters: Readonly<Record<string, Exclude<keyof UrlParts, "password">>> = {
  host: "host",
  port: "port",
  dbname: "database",
  user: "username",
  sslmode: "sslmode",
  sslrootcert: "sslrootcert",
  application_name: "applicationName",
  connect_timeout: "connectTimeout",
  options: "startupOptions"
}

const decode = (text: string): string | undefined =>
  Result.getOrUndefined(Result.try(() => decodeURIComponent(text)))

const authority = (url: URL): Result.Result<UrlParts, string> => {
  const [username, password, database] = [url.username, url.password, url.pathname.replace(/^\//, "")].map(decode)
  const host = url.hostname.startsWith("[") ? url.hostname.slice(1, -1) : decode(url.hostname)
  if (username === undefined || password === undefined || database === undefined || host === undefined) {
    return Result.fail("has a percent sign that is not followed by two hexadecimal digits")
  }
  return Result.succeed({
    ...(host !== "" && { host }),
    ...(url.port !== "" && { port: url.port }),
    ...(username !== "" && { username }),
    ...(password !== "" && { password: Redacted.make(password) }),
    ...(database !== "" && { database })
  })
}

/** The parts of `text`, or what is wrong with it in words that hold nothing of it but parameter names. */
export const parseUrl = (text: string): Result.Result<UrlParts, string> => {
  const url = Result.getOrUndefined(Result.try(() => new URL(text)))
  if (url === undefined) return Result.fail("is not a URL")
  if (url.protocol !== "postgres:" && url.protocol !== "postgresql:") {
    return Result.fail("does not begin with postgres:// or postgresql://")
  }
  const parts = authority(url)
  if (Result.isFailure(parts)) return parts
  const found: Record<string, string | Redacted.Redacted<string>> = { ...parts.success }
  for (const [name, value] of url.searchParams) {
    if (name === "password") found["password"] = Redacted.make(value)
    else {
      const part = Object.hasOwn(parameters, name) ? parameters[name] : undefined
      if (part === undefined) return Result.fail(`has the parameter ${JSON.stringify(name)}, which is not known`)
      found[part] = value
    }
  }
  return Result.succeed(found as UrlParts)
}
