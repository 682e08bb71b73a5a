/** What sockets, TLS and the driver itself report. */
import * as Predicate from "effect/Predicate"
import type { SqlErrorReason } from "effect/sql/SqlError"
import * as Reason from "../Reason.ts"
import type { FailureContext } from "./failureContext.ts"
import { type ClassOf, construct } from "./construct.ts"

type Class = ClassOf<Reason.Reason>

/** What of a failure can be looked at. */
interface Failure {
  readonly text: string
  readonly systemCode: string | undefined
  readonly host: string | undefined
  readonly port: number | undefined
  readonly connecting: boolean
  /** Whether the driver blames the connection. */
  readonly connection: boolean
}

const bySystemCode: ReadonlyMap<string, Class> = new Map<string, Class>([
  ["ECONNREFUSED", Reason.ConnectionRefused],
  ["EHOSTUNREACH", Reason.ConnectionRefused],
  ["ENETUNREACH", Reason.ConnectionRefused],
  ["EHOSTDOWN", Reason.ConnectionRefused],
  ["EADDRNOTAVAIL", Reason.ConnectionRefused],
  ["ENOENT", Reason.ConnectionRefused],
  ["EACCES", Reason.ConnectionRefused],
  ["ENOTFOUND", Reason.HostNotFound],
  ["EAI_AGAIN", Reason.HostNotFound],
  ["EAI_FAIL", Reason.HostNotFound],
  ["EAI_NODATA", Reason.HostNotFound],
  ["EAI_NONAME", Reason.HostNotFound],
  ["ERR_SOCKET_BAD_PORT", Reason.InvalidConnectionOptions],
  ["ERR_INVALID_ARG_TYPE", Reason.InvalidConnectionOptions],
  ["ERR_INVALID_URL", Reason.InvalidConnectionOptions]
])

/** OpenSSL's verification results and Node's own codes: Node manual, "TLS", "X509 certificate error codes". */
const tlsCode =
  /^(ERR_TLS_|ERR_SSL_|ERR_OSSL_|CERT_|CRL_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|ERROR_IN_C|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_|EPROTO)/u

/** The driver's own words, tried in order. */
const byText: ReadonlyArray<readonly [RegExp, Class]> = [
  [/^Connection timed out/u, Reason.ConnectTimeout],
  [/^Connection (is )?closed/u, Reason.ConnectionLost],
  [/^The server does not support TLS/u, Reason.TlsFailure],
  [/^Pinned connection (was )?released/u, Reason.ConnectionReleased],
  [/^COMMIT rolled back/u, Reason.CommitRolledBack],
  [/COPY is not supported/u, Reason.CopyUnsupported],
  [
    /^(No username configured|keepAlive must|Reserved startup parameter|Startup parameter|Invalid .* in URL|Invalid connection URL|Invalid percent-encoding|Unsupported connection URL|Unrecognized sslmode|Conflicting)/u,
    Reason.InvalidConnectionOptions
  ],
  [/^PostgreSQL channel names/u, Reason.InvalidParameter]
]

export const clientReason = (reason: SqlErrorReason, context: FailureContext): Reason.Reason => {
  const cause = firstError(reason.cause)
  const failure = read(cause, reason, context)
  const self = classOf(cause, reason, failure)
  return construct(self, fieldsOf(self, failure, context))
}

/** A name with several addresses fails with one error each; a refusal says more than an unreachable network. */
const firstError = (cause: unknown): unknown => {
  if (!Predicate.hasProperty(cause, "errors") || !Array.isArray(cause.errors) || cause.errors.length === 0) return cause
  const errors: ReadonlyArray<unknown> = cause.errors
  return errors.find((error) => stringOf(error, "code") === "ECONNREFUSED") ?? errors[0]
}

const stringOf = (value: unknown, key: string): string | undefined => {
  const found = Predicate.hasProperty(value, key) ? value[key] : undefined
  return typeof found === "string" ? found : undefined
}

const read = (cause: unknown, reason: SqlErrorReason, context: FailureContext): Failure => {
  const port = Predicate.hasProperty(cause, "port") ? cause.port : undefined
  return {
    text: stringOf(cause, "message") ?? reason.message ?? reason._tag,
    systemCode: stringOf(cause, "code"),
    host: context.host ?? stringOf(cause, "hostname") ?? stringOf(cause, "address"),
    port: context.port ?? (typeof port === "number" ? port : undefined),
    connecting: context.phase === "connecting",
    connection: reason._tag === "ConnectionError"
  }
}

const classOf = (cause: unknown, reason: SqlErrorReason, failure: Failure): Class => {
  switch (stringOf(cause, "_tag")) {
    case "PgProtocolParseError":
      return failure.connecting ? Reason.NotPostgres : Reason.ProtocolViolation
    case "PgProtocolEncodeError":
    case "PgTypesCodecError":
      return isDecoding(reason) ? Reason.InvalidResult : Reason.InvalidParameter
  }
  return bySystem(failure) ?? byText.find(([text]) => text.test(failure.text))?.[1] ?? byTag(reason, failure)
}

const bySystem = ({ connecting, systemCode }: Failure): Class | undefined => {
  if (systemCode === undefined) return undefined
  if (systemCode === "ETIMEDOUT") return connecting ? Reason.ConnectTimeout : Reason.ConnectionLost
  const refused = bySystemCode.get(systemCode)
  // Once a connection stands, an unreachable network is the loss of it.
  if (refused === Reason.ConnectionRefused && !connecting) return Reason.ConnectionLost
  return refused ?? (tlsCode.test(systemCode) ? Reason.TlsFailure : undefined)
}

const isDecoding = (reason: SqlErrorReason): boolean => reason.message?.includes("decode") ?? false

const isEncoding = (reason: SqlErrorReason): boolean => reason.message?.includes("encode") ?? false

const byTag = (reason: SqlErrorReason, { connecting }: Failure): Class => {
  if (reason._tag === "AuthenticationError") return Reason.AuthenticationFailed
  if (reason._tag === "ConnectionError") return connectionFailure(reason, connecting)
  return isDecoding(reason) ? Reason.InvalidResult : isEncoding(reason) ? Reason.InvalidParameter : Reason.ClientError
}

const connectionFailure = (reason: SqlErrorReason, connecting: boolean): Class => {
  const message = reason.message ?? ""
  if (/SSLRequest|Protocol desync/u.test(message) && connecting) return Reason.NotPostgres
  return /Unexpected|out of order|desync/u.test(message) ? Reason.ProtocolViolation : Reason.ConnectionLost
}

/** Driver texts about values quote them; their beginning says which type was meant. */
const withoutValue = (text: string): string =>
  text.replace(/(?<=PostgreSQL type) for .*|, received .*|: .*| ["'{[(].*/su, "")

const valueClasses: ReadonlySet<Class> = new Set<Class>([Reason.InvalidParameter, Reason.InvalidResult])

const endpointClasses: ReadonlySet<Class> = new Set<Class>([
  Reason.AuthenticationFailed,
  Reason.ConnectionRefused,
  Reason.HostNotFound,
  Reason.TlsFailure,
  Reason.ConnectTimeout,
  Reason.ConnectionLost,
  Reason.ProtocolViolation,
  Reason.NotPostgres
])

const fieldsOf = (self: Class, failure: Failure, context: FailureContext): Record<string, unknown> => {
  const fields: Record<string, unknown> = {
    _tag: self.prototype.name,
    failure: valueClasses.has(self) ? withoutValue(failure.text) : failure.text
  }
  if (failure.systemCode !== undefined) fields.systemCode = failure.systemCode
  if (context.phase !== undefined) fields.phase = context.phase
  if (context.statement !== undefined) fields.statement = context.statement
  if (endpointClasses.has(self)) {
    if (failure.host !== undefined) fields.host = failure.host
    if (failure.port !== undefined) fields.port = failure.port
  }
  return fields
}
