/**
 * The private parts of the driver that pgkeel leans on, in one place.
 *
 * `@effect/sql-pg` shows neither whether a session has died nor a way to send
 * several statements in one message. Both are possible from inside. What is used
 * here is looked for first, and where a later driver lacks it the caller gets what
 * is slower and just as right; `test/connection/driver.test.ts` fails when that
 * happens.
 */
import { Buffer } from "node:buffer"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import { SqlError, UnknownError } from "effect/sql/SqlError"
import { InvalidParameter } from "../../error/Reason.ts"
import type * as PgConnection from "@effect/sql-pg/PgConnection"

const internalsKey = "~@effect/sql-pg/PgConnection/internals"

/** What the session died of; `undefined` while it lives, or where the driver does not say. */
const deathOf = (connection: PgConnection.PgConnection): SqlError | undefined => {
  const internals: unknown = Reflect.get(connection, internalsKey)
  return Predicate.hasProperty(internals, "deadError") && Predicate.isFunction(internals.deadError)
    ? internals.deadError()
    : undefined
}

/** Whether the session behind a connection is gone: its socket closed, or the server ended it. */
export const isDead = (connection: PgConnection.PgConnection): boolean => deathOf(connection) !== undefined

interface Message {
  readonly _tag: string
  readonly fields?: { readonly message?: string }
}

/** The inside of a session: who hears the server's messages, and where ours go. */
interface Inside {
  consumer: { onMessage(message: Message): void; onFatal(error: SqlError): void } | undefined
  readonly session: { readonly socket: { write(chunk: Uint8Array): unknown } }
}

/** Whether the session is one that we know our way in, and idle. */
const isFamiliar = (connection: object): connection is Inside => {
  const session: unknown = Reflect.get(connection, "session")
  return (
    Predicate.hasProperty(session, "socket") &&
    Predicate.hasProperty(session.socket, "write") &&
    Reflect.get(connection, "multiplex") === false &&
    "consumer" in connection &&
    connection.consumer === undefined
  )
}

/** Whether this driver can take several statements in one message. */
export const canScript = (connection: PgConnection.PgConnection): boolean => isFamiliar(connection)

/** A Query message (manual, 53.7): `Q`, the length without the tag, the text, and a NUL. */
const encodeQuery = (text: string): Uint8Array => {
  const length = Buffer.byteLength(text) + 5
  const frame = Buffer.allocUnsafe(length + 1)
  frame[0] = 0x51
  frame.writeInt32BE(length, 1)
  frame.write(text, 5)
  frame[length] = 0
  return frame
}

/** A NUL would end the message before its end: what follows it would be lost in silence. */
const refusal = (text: string): SqlError | undefined => {
  if (!text.includes("\0")) return undefined
  const cause = new InvalidParameter({ failure: "a value holds a NUL character, which PostgreSQL text cannot" })
  return new SqlError({ reason: new UnknownError({ cause, message: cause.message, operation: "query" }) })
}

const serverError = (fields: Message["fields"]): SqlError =>
  new SqlError({
    reason: new UnknownError({
      cause: Object.assign(new Error(fields?.message), fields),
      message: "a statement of a script failed",
      operation: "query"
    })
  })

/** One message out, and what the server says until it is ready again. */
const sendScript = (session: Inside, text: string): Effect.Effect<void, SqlError> =>
  Effect.callback((resume) => {
    let failure: SqlError | undefined
    session.consumer = {
      onMessage: ({ _tag, fields }) => {
        if (_tag === "ErrorResponse") failure = serverError(fields)
        if (_tag !== "ReadyForQuery") return
        session.consumer = undefined
        resume(failure === undefined ? Effect.void : Effect.fail(failure))
      },
      onFatal: (error) => resume(Effect.fail(error))
    }
    session.session.socket.write(encodeQuery(text))
  })

/**
 * Runs statements that return nothing and take no parameters, on a connection that
 * nobody else uses. They go out in one message of the simple query protocol
 * (manual, 53.2.2.1), of which the server runs nothing behind a statement that it
 * refuses. An interrupted caller gives the connection up.
 */
export const runScript = (
  connection: PgConnection.PgConnection,
  statements: ReadonlyArray<string>
): Effect.Effect<void, SqlError> =>
  Effect.suspend(() => {
    const problem = deathOf(connection) ?? refusal(statements.join())
    if (problem !== undefined) return Effect.fail(problem)
    return isFamiliar(connection)
      ? sendScript(connection, statements.join(";"))
      : Effect.forEach(statements, (statement) => connection.query(statement, [], false), { discard: true })
  })
