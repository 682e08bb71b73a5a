/**
 * The private parts of the driver that pgkeel leans on, in one place.
 *
 * `@effect/sql-pg` shows neither what a session died of, nor what has been sent and
 * heard on it, nor a way to send statements ahead of another one. All of it is
 * possible from inside. What is used is looked for first, and where a later driver
 * lacks it the caller gets what is slower or less exact, and just as right;
 * `test/connection/wire.test.ts` fails when that happens.
 */
import type * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import type * as Semaphore from "effect/Semaphore"
import type { SqlError } from "effect/sql/SqlError"
import type * as PgConnection from "@effect/sql-pg/PgConnection"

const internalsKey = "~@effect/sql-pg/PgConnection/internals"

/** Tells what the session died of; nothing while it lives, or where the driver does not say. */
export const deathOf = (connection: PgConnection.PgConnection): (() => SqlError | undefined) => {
  const internals: unknown = Reflect.get(connection, internalsKey)
  if (!Predicate.hasProperty(internals, "deadError")) return () => undefined
  const { deadError } = internals
  return Predicate.isFunction(deadError) ? () => deadError() : () => undefined
}

/** The fields of an ErrorResponse or a NoticeResponse, under the driver's names. */
export interface Fields {
  readonly code?: string | undefined
  readonly message?: string | undefined
  readonly severity?: string | undefined
  readonly severityUnlocalized?: string | undefined
}

/** What the server says, as far as it is looked at here. */
export interface Message {
  readonly _tag: string
  readonly fields?: Fields
  /** Of ReadyForQuery: idle, in a transaction, in one that failed. */
  readonly status?: "I" | "T" | "E"
  readonly values?: ReadonlyArray<unknown>
  /** Of CopyData: a view that is gone once the next message is read. */
  readonly data?: Uint8Array
}

/** Who hears what the server says. */
export interface Consumer {
  onMessage(message: Message): void
  onFatal(error: SqlError): void
}

/** A session from inside: who hears the server's messages, how rows are read, and where our bytes go. */
export interface Inside {
  consumer: Consumer | undefined
  dispatch: (message: Message) => void
  /** The driver's own prepared statements; `undefined` where it is told to keep none. */
  readonly prepared: unknown
  readonly session: {
    readonly parser: { readField: unknown }
    readonly socket: {
      /** Whether it has not been closed, by either side. */
      readonly writable: boolean
      write(this: unknown, chunk: Uint8Array, encoding?: unknown, callback?: unknown): boolean
    }
  }
}

/** The inside of a connection whose session has one user at a time, if it is the one that is known here. */
export const insideOf = (connection: PgConnection.PgConnection): Inside | undefined => {
  const session: unknown = Reflect.get(connection, "session")
  const isKnown =
    Predicate.hasProperty(session, "socket") &&
    Predicate.hasProperty(session.socket, "write") &&
    Predicate.hasProperty(session.socket, "writable") &&
    Predicate.hasProperty(session, "parser") &&
    Predicate.hasProperty(session.parser, "readField") &&
    Predicate.isFunction(Reflect.get(connection, "dispatch")) &&
    Reflect.get(connection, "multiplex") === false &&
    "prepared" in connection &&
    "consumer" in connection
  return isKnown ? (connection as PgConnection.PgConnection & Inside) : undefined
}

/** The connection's socket, as far as a COPY needs it. */
export interface CopySocket {
  pause(): unknown
  resume(): unknown
  once(event: "drain", listener: () => void): unknown
  off(event: "drain", listener: () => void): unknown
}

/** What else a COPY needs: a statement whose turn is known to have come before it is written. */
export interface CopyInside {
  readonly owner: Semaphore.Semaphore
  /** Runs a statement for whoever holds `owner`; the last parameter keeps it from being prepared. */
  readonly cycleOwned: (
    sql: string,
    parameters: ReadonlyArray<unknown>,
    wantRows: boolean,
    prepared: undefined
  ) => Effect.Effect<{ readonly result: PgConnection.Result }, SqlError>
}

/** The same for COPY, where the driver has all of it. */
export const copyInsideOf = (inside: Inside): (CopyInside & { readonly socket: CopySocket }) | undefined => {
  const { socket }: { socket: unknown } = inside.session
  const isKnown =
    Predicate.hasProperty(inside, "owner") &&
    Predicate.hasProperty(inside.owner, "withPermit") &&
    Predicate.hasProperty(inside, "cycleOwned") &&
    Predicate.isFunction(inside.cycleOwned)
  if (!isKnown || !isCopySocket(socket)) return undefined
  const { cycleOwned, owner } = inside as Inside & CopyInside
  return { cycleOwned, owner, socket }
}

const isCopySocket = (socket: unknown): socket is CopySocket =>
  ["pause", "resume", "once", "off"].every((name) => Predicate.hasProperty(socket, name))

/** The number of the server's process, as it was told on connecting; where the driver does not say, `undefined`. */
export const processIdOf = (connection: object): number | undefined => {
  const known = Reflect.has(connection, "wire") ? Reflect.get(connection, "wire") : connection
  const inner: unknown = Predicate.hasProperty(known, "connection") ? known.connection : undefined
  return Predicate.hasProperty(inner, "processId") && typeof inner.processId === "number" ? inner.processId : undefined
}

/** Lets every statement that the driver has prepared be prepared anew. */
export const evictAll = ({ prepared }: Inside): void => {
  if (!Predicate.hasProperty(prepared, "statements") || !Predicate.hasProperty(prepared, "evict")) return
  const { evict, statements } = prepared
  if (!(statements instanceof Map) || !Predicate.isFunction(evict)) return
  for (const statement of Array.from(statements.values())) evict.call(prepared, statement)
}
