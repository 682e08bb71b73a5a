import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { PgClient } from "@effect/sql-pg"
import { Effect, Layer, Redacted } from "effect"
import { DatabaseConfig } from "../../src/config/DatabaseConfig.ts"
import { ConnectionManager } from "../../src/connection/ConnectionManager.ts"
import { TestDatabase } from "../support/Database.ts"
import { pgBouncer, whyNoPgBouncer } from "../support/PgBouncer.ts"
import { assertClean, directory, exists, migratorOf, reasonOf, test } from "./support.ts"

const through = (url: Redacted.Redacted, maxConnections: number) =>
  ConnectionManager.layer().pipe(
    Layer.provide(DatabaseConfig.layer({ url, sslMode: "disable", maxConnections })),
    Layer.provide(NodeServices.layer)
  )

/** They run where one is installed. */
const bouncing = (name: string, body: Parameters<typeof test>[1]) =>
  whyNoPgBouncer === undefined
    ? test(name, body)
    : it.effect.skipIf(true)(`${name}: ${whyNoPgBouncer}`, () => Effect.void)

describe("A migrator behind PgBouncer", () => {
  bouncing("in transaction mode is refused before anything is changed, and told what to do", () =>
    Effect.gen(function* () {
      const { url } = yield* TestDatabase
      const pooled = yield* pgBouncer(url, "transaction")
      const path = yield* directory({ "1_a.up.sql": "CREATE TABLE a ()" })
      const reason = yield* Effect.flatMap(migratorOf(path), (migrator) => reasonOf(migrator.up())).pipe(
        Effect.provide(through(pooled, 2))
      )
      const plain = yield* Effect.flatMap(migratorOf(path), (migrator) => reasonOf(migrator.up())).pipe(
        Effect.provide(PgClient.layer({ url: pooled, ssl: false }), { local: true })
      )
      assert.strictEqual(plain._tag, "SessionShared")
      assert.strictEqual(reason._tag, "SessionShared")
      assert.include(reason.message, "connected through a pooler that shares the server's sessions")
      assert.include(reason.message, "direct URL")
      assert.strictEqual(yield* exists("pgkeel.migrations"), false)
      yield* assertClean
    })
  )

  bouncing("in session mode migrates as on the server itself", () =>
    Effect.gen(function* () {
      const { url } = yield* TestDatabase
      const pooled = yield* pgBouncer(url, "session")
      const path = yield* directory({ "1_a.up.sql": "CREATE TABLE a ()" })
      for (const maxConnections of [2, 1]) {
        yield* Effect.flatMap(migratorOf(path), (migrator) => migrator.up()).pipe(
          Effect.provide(through(pooled, maxConnections), { local: true })
        )
      }
      assert.strictEqual(yield* exists("a"), true)
      yield* assertClean
    })
  )
})
