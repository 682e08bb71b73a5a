/** The parts that the sentences of several reasons share. None of them shows a value. */

interface Named {
  readonly schema?: string | undefined
  readonly table?: string | undefined
  readonly column?: string | undefined
  readonly constraint?: string | undefined
}

/** `app.users`, or `a table` where the server names none. */
export const tableOf = (reason: Named): string =>
  reason.table === undefined
    ? "a table"
    : reason.schema === undefined
      ? reason.table
      : `${reason.schema}.${reason.table}`

/** ` (constraint users_email_key)`, or nothing. */
export const byConstraint = (reason: Named): string =>
  reason.constraint === undefined ? "" : ` (constraint ${reason.constraint})`

/** `(tenant_id, email)`, or nothing. */
export const columnList = (columns: ReadonlyArray<string>): string =>
  columns.length === 0 ? "" : ` (${columns.join(", ")})`

/** `: relation "users" does not exist`, or nothing. */
export const said = (message: string | undefined): string => (message === undefined ? "" : `: ${message}`)

/** What the server advises, which is a sentence, as the part of one. */
export const withoutStop = (hint: string): string => hint.replace(/\.$/u, "")

/** `; correct the name`, or nothing. */
export const advised = (advice: string | undefined): string => (advice === undefined ? "" : `; ${withoutStop(advice)}`)

/**
 * A server message without what stands in quotation marks, in any of the
 * languages that PostgreSQL is translated into. For data exceptions, whose
 * quoted parts are values and never names.
 */
export const withoutValues = (message: string | undefined): string | undefined => {
  const text = message?.replace(/["'«»„“”「『].*["'«»“”」』]/su, "…").replace(/[\s:：]*…$/u, "")
  return text === "" ? undefined : text
}

interface Pointed {
  readonly position?: number | undefined
  readonly location: { readonly line: number; readonly column: number } | undefined
}

/** ` (line 2, column 8)`; where the statement is not known ` (character 15)`; or nothing. */
export const pointedAt = ({ location, position }: Pointed): string =>
  location !== undefined
    ? ` (line ${location.line}, column ${location.column})`
    : position === undefined
      ? ""
      : ` (character ${position})`

interface Endpoint {
  readonly host?: string | undefined
  readonly port?: number | undefined
}

const endpoint = ({ host, port }: Endpoint): string => `${host}${port === undefined ? "" : `:${port}`}`

/** ` at localhost:5432`, or nothing. */
export const at = (reason: Endpoint): string => (reason.host === undefined ? "" : ` at ${endpoint(reason)}`)

/** ` to localhost:5432`, or nothing. */
export const to = (reason: Endpoint): string => (reason.host === undefined ? "" : ` to ${endpoint(reason)}`)
