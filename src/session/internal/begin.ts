/** From a session's options to what its transactions begin with. */
import * as Duration from "effect/Duration"
import type { BeginWith } from "../../connection/TransactionContext.ts"
import type { SessionInfo, SessionOptions } from "../Session.ts"

/** Every text that can come out of this is one of a few dozen, so preparing them is bounded. */
const beginStatement = ({ deferrable, isolation, readOnly }: SessionOptions): string | undefined => {
  if (isolation === undefined && readOnly === undefined && deferrable === undefined) return undefined
  const level = isolation === undefined ? "" : ` ISOLATION LEVEL ${isolation.toUpperCase()}`
  const access = readOnly === undefined ? "" : readOnly ? " READ ONLY" : " READ WRITE"
  return `BEGIN${level}${access}${deferrable === true ? " DEFERRABLE" : ""}`
}

/** `component/name`, cut to the 63 bytes that PostgreSQL keeps of an application name. */
const applicationName = ({ component, name }: SessionOptions): string | undefined =>
  component === undefined ? name : name === undefined ? component : `${component}/${name}`

/** The server counts these in milliseconds, and takes 0 for never, so that what is less than one is one. */
const milliseconds = (input: Duration.Input): string => {
  const millis = Duration.toMillis(Duration.fromInputUnsafe(input))
  return Number.isFinite(millis) ? String(Math.min(Math.ceil(millis), longest)) : "0"
}

/** What the server's counters hold. */
const longest = 2 ** 31 - 1

/**
 * Who acts is set even where it is missing: an absent value is '', and never what
 * an earlier transaction or a role's defaults left behind. The role comes last,
 * since it may have no right to set the rest.
 */
export const beginOf = (options: SessionInfo): Pick<BeginWith, "begin" | "settings" | "label"> => {
  const { idleTimeout, lockTimeout, role, statementTimeout } = options
  const shown = applicationName(options)
  const settings: Array<readonly [string, string]> = [
    ["pgkeel.actor", options.actor ?? ""],
    ["pgkeel.tenant", options.tenant ?? ""],
    ["pgkeel.component", options.component ?? ""],
    ["pgkeel.session_id", options.id]
  ]
  if (shown !== undefined) settings.push(["application_name", shown])
  if (statementTimeout !== undefined) settings.push(["statement_timeout", milliseconds(statementTimeout)])
  if (lockTimeout !== undefined) settings.push(["lock_timeout", milliseconds(lockTimeout)])
  if (idleTimeout !== undefined) settings.push(["idle_in_transaction_session_timeout", milliseconds(idleTimeout)])
  if (role !== undefined) settings.push(["role", role])
  return { begin: beginStatement(options), settings, label: shown }
}
