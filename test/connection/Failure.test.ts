/** What an error knows of the place where it struck: the statement, the server, and how far the connection had come. */
import { assert, layer } from "@effect/vitest"
import { Effect, Exit, Fiber, Stream } from "effect"
import { SqlClient } from "effect/sql"
import type { Connection } from "effect/sql/SqlConnection"
import { DatabaseConfig } from "../../src/config/DatabaseConfig.ts"
import { ConnectionManager } from "../../src/connection/ConnectionManager.ts"
import { DatabaseError } from "../../src/error/DatabaseError.ts"
import { SessionFactory } from "../../src/session/SessionFactory.ts"
import { assertClean, connected, proxied } from "../support/Connected.ts"
import { Proxy } from "../support/Proxy.ts"

const reasonOf = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.map(Effect.flip(DatabaseError.refine(effect)), (error) =>
    DatabaseError.isDatabaseError(error) ? error.reason : assert.fail(`not a database error: ${String(error)}`)
  )

layer(connected({ maxConnections: 2 }), { excludeTestServices: true })("A failure", (it) => {
  it.effect("knows its statement, without values, and whether a transaction was open", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const { withSession } = yield* SessionFactory
      const statement = sql`SELECT ${"secret"}::int AS wrong`
      const alone = yield* reasonOf(statement)
      assert.deepInclude(alone, { statement: "SELECT $1::int AS wrong", phase: "statement_sent" })
      for (const within of [sql.withTransaction(statement), withSession({})(statement)]) {
        assert.deepInclude(yield* reasonOf<unknown, unknown, never>(within), {
          statement: "SELECT $1::int AS wrong",
          phase: "transaction_open"
        })
      }
      const streamed = yield* reasonOf(Stream.runDrain(statement.stream))
      assert.deepInclude(streamed, { statement: "SELECT $1::int AS wrong", phase: "statement_sent" })
      yield* assertClean
    })
  )

  it.effect(
    "of a session that the server ends is told with the server's reason, also in the middle of a statement",
    () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const suicide = sql`SELECT pg_terminate_backend(pg_backend_pid()), pg_sleep(10)`
        const ended = { _tag: "ServerShuttingDown", sqlState: "57P01", severity: "FATAL" } as const
        assert.deepInclude(yield* reasonOf(suicide), { ...ended, retryScope: "unknown_outcome" })
        assert.deepInclude(yield* reasonOf(sql.withTransaction(suicide)), { ...ended, retryScope: "transaction" })
        assert.deepInclude(yield* reasonOf(sql.withTransaction(Effect.andThen(sql`SELECT 1`, suicide))), {
          ...ended,
          retryScope: "transaction"
        })
        yield* assertClean
      })
  )

  it.effect("by the server's limit, by somebody's cancel request and by the program's own interruption are three", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const asleep = sql`SELECT pg_sleep(60) AS apart`
      const pids = sql<{ readonly pid: number }>`
        SELECT pid FROM pg_stat_activity WHERE query LIKE '%AS apart' AND state = 'active' AND pid <> pg_backend_pid()`
      const running = Effect.repeat(pids, { until: ({ length }) => length === 1 })
      const limited = sql.withTransaction(Effect.andThen(sql`SET LOCAL statement_timeout = '20ms'`, asleep))
      assert.strictEqual((yield* reasonOf(limited))._tag, "StatementTimeout")

      const cancelled = yield* Effect.forkChild(reasonOf(asleep))
      const [{ pid } = { pid: 0 }] = yield* running
      yield* sql`SELECT pg_cancel_backend(${pid})`
      assert.strictEqual((yield* Fiber.join(cancelled))._tag, "QueryCanceled")

      const interrupted = yield* Effect.forkChild(DatabaseError.refine(asleep))
      yield* running
      yield* Fiber.interrupt(interrupted)
      const exit = yield* Fiber.await(interrupted)
      assert.isTrue(Exit.hasInterrupts(exit) && !Exit.hasFails(exit) && !Exit.hasDies(exit))

      const timedOut = yield* Effect.flip(Effect.timeout(DatabaseError.refine(asleep), "50 millis"))
      assert.strictEqual(timedOut._tag, "TimeoutError")
      assert.deepStrictEqual(yield* pids, [])
      yield* assertClean
    })
  )

  it.effect("of a statement that could not be sent says that nothing of it was", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      // The server is told the text of a statement once, before the first values.
      const sums = (connection: Connection, value: unknown) =>
        connection.execute("SELECT $1::int + 1", [value], undefined)
      const unsendable = Effect.scoped(
        Effect.flatMap(sql.reserve, (connection) => Effect.andThen(sums(connection, 1), sums(connection, new Map())))
      )
      yield* sql.unsafe("SELECT $1::int + 1", [1])
      for (const one of [sql.unsafe("SELECT $1::int + 1", [new Map()]), unsendable]) {
        const { _tag, phase } = yield* reasonOf<unknown, unknown, never>(one)
        assert.deepStrictEqual({ _tag, phase }, { _tag: "InvalidParameter", phase: "idle" })
      }
      yield* assertClean
    })
  )

  it.effect("of a COMMIT is told as one", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* sql`CREATE TABLE late (id int UNIQUE DEFERRABLE INITIALLY DEFERRED)`
      const reason = yield* reasonOf(sql.withTransaction(sql`INSERT INTO late VALUES (1), (1)`))
      assert.deepInclude(reason, { _tag: "UniqueViolation", statement: "COMMIT", phase: "commit_sent" })
      yield* assertClean
    })
  )
})

layer(proxied({ maxConnections: 2, connectTimeout: "2 seconds" }), { excludeTestServices: true })(
  "A connection that is lost",
  (it) => {
    it.effect("says where it led to, and what may be run again", () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const { host, port } = yield* DatabaseConfig
        const { cutAll, setRefusing } = yield* Proxy
        const lost = yield* Effect.forkChild(reasonOf(sql`SELECT pg_sleep(60)`))
        const open = yield* Effect.forkChild(
          reasonOf(sql.withTransaction(Effect.andThen(sql`SELECT 1`, sql`SELECT pg_sleep(60)`)))
        )
        const manager = yield* ConnectionManager
        const both = Effect.map(manager.activeConnections, (all) =>
          all.filter(({ statement }) => /sleep/.test(statement ?? ""))
        )
        while ((yield* both).length < 2) yield* Effect.sleep("2 millis")
        yield* cutAll
        assert.deepInclude(yield* Fiber.join(lost), {
          phase: "statement_sent",
          retryScope: "unknown_outcome",
          host,
          port
        })
        assert.deepInclude(yield* Fiber.join(open), {
          phase: "transaction_open",
          retryScope: "transaction",
          host,
          port
        })
        yield* setRefusing(true)
        const refused = yield* reasonOf(sql`SELECT 1`)
        assert.deepInclude(refused, { phase: "connecting", retryScope: "connection", host, port })
        assert.deepInclude(yield* reasonOf(sql.withTransaction(sql`SELECT 1`)), { phase: "connecting", host, port })
        yield* setRefusing(false)
        yield* assertClean
      }).pipe(Effect.timeout("20 seconds"))
    )

    it.effect(
      "within a transaction that was begun by hand is known to have been, and a COMMIT that was sent by hand",
      () =>
        Effect.gen(function* () {
          const sql = yield* SqlClient.SqlClient
          const { cutNext } = yield* Proxy
          yield* sql`CREATE TABLE by_hand (id int)`
          const byHand = (...texts: ReadonlyArray<string>) =>
            reasonOf(
              Effect.scoped(
                Effect.flatMap(sql.reserve, (connection) =>
                  Effect.forEach(texts, (text) => connection.executeUnprepared(text, [], undefined))
                )
              )
            )
          const insert = "INSERT INTO by_hand VALUES (1)"
          const cases: ReadonlyArray<readonly [string, string, ReadonlyArray<string>]> = [
            ["statement_sent", "unknown_outcome", [insert]],
            ["transaction_open", "transaction", ["BEGIN", insert]],
            ["transaction_open", "transaction", ["BEGIN", insert, "ROLLBACK"]],
            ["commit_sent", "unknown_outcome", ["BEGIN", insert, "COMMIT"]],
            ["commit_sent", "unknown_outcome", ["BEGIN", insert, "/* the last */ end"]]
          ]
          for (const [expectedPhase, expectedScope, texts] of cases) {
            yield* cutNext({ after: texts.at(-1) ?? "" })
            const { phase, retryScope } = yield* byHand(...texts)
            assert.deepStrictEqual([phase, retryScope], [expectedPhase, expectedScope], texts.at(-1))
          }
          yield* assertClean
        })
    )
  }
)
