/** The URL of a database on a server, with its password in it and therefore redacted. */
import * as Redacted from "effect/Redacted"

export interface ServerLogin {
  readonly host: string
  readonly port: number
  readonly username: string
  readonly password: Redacted.Redacted
}

export const serverUrl = (login: ServerLogin & { readonly database: string }): Redacted.Redacted => {
  const encode = encodeURIComponent
  const account = `${encode(login.username)}:${encode(Redacted.value(login.password))}`
  return Redacted.make(`postgresql://${account}@${login.host}:${login.port}/${encode(login.database)}`)
}
