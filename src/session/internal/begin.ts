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
const milliseconds = (input: Duration.Input | undefined): string | undefined => {
  if (input === undefined) return undefined
  const millis = Duration.toMillis(Duration.fromInputUnsafe(input))
  return Number.isFinite(millis) ? String(Math.min(Math.ceil(millis), longest)) : "0"
}

/** What the server's counters hold. */
const longest = 2 ** 31 - 1

/** What each session sets, and what it may leave out: which of these, the bits of a number say. */
const always = ["pgkeel.actor", "pgkeel.tenant", "pgkeel.component", "pgkeel.session_id"]
const optional = [
  "application_name",
  "statement_timeout",
  "lock_timeout",
  "idle_in_transaction_session_timeout",
  "role"
]

const combinations: Array<ReadonlyArray<string> | undefined> = []

const namesOf = (set: number): ReadonlyArray<string> =>
  (combinations[set] ??= [...always, ...optional.filter((_, bit) => (set & (1 << bit)) !== 0)])

/**
 * Who acts is set even where it is missing: an absent value is '', and never what
 * an earlier transaction or a role's defaults left behind. The role comes last,
 * since it may have no right to set the rest.
 */
export const beginOf = (options: SessionInfo): Pick<BeginWith, "begin" | "settings" | "values" | "label"> => {
  const { idleTimeout, lockTimeout, role, statementTimeout } = options
  const label = applicationName(options)
  const values = [options.actor ?? "", options.tenant ?? "", options.component ?? "", options.id]
  const given = [label, milliseconds(statementTimeout), milliseconds(lockTimeout), milliseconds(idleTimeout), role]
  let set = 0
  given.forEach((value, bit) => {
    if (value === undefined) return
    set |= 1 << bit
    values.push(value)
  })
  return { begin: beginStatement(options), settings: namesOf(set), values, label }
}
