/**
 * The application's side of a fresh test database: the layers below `MainLive`,
 * and a check after each test that nothing was left behind.
 */
import { NodeServices } from "@effect/platform-node"
import { assert } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { DatabaseConfig } from "../../src/config/DatabaseConfig.ts"
import type { DatabaseOptions } from "../../src/config/Settings.ts"
import { ConnectionManager } from "../../src/connection/ConnectionManager.ts"
import { SessionFactory } from "../../src/session/SessionFactory.ts"
import { freshDatabase, TestDatabase } from "./Database.ts"
import { Proxy } from "./Proxy.ts"

/** The configuration of the fresh database, with `options` in place of the defaults. */
export const config = (options: DatabaseOptions = {}) =>
  Layer.unwrap(
    Effect.map(TestDatabase, ({ url }) => DatabaseConfig.layer({ url, sslMode: "disable", ...options }))
  ).pipe(Layer.provide(NodeServices.layer))

/** A manager, its clients and sessions on a fresh database. */
export const connected = (options: DatabaseOptions = {}) =>
  SessionFactory.layer.pipe(
    Layer.provideMerge(ConnectionManager.layer()),
    Layer.provideMerge(config(options)),
    Layer.provideMerge(freshDatabase())
  )

/** The same through a proxy that counts and cuts. */
export const proxied = (options: DatabaseOptions = {}) =>
  SessionFactory.layer.pipe(
    Layer.provideMerge(ConnectionManager.layer()),
    Layer.provideMerge(
      Layer.unwrap(Effect.map(Proxy, ({ url }) => DatabaseConfig.layer({ url, sslMode: "disable", ...options }))).pipe(
        Layer.provide(NodeServices.layer)
      )
    ),
    Layer.provideMerge(Proxy.layer),
    Layer.provideMerge(freshDatabase())
  )

/** Nothing is leased, no session is open, nothing waits, and a statement works. */
export const assertClean = Effect.gen(function* () {
  const manager = yield* ConnectionManager
  const factory = yield* SessionFactory
  const sql = yield* SqlClient.SqlClient
  assert.deepStrictEqual(yield* manager.activeConnections, [])
  assert.deepStrictEqual(yield* factory.activeSessions, [])
  const { inUse, waiting } = yield* manager.poolStatus
  assert.deepStrictEqual({ inUse, waiting }, { inUse: 0, waiting: 0 })
  assert.deepStrictEqual(yield* sql`SELECT 1 AS one`, [{ one: 1 }])
})
