/** What a database for tests does with a process that dies, and on a server of its own. */
import { PgConnection } from "@effect/sql-pg"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Redacted, Scope } from "effect"
import { SqlClient } from "effect/sql"
import { spawn } from "node:child_process"
import { fileURLToPath } from "node:url"
import { EmbeddedPostgres, TestDatabase } from "../../src/testing/index.ts"
import { chosenServer } from "../support/chosenServer.ts"
import { freshClient, testServer } from "../support/Database.ts"

const timeout = 120_000

describe("A template", () => {
  it.effect(
    "is built again when the process that built it was killed half-way",
    () =>
      Effect.gen(function* () {
        const program = fileURLToPath(new URL("support/buildTemplate.ts", import.meta.url))
        const child = spawn(process.execPath, [program], {
          env: { ...process.env, TEST_SERVER_URL: Redacted.value(testServer().url) },
          stdio: ["ignore", "pipe", "inherit"]
        })
        yield* Effect.callback<void>((resume) => void child.stdout.once("data", () => resume(Effect.void)))
        child.kill("SIGKILL")
        const build = Effect.flatMap(SqlClient.SqlClient, (sql) => sql`CREATE TABLE orders (n int)`)
        const tables = Effect.flatMap(
          SqlClient.SqlClient,
          (sql) => sql`SELECT tablename FROM pg_catalog.pg_tables WHERE schemaname = 'public'`
        )
        const client = freshClient({ template: { key: "killed", build } })
        const found = yield* Effect.provide(tables, client, { local: true })
        assert.deepStrictEqual(found, [{ tablename: "orders" }])
      }),
    timeout
  )
})

describe("TestDatabase.layer", () => {
  it.effect(
    "uses the embedded server that is provided, and waits while its source is in use",
    () =>
      Effect.gen(function* () {
        const server = yield* EmbeddedPostgres
        const blocker = yield* Scope.make()
        yield* PgConnection.make({ url: server.databaseUrl("template1") }).pipe(Scope.provide(blocker))
        const database = yield* Effect.forkChild(Effect.provide(TestDatabase, TestDatabase.layer()), {
          startImmediately: true
        })
        const session = yield* PgConnection.make({ url: server.url })
        // PostgreSQL itself waits five seconds for the source before it gives up with 55006.
        yield* session
          .queryValues(
            "SELECT 1 FROM pg_catalog.pg_stat_activity WHERE query LIKE 'CREATE DATABASE%' AND state = 'idle'"
          )
          .pipe(Effect.repeat({ until: (rows) => rows.length === 1 }))
        yield* Scope.close(blocker, Exit.void)
        assert.strictEqual((yield* Fiber.join(database)).port, server.port)
      }).pipe(Effect.scoped, Effect.provide(EmbeddedPostgres.layer(chosenServer()))),
    timeout
  )
})
