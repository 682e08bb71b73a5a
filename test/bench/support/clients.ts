/** The two clients that are compared: ours with everything on, and the driver's own. Both have ten connections. */
import { NodeServices } from "@effect/platform-node"
import { Layer } from "effect"
import type { Redacted } from "effect"
import { PgClient } from "@effect/sql-pg"
import { DatabaseConfig } from "../../../src/config/DatabaseConfig.ts"
import { ConnectionManager } from "../../../src/connection/ConnectionManager.ts"
import { SessionFactory } from "../../../src/session/SessionFactory.ts"

const maxConnections = 10

export const ours = (url: Redacted.Redacted) =>
  SessionFactory.layer.pipe(
    Layer.provideMerge(ConnectionManager.layer()),
    Layer.provide(DatabaseConfig.layer({ url, sslMode: "disable", maxConnections })),
    Layer.provide(NodeServices.layer)
  )

export const theirs = (url: Redacted.Redacted) => PgClient.layer({ url, ssl: false, maxConnections })
