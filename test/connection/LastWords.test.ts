/** What a server or a pooler says as it ends a session in the middle of its work: the driver only tells that it is closed. */
import { NodeServices } from "@effect/platform-node"
import { PgConnection } from "@effect/sql-pg"
import { assert, describe, it, layer } from "@effect/vitest"
import { Effect, Fiber, Layer, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import { DatabaseConfig } from "../../src/config/DatabaseConfig.ts"
import { ConnectionManager } from "../../src/connection/ConnectionManager.ts"
import { DatabaseError } from "../../src/error/DatabaseError.ts"
import { EmbeddedPostgres } from "../../src/testing/index.ts"
import { answering, errorResponse } from "../error/scripted.ts"
import { chosenServer } from "../support/chosenServer.ts"

const clientOf = (url: string) =>
  ConnectionManager.layer().pipe(
    Layer.provide(DatabaseConfig.layer({ url: Redacted.make(url), sslMode: "disable", maxConnections: 4 })),
    Layer.provide(NodeServices.layer)
  )

const reasonOf = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.map(Effect.flip(DatabaseError.refine(effect)), (error: unknown) =>
    DatabaseError.isDatabaseError(error) ? error.reason : assert.fail(`not a database error: ${String(error)}`)
  )

describe("A session that ends with", () => {
  const cases: ReadonlyArray<readonly [Readonly<Record<string, string>>, string, string]> = [
    [{ S: "FATAL", C: "08P01", M: "query_timeout" }, "StatementTimeout", "unknown_outcome"],
    [{ S: "FATAL", C: "08P01", M: "server conn crashed?" }, "ConnectionLost", "unknown_outcome"],
    [{ S: "FATAL", C: "08P01", M: "pgbouncer shutting down" }, "ServerShuttingDown", "unknown_outcome"],
    [
      { S: "PANIC", V: "PANIC", C: "53100", M: "could not write to file: No space left" },
      "DiskFull",
      "unknown_outcome"
    ],
    // The pooler had not found a server for it, so no server has seen it.
    [{ S: "FATAL", C: "08P01", M: "query_wait_timeout" }, "TooManyConnections", "connection"],
    [{ S: "FATAL", C: "08P01", M: "server login has been failing, try again later" }, "ServerStarting", "connection"]
  ]
  for (const [fields, tag, scope] of cases) {
    it.live(`"${fields["M"]}" says so, alone and within a transaction`, () =>
      Effect.gen(function* () {
        const { port } = yield* answering(errorResponse(fields))
        const client = clientOf(`postgres://u:p@127.0.0.1:${port}/d`)
        const { alone, within } = yield* Effect.gen(function* () {
          const sql = yield* SqlClient.SqlClient
          const alone = yield* reasonOf(sql`SELECT 1`)
          return { alone, within: yield* reasonOf(sql.withTransaction(sql`SELECT 1`)) }
        }).pipe(Effect.provide(client))
        assert.deepStrictEqual([alone._tag, alone.retryScope, alone.connectionLost], [tag, scope, true])
        assert.strictEqual(within._tag, tag)
        assert.include(["transaction", "connection", "never"], within.retryScope)
      }).pipe(Effect.scoped)
    )
  }
})

layer(EmbeddedPostgres.layer({ ...chosenServer(), settings: { max_locks_per_transaction: "10" } }), {
  excludeTestServices: true,
  timeout: "60 seconds"
})("A server of one's own", (it) => {
  const client = Layer.unwrap(Effect.map(EmbeddedPostgres, ({ url }) => clientOf(Redacted.value(url))))

  it.effect("that runs out of memory for its locks says so", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const reason = yield* reasonOf(sql`SELECT pg_advisory_xact_lock(n) FROM generate_series(1, 200000) AS n`)
      assert.deepInclude(reason, { _tag: "OutOfMemory", sqlState: "53200", retryScope: "transaction" })
    }).pipe(Effect.provide(client))
  )

  it.effect("that crashes says so to those who were at work, and that it starts to those who come", () =>
    Effect.gen(function* () {
      const { url } = yield* EmbeddedPostgres
      const sql = yield* SqlClient.SqlClient
      const asleep = sql`SELECT pg_sleep(60) AS at_work`
      const alone = yield* Effect.forkChild(reasonOf(asleep))
      const first = yield* Effect.forkChild(reasonOf(sql.withTransaction(asleep)))
      const later = yield* Effect.forkChild(reasonOf(sql.withTransaction(Effect.andThen(sql`SELECT 1`, asleep))))
      const victim = yield* PgConnection.make({ url: Redacted.make(Redacted.value(url)), ssl: false })
      const working = "SELECT count(*)::int FROM pg_stat_activity WHERE query LIKE '%at_work' AND state = 'active'"
      yield* Effect.repeat(victim.queryValues(working), { until: ([row]) => row?.[0] === 3 })
      const knock = Effect.scoped(PgConnection.make({ url: Redacted.make(Redacted.value(url)), ssl: false }))
      const told = Effect.map(Effect.flip(knock), (error) => DatabaseError.fromSqlError(error).reason._tag)
      const comers = yield* Effect.forkScoped(
        Effect.repeat(
          Effect.orElseSucceed(told, () => "let in"),
          { until: (tag) => tag === "ServerStarting" }
        )
      )
      // The server starts again when all of its processes have ended: this one does not before the comers were told.
      const sleeper = yield* PgConnection.make({ url: Redacted.make(Redacted.value(url)), ssl: false })
      process.kill(sleeper.processId, "SIGSTOP")
      process.kill(victim.processId, "SIGKILL")
      const crashed = { _tag: "ServerCrashed", sqlState: "57P02", connectionLost: true } as const
      assert.deepInclude(yield* Fiber.join(alone), { ...crashed, retryScope: "unknown_outcome" })
      assert.deepInclude(yield* Fiber.join(first), { ...crashed, retryScope: "transaction" })
      assert.deepInclude(yield* Fiber.join(later), { ...crashed, retryScope: "transaction" })
      yield* Fiber.join(comers)
      process.kill(sleeper.processId, "SIGCONT")
      yield* Effect.retry(knock, { while: () => true })
    }).pipe(Effect.scoped, Effect.provide(client))
  )
})
