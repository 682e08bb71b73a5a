/**
 * The server on which test databases are made, and short sessions with it.
 *
 * Each task opens a session and closes it: nothing stays connected between a
 * test's first and last moment, so a restarted server is no obstacle and the
 * server's connections are the test's own.
 */
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import type * as SqlError from "effect/sql/SqlError"
import * as PgConnection from "@effect/sql-pg/PgConnection"
import { DatabaseRefused, ServerUnavailable, ServerUrlInvalid, TestDatabaseError } from "../TestDatabaseError.ts"
import { serverMessage, sqlStateOf } from "./serverMessage.ts"
import type { ServerLogin } from "./serverUrl.ts"

export interface Server extends ServerLogin {
  readonly url: Redacted.Redacted
}

const defaultPort = 5432

export const parseServer = (url: Redacted.Redacted): Effect.Effect<Server, TestDatabaseError> =>
  Effect.try({
    try: () => {
      const parsed = new URL(Redacted.value(url))
      return {
        url,
        host: parsed.hostname.replace(/^\[(.*)\]$/, "$1"),
        port: parsed.port === "" ? defaultPort : Number(parsed.port),
        username: decodeURIComponent(parsed.username),
        password: Redacted.make(decodeURIComponent(parsed.password))
      }
    },
    catch: () => new TestDatabaseError({ reason: new ServerUrlInvalid() })
  })

/** The same server, login and parameters, and another database. */
export const urlOf = (server: Server, database: string): Redacted.Redacted => {
  const url = new URL(Redacted.value(server.url))
  url.pathname = `/${encodeURIComponent(database)}`
  return Redacted.make(url.toString())
}

/** A session of its own, for statements that no transaction can hold. */
export const connect = ({ host, port, url, username }: Server) =>
  PgConnection.make({ url, applicationName: "pgkeel-testing" }).pipe(
    Effect.mapError((error) => {
      const detail = serverMessage(error)
      return new TestDatabaseError({ reason: new ServerUnavailable({ host, port, username, detail }) })
    })
  )

/** Says which database was refused what. */
export const refused = (action: string, database: string) => (error: SqlError.SqlError) =>
  new TestDatabaseError({
    reason: new DatabaseRefused({ action, database, sqlState: sqlStateOf(error), detail: serverMessage(error) })
  })
