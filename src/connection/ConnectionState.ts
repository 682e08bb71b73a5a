/**
 * Where the connection to the server stands, as a value:
 * `Initializing -> Connected`, or `Initializing -> Retrying -> Connected | Failed`;
 * `Connected -> Unavailable -> Probing -> Connected | Unavailable` when the server
 * goes away later; and `Closing -> Closed` at the end. Where work is done without a
 * start, the server is not known, and `Initializing` stands for `Connected`.
 */
import * as Data from "effect/Data"
import type { DatabaseError } from "../error/DatabaseError.ts"
import type { ServerInfo } from "./ServerInfo.ts"

export type ConnectionState = Data.TaggedEnum<{
  /** Nothing has been tried yet, or the first attempt is under way. */
  Initializing: {}
  /** The server was not there; it is tried again. */
  Retrying: { readonly attempt: number; readonly error: DatabaseError }
  Connected: { readonly server: ServerInfo }
  /** The server could not be connected to several times in a row: work that needs a connection fails at once. */
  Unavailable: {
    readonly server?: ServerInfo | undefined
    readonly error: DatabaseError
    readonly retryAfterMillis: number
  }
  /** One connection is tried; other work still fails at once. */
  Probing: { readonly server?: ServerInfo | undefined; readonly error: DatabaseError }
  /** It cannot get better, or it has been tried for long enough. */
  Failed: { readonly error: DatabaseError }
  /** New work is refused; what runs may finish. */
  Closing: {}
  Closed: {}
}>

export const ConnectionState = Data.taggedEnum<ConnectionState>()
