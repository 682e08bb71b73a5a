/** What a server says of itself and of the login when it is asked once, at start. */
import * as Schema from "effect/Schema"

export const ServerInfo = Schema.Struct({
  /** As `server_version_num` counts: 180004 is 18.4. */
  versionNumber: Schema.Int,
  /** As the server writes it: `18.4`, often with the distributor's words behind it. */
  version: Schema.String,
  database: Schema.String,
  /** The role that was logged in as. */
  role: Schema.String,
  /** Whether it is a standby. */
  inRecovery: Schema.Boolean,
  /** Whether transactions are read-only unless they say otherwise. */
  readOnly: Schema.Boolean
})
export type ServerInfo = typeof ServerInfo.Type

/** The oldest server that pgkeel works with, as `server_version_num`. */
export const oldestSupported = 140_000
