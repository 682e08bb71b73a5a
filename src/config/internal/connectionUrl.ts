/**
 * Connection URLs as libpq reads them (PostgreSQL manual, 34.1.1.2), without its
 * forgiveness: a parameter that is misspelt is refused, since a lost
 * `sslmode=verify-full` is worse than an application that does not start.
 *
 * It is not left to `URL`, which moves what follows an unencoded `#`, `?` or `/`
 * of a password into other parts, where it would be connected to and logged.
 */
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import { didYouMean } from "./nearest.ts"

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

type Part = keyof UrlParts

const parameters: ReadonlyMap<string, Part> = new Map([
  ["host", "host"],
  ["port", "port"],
  ["dbname", "database"],
  ["user", "username"],
  ["password", "password"],
  ["sslmode", "sslmode"],
  ["sslrootcert", "sslrootcert"],
  ["application_name", "applicationName"],
  ["connect_timeout", "connectTimeout"],
  ["options", "startupOptions"]
])

/** What libpq also takes (34.1.2): a name of these can be told apart from the rest of a mistyped password. */
const libpqParameters = new Set(
  (
    "hostaddr passfile require_auth channel_binding client_encoding fallback_application_name keepalives " +
    "keepalives_idle keepalives_interval keepalives_count tcp_user_timeout replication gssencmode sslnegotiation " +
    "sslcompression sslcert sslkey sslpassword sslcertmode sslcrl sslcrldir sslsni requirepeer " +
    "ssl_min_protocol_version ssl_max_protocol_version min_protocol_version max_protocol_version krbsrvname gsslib " +
    "gssdelegation service target_session_attrs load_balance_hosts scram_client_key scram_server_key"
  ).split(" ")
)

/** Names that other programs gave to what has another name here; each is a word of our own when it is shown. */
const elsewhere: ReadonlyMap<string, string> = new Map([
  ["schema", "in place of schema=app, as Prisma has it, give options=-c%20search_path%3Dapp"]
])

const scheme = /^postgres(?:ql)?:\/\//i

/** `user:password@`, `host:port`, `/database`, `?parameters`; the last `@` ends the password, as in `URL`. */
const shape = /^(?:([^/?#]*)@)?([^/?#@]*)(?:\/([^/?#@]*))?(?:\?([^#]*))?$/

const endpoint = /^(?:\[([^[\]]*)\]|([^:[\]]*))(?::([^:]*))?$/

class Builder {
  readonly parts: Partial<Record<Part, string | Redacted.Redacted<string>>> = {}
  problem: string | undefined

  fail(problem: string): void {
    this.problem ??= problem
  }

  /** An empty part is one that was left out, as in libpq. */
  add(part: Part, text: string | undefined): void {
    if (text === undefined || text === "") return
    Result.match(
      Result.try(() => decodeURIComponent(text)),
      {
        onFailure: () => this.fail("has a percent sign that is not followed by two hexadecimal digits"),
        onSuccess: (decoded) => {
          this.parts[part] = part === "password" ? Redacted.make(decoded) : decoded
        }
      }
    )
  }

  login(text: string | undefined): void {
    const colon = text?.indexOf(":") ?? -1
    this.add("username", colon < 0 ? text : text?.slice(0, colon))
    if (colon >= 0) this.add("password", text?.slice(colon + 1))
  }

  place(text: string): void {
    if (text.includes(",")) return this.fail("names several hosts, and pgkeel connects to one")
    const [matched, address, name, port] = endpoint.exec(text) ?? []
    if (matched === undefined) return this.fail("has a host that is none: an IPv6 address goes into brackets")
    if (port !== undefined && !/^\d*$/.test(port)) return this.fail("has a port that is not a number")
    this.add("host", address ?? name)
    this.add("port", port)
  }

  /** A parameter's name is only shown when it cannot be anything else: part of a password may look like one. */
  parameter(text: string, index: number): void {
    const equals = text.indexOf("=")
    const name = equals < 0 ? text : text.slice(0, equals)
    const part = parameters.get(name)
    if (part !== undefined && equals >= 0) return this.add(part, text.slice(equals + 1))
    if (part !== undefined || libpqParameters.has(name)) {
      return this.fail(
        `has the parameter "${name}", ${part === undefined ? "which pgkeel does not take" : "without a value"}`
      )
    }
    const known = `known are ${[...parameters.keys()].join(", ")}`
    const suggestion = elsewhere.get(name) ?? didYouMean(name, parameters.keys())
    this.fail(`has a parameter that is not known (number ${index + 1}; ${suggestion ?? known})`)
  }
}

/** The parts of `text`, or what is wrong with it in words that hold nothing of it but names that libpq knows. */
export const parseUrl = (text: string): Result.Result<UrlParts, string> => {
  if (!scheme.test(text)) {
    return Result.fail(
      /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? "does not begin with postgres:// or postgresql://" : "is not a URL"
    )
  }
  const [matched, login, place = "", database, query = ""] = shape.exec(text.replace(scheme, "")) ?? []
  if (matched === undefined) return Result.fail("has a /, ?, # or @ that is not written as %2F, %3F, %23 or %40")
  const builder = new Builder()
  builder.login(login)
  builder.place(place)
  builder.add("database", database)
  if (query !== "") query.split("&").forEach((parameter, index) => builder.parameter(parameter, index))
  return builder.problem === undefined ? Result.succeed(builder.parts as UrlParts) : Result.fail(builder.problem)
}
