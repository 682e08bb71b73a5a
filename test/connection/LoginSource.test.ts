import { NodeServices } from "@effect/platform-node"
import { assert, it } from "@effect/vitest"
import { Effect, Layer, Redacted, Ref } from "effect"
import { SqlClient } from "effect/sql"
import { DatabaseConfig } from "../../src/config/DatabaseConfig.ts"
import { ConnectionManager } from "../../src/connection/ConnectionManager.ts"
import { DatabaseError } from "../../src/error/DatabaseError.ts"
import { LoginSource } from "../../src/secret/LoginSource.ts"
import { LoginUnavailable, SecretError } from "../../src/secret/SecretError.ts"
import { freshDatabase, TestDatabase } from "../support/Database.ts"

/** A manager without a login of its own: it asks `source`. */
const managed = (source: LoginSource["Service"]["login"]) =>
  ConnectionManager.layer().pipe(
    Layer.provide(Layer.succeed(LoginSource, LoginSource.of({ login: source }))),
    Layer.provide(
      Layer.unwrap(
        Effect.map(TestDatabase, ({ host, name, port }) =>
          DatabaseConfig.layer({
            host,
            port,
            database: name,
            username: "nobody",
            sslMode: "disable",
            maxConnections: 2
          })
        )
      )
    ),
    Layer.provide(NodeServices.layer)
  )

const dropOthers = Effect.flatMap(
  SqlClient.SqlClient,
  (sql) => sql`
  SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database()`
)

it.live("asks for the login again for each new connection", () =>
  Effect.gen(function* () {
    const { password, username } = yield* TestDatabase
    const asked = yield* Ref.make(0)
    const source = Effect.as(
      Ref.update(asked, (count) => count + 1),
      { username, password }
    )
    yield* Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const manager = yield* ConnectionManager
      yield* sql`SELECT 1`
      const before = yield* Ref.get(asked)
      yield* Effect.scoped(Effect.andThen(manager.getConnection, manager.getConnection))
      assert.isAbove(yield* Ref.get(asked), before)
      yield* dropOthers
    }).pipe(Effect.provide(managed(source)))
  }).pipe(Effect.provide(freshDatabase()))
)

it.live(
  "is asked once more when a new connection is refused, which is how a change of the password passes unseen",
  () =>
    Effect.gen(function* () {
      const { password, username } = yield* TestDatabase
      const asked = yield* Ref.make(0)
      const wrong = yield* Ref.make(0)
      const source = Effect.gen(function* () {
        yield* Ref.update(asked, (count) => count + 1)
        const left = yield* Ref.getAndUpdate(wrong, (count) => Math.max(0, count - 1))
        return { username, password: left > 0 ? Redacted.make("an old password") : password }
      })
      yield* Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const { createPool } = yield* ConnectionManager
        for (const one of [sql, (yield* createPool({ maxConnections: 2 })).client]) {
          yield* Ref.set(wrong, 1)
          const before = yield* Ref.get(asked)
          assert.deepStrictEqual(yield* one`SELECT 1 AS one`, [{ one: 1 }])
          assert.strictEqual((yield* Ref.get(asked)) - before, 2)
          yield* Ref.set(wrong, 2)
          const error = yield* Effect.flip(
            DatabaseError.refine(Effect.scoped(Effect.andThen(one.reserve, one.reserve)))
          )
          assert.strictEqual(error.reason._tag, "AuthenticationFailed")
          assert.strictEqual((yield* Ref.get(asked)) - before, 4)
        }
      }).pipe(Effect.scoped, Effect.provide(managed(source)))
    }).pipe(Effect.provide(freshDatabase()))
)

it.live("fails with a type of its own when there is no login to be had, and recovers when there is", () =>
  Effect.gen(function* () {
    const { password, username } = yield* TestDatabase
    const sealed = yield* Ref.make(false)
    const source = Effect.flatMap(Ref.get(sealed), (value) =>
      value
        ? Effect.fail(new SecretError({ reason: new LoginUnavailable({ description: "the vault is sealed" }) }))
        : Effect.succeed({ username, password: Redacted.make(Redacted.value(password)) })
    )
    yield* Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* Ref.set(sealed, true)
      const error = yield* Effect.flip(DatabaseError.refine(sql`SELECT 1`))
      assert.strictEqual(error.reason._tag, "LoginUnavailable")
      assert.include(error.message, "the vault is sealed")
      yield* Ref.set(sealed, false)
      assert.deepStrictEqual(yield* sql`SELECT 1 AS one`, [{ one: 1 }])
    }).pipe(Effect.provide(managed(source)))
  }).pipe(Effect.provide(freshDatabase()))
)

it.live("is asked once more when the server refuses the login at a start, and then the refusal is final", () =>
  Effect.gen(function* () {
    const { password, username } = yield* TestDatabase
    const attempts = (right: number) =>
      Effect.gen(function* () {
        const asked = yield* Ref.make(0)
        // The first answer is for the user's name only.
        const source = Effect.map(
          Ref.updateAndGet(asked, (count) => count + 1),
          (count) => ({ username, password: count - 1 >= right ? password : Redacted.make("an old password") })
        )
        const connecting = Effect.flatMap(ConnectionManager, ({ connect }) => Effect.result(connect))
        const result = yield* Effect.provide(connecting, managed(source), { local: true })
        return {
          result: result._tag === "Success" ? "connected" : result.failure.reason._tag,
          asked: yield* Ref.get(asked)
        }
      })
    assert.deepStrictEqual(yield* attempts(1), { result: "connected", asked: 2 })
    assert.deepStrictEqual(yield* attempts(2), { result: "connected", asked: 3 })
    assert.deepStrictEqual(yield* attempts(3), { result: "AuthenticationFailed", asked: 3 })
  }).pipe(Effect.provide(freshDatabase()))
)
