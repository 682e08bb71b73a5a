/** A provisioner for the run's server, and what is asked of that server behind its back. */
import { NodeCrypto, NodeServices } from "@effect/platform-node"
import { Effect, Layer, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import { DatabaseConfig } from "../../src/config/DatabaseConfig.ts"
import { ConnectionManager } from "../../src/connection/ConnectionManager.ts"
import { Provisioner } from "../../src/provisioning/Provisioner.ts"
import { KeyProvider } from "../../src/secret/KeyProvider.ts"
import { testServer } from "../support/Database.ts"

const key = KeyProvider.layerStatic([Redacted.make(new Uint8Array(32).fill(7))])

export const Services = Layer.provideMerge(key, Layer.mergeAll(NodeServices.layer, NodeCrypto.layer))

export const provisioner = (credentialsFile?: string) =>
  Provisioner.layer({
    admin: { url: testServer().url, sslMode: "disable" },
    ...(credentialsFile !== undefined && { credentialsFile })
  })

/** Runs with a client of its own. */
export const as = <A, E, R>(url: Redacted.Redacted, use: Effect.Effect<A, E, R>) =>
  use.pipe(
    Effect.provide(ConnectionManager.layer().pipe(Layer.provide(DatabaseConfig.layer({ url, sslMode: "disable" }))), {
      local: true
    })
  )

/** A provisioner whose administrator may create roles and databases, and is no superuser. */
export const withPlainAdministrator = Effect.fnUntraced(function* (database: string, credentialsFile?: string) {
  const admin = `${database}_admin`
  const create = Effect.flatMap(SqlClient.SqlClient, (sql) =>
    sql.unsafe(`CREATE ROLE "${admin}" LOGIN CREATEROLE CREATEDB PASSWORD 'of-the-test'`)
  )
  yield* as(testServer().url, create)
  const { host, port } = testServer()
  const url = Redacted.make(`postgres://${admin}:of-the-test@${host}:${port}/postgres?sslmode=disable`)
  return Provisioner.layer({ admin: { url }, ...(credentialsFile !== undefined && { credentialsFile }) })
})
