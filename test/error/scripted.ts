/** Servers that let everybody in and then answer as they are told, byte for byte. */
import { PgConnection } from "@effect/sql-pg"
import { Effect, Redacted } from "effect"
import { rawServer } from "../support/ScriptedServer.ts"

/** A message of the protocol (manual, 55.7). */
export const message = (tag: string, body: Uint8Array): Buffer => {
  const header = Buffer.alloc(5)
  header.write(tag, 0)
  header.writeInt32BE(body.length + 4, 1)
  return Buffer.concat([header, body])
}

/** An ErrorResponse around any bytes. */
export const errorMessage = (body: Uint8Array): Buffer => message("E", body)

/** Named by the protocol's letters (manual, 55.8). */
type Fields = Readonly<Record<string, string>>

const body = (fields: Fields): Buffer =>
  Buffer.from(`${Object.entries(fields).reduce((text, [key, value]) => `${text}${key}${value}\0`, "")}\0`)

/** An ErrorResponse with these fields. */
export const errorResponse = (fields: Fields): Buffer => errorMessage(body(fields))

/** A NoticeResponse with these fields. */
export const notice = (fields: Fields): Buffer => message("N", body(fields))

export const readyForQuery = message("Z", Buffer.from("I"))

/** The whole of what a client that is let in is told. */
export const authenticated = Buffer.concat([
  message("R", Buffer.alloc(4)),
  message("K", Buffer.from([0, 0, 0, 1, 0, 0, 0, 2])),
  readyForQuery
])

/** Answers the first thing it hears, and hangs up. */
export const refusing = (answer: Uint8Array) => rawServer((socket) => socket.once("data", () => socket.end(answer)))

/** Lets everybody in, and answers the first statement; then it hangs up, or listens in silence. */
export const answering = (answer: Uint8Array, hangUp = true) =>
  rawServer((socket) =>
    socket.once("data", () => {
      socket.write(authenticated)
      socket.once("data", () => (hangUp ? socket.end(answer) : socket.write(answer)))
    })
  )

/** Connects to a server of this kind. */
export const connect = ({ port }: { readonly port: number }, change: Partial<PgConnection.Config> = {}) =>
  PgConnection.make({
    host: "127.0.0.1",
    port,
    database: "d",
    username: "u",
    password: Redacted.make("p"),
    ...change
  })

/** Connects and runs a statement, for what becomes of either. */
export const ask = (server: { readonly port: number }, change: Partial<PgConnection.Config> = {}) =>
  Effect.scoped(Effect.flatMap(connect(server, change), (connection) => connection.query("SELECT 1")))
