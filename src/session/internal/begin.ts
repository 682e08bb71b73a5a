/** From a session's options to what its transactions begin with. */
import type { BeginWith } from "../../connection/TransactionContext.ts"
import type { SessionOptions } from "../Session.ts"

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

/**
 * The actor and the tenant are both set even when one is missing: an absent value
 * is '', and never what an earlier transaction or a role's defaults left behind.
 */
export const beginWith = (options: SessionOptions): BeginWith => {
  const shown = applicationName(options)
  const settings: Array<readonly [string, string]> = [
    ["pgkeel.actor", options.actor ?? ""],
    ["pgkeel.tenant", options.tenant ?? ""]
  ]
  if (shown !== undefined) settings.push(["application_name", shown])
  return { begin: beginStatement(options), settings, identified: true, label: shown, taken: false }
}
