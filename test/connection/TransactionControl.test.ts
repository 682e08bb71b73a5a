/** A transaction that a program begins or ends by a statement of its own. */
import { assert, layer } from "@effect/vitest"
import { Effect, Logger, Stream } from "effect"
import { SqlClient } from "effect/sql"
import { DatabaseError } from "../../src/error/DatabaseError.ts"
import * as Retry from "../../src/error/Retry.ts"
import { SessionFactory } from "../../src/session/SessionFactory.ts"
import { assertClean, connected, proxied } from "../support/Connected.ts"
import { add, freshTable, items } from "../support/Items.ts"
import { Proxy } from "../support/Proxy.ts"

const reasonOf = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.map(Effect.flip(DatabaseError.refine(effect)), (error: unknown) =>
    DatabaseError.isDatabaseError(error) ? error.reason : assert.fail(`not a database error: ${String(error)}`)
  )

layer(connected({ maxConnections: 1 }), { excludeTestServices: true })("A statement that", (it) => {
  for (const text of [
    "COMMIT",
    "rollback",
    "END",
    "/* now */ Abort",
    "ROLLBACK AND CHAIN",
    "PREPARE TRANSACTION 'x'"
  ]) {
    it.effect(`would end the transaction of the client (${text}) is not sent, and nothing of it is committed`, () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const { withSession } = yield* SessionFactory
        yield* freshTable
        const end = sql.unsafe(text)
        const bodies = [Effect.andThen(add("x"), end), end, Effect.andThen(add("x"), Stream.runDrain(end.stream))]
        for (const body of bodies) {
          for (const around of [sql.withTransaction, withSession({})]) {
            const { _tag, retryScope, statement } = yield* reasonOf<unknown, unknown, SqlClient.SqlClient>(
              (around as typeof sql.withTransaction)<SqlClient.SqlClient, unknown, unknown>(body)
            )
            assert.deepStrictEqual([_tag, retryScope, statement], ["TransactionControl", "never", text])
          }
        }
        assert.deepStrictEqual(yield* items, [])
        yield* assertClean
      })
    )
  }

  it.effect("goes back to a savepoint of its own stays possible", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* freshTable
      yield* sql.withTransaction(
        Effect.all([add("kept"), sql`SAVEPOINT mine`, add("undone"), sql`ROLLBACK TO SAVEPOINT mine`])
      )
      assert.deepStrictEqual(yield* items, ["kept"])
      yield* assertClean
    })
  )

  it.effect("begins a transaction on a connection of the pool is refused, and the next statement finds none", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* freshTable
      for (const begin of ["BEGIN", "START TRANSACTION READ ONLY"]) {
        assert.strictEqual((yield* reasonOf(sql.unsafe(begin)))._tag, "TransactionControl")
        yield* add(begin)
        assert.strictEqual((yield* sql`SELECT pg_current_xact_id_if_assigned() AS id`)[0]?.["id"], null)
      }
      assert.deepStrictEqual(yield* items, ["BEGIN", "START TRANSACTION READ ONLY"])
      yield* assertClean
    })
  )

  it.effect("left a transaction open on a reserved connection costs that connection, and a warning", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* freshTable
      const warnings: Array<string> = []
      const logger = Logger.make(({ message }) => void warnings.push(String(message)))
      yield* Effect.scoped(
        Effect.flatMap(sql.reserve, (connection) =>
          Effect.forEach(["BEGIN", "INSERT INTO item VALUES ('lost')"], (text) =>
            connection.executeUnprepared(text, [], undefined)
          )
        )
      ).pipe(Effect.provide(Logger.layer([logger])), Effect.withSpan("careless"))
      assert.match(warnings.join(), /came back with its transaction open, which is rolled back \(holder: careless\)/)
      yield* add("kept")
      assert.deepStrictEqual(yield* items, ["kept"])
      yield* assertClean
    })
  )
})

// Without prepared statements the text is on the wire each time, where the proxy looks for it.
layer(proxied({ maxConnections: 1, prepare: false }), { excludeTestServices: true })(
  "A transaction by hand on a reserved connection",
  (it) => {
    it.effect("is not run again when what was sent behind its COMMIT is lost", () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const { cutNext } = yield* Proxy
        yield* freshTable
        const both = Effect.scoped(
          Effect.flatMap(sql.reserve, (connection) => {
            const run = (text: string) => connection.executeUnprepared(text, [], undefined)
            const behind = Effect.all([run("COMMIT"), run("INSERT INTO item VALUES ('second')")], {
              concurrency: "unbounded"
            })
            return Effect.andThen(Effect.forEach(["BEGIN", "INSERT INTO item VALUES ('first')"], run), behind)
          })
        )
        yield* cutNext({ after: "second" })
        const reason = yield* reasonOf(Retry.transaction({ base: "1 millis" })(both))
        assert.strictEqual(reason.retryScope, "unknown_outcome")
        // The server may still be about to read what had been sent to it.
        const others = sql`SELECT 1 FROM pg_stat_activity
          WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()`
        yield* Effect.retry(others, { while: () => true }).pipe(Effect.repeat({ until: ({ length }) => length === 0 }))
        assert.deepStrictEqual(yield* items, ["first", "second"])
        yield* assertClean
      })
    )
  }
)
