/** What `src/connection/internal/driver.ts` leans on inside `@effect/sql-pg`, and what it does without. */
import { assert, layer } from "@effect/vitest"
import { PgConnection } from "@effect/sql-pg"
import { Effect, Layer } from "effect"
import * as Driver from "../../src/connection/internal/driver.ts"
import { DatabaseError } from "../../src/error/DatabaseError.ts"
import { freshDatabase, TestDatabase } from "../support/Database.ts"
import { Proxy } from "../support/Proxy.ts"

const direct = Effect.flatMap(TestDatabase, ({ url }) => PgConnection.make({ url }))
const proxied = Effect.flatMap(Proxy, ({ url }) => PgConnection.make({ url }))

/** As a session begins: BEGIN, and a setting that holds until it ends. */
const begin = (connection: PgConnection.PgConnection) =>
  Driver.pipeline(
    connection,
    { sql: "BEGIN", parameters: [] },
    { sql: "SELECT set_config('pgkeel.actor', $1, true)", parameters: ["ada"] }
  )

const actor = "SELECT current_setting('pgkeel.actor', true) AS actor"

/** The same connection as seen by a driver that has lost what we know of its inside. */
const unfamiliar = (connection: PgConnection.PgConnection): PgConnection.PgConnection =>
  Object.create(connection, {
    multiplex: { value: undefined, writable: true },
    "~@effect/sql-pg/PgConnection/internals": { value: undefined }
  }) as PgConnection.PgConnection

layer(Proxy.layer.pipe(Layer.provideMerge(freshDatabase())), { excludeTestServices: true })("The driver", (it) => {
  it.effect("says whether a session is dead", () =>
    Effect.gen(function*() {
      const connection = yield* direct
      assert.isFalse(Driver.isDead(connection))
      yield* Effect.ignore(connection.query("SELECT pg_terminate_backend(pg_backend_pid())"))
      assert.isTrue(Driver.isDead(connection))
    }).pipe(Effect.scoped))

  it.effect("has the flag by which statements go out in one write, and it is down again afterwards", () =>
    Effect.gen(function*() {
      const connection = yield* direct
      assert.isTrue(Driver.canPipeline(connection))
      yield* begin(connection)
      assert.strictEqual(Reflect.get(connection, "multiplex"), false)
      assert.isTrue(Driver.canPipeline(connection))
    }).pipe(Effect.scoped))

  it.effect("sends a batch in one round trip, prepared or not", () =>
    Effect.gen(function*() {
      const { counters } = yield* Proxy
      const connection = yield* proxied
      for (let run = 0; run < 3; run++) {
        const before = counters.roundTrips
        yield* begin(connection)
        assert.strictEqual(counters.roundTrips - before, 1)
        assert.deepStrictEqual((yield* connection.query(actor)).rows, [{ actor: "ada" }])
        yield* connection.query("ROLLBACK")
      }
    }).pipe(Effect.scoped))

  it.effect("that changed inside costs a round trip more, and nothing else", () =>
    Effect.gen(function*() {
      const { counters } = yield* Proxy
      const connection = unfamiliar(yield* proxied)
      assert.isFalse(Driver.canPipeline(connection))
      assert.isFalse(Driver.isDead(connection))
      yield* begin(connection)
      yield* connection.query("ROLLBACK")
      const before = counters.roundTrips
      yield* begin(connection)
      assert.strictEqual(counters.roundTrips - before, 2)
      assert.deepStrictEqual((yield* connection.query(actor)).rows, [{ actor: "ada" }])
      assert.isUndefined(Reflect.get(connection, "multiplex"))
    }).pipe(Effect.scoped))

  it.effect("fails a batch with the first refusal, and the connection goes on", () =>
    Effect.gen(function*() {
      const connection = yield* direct
      const refused = { sql: "BEGIN ISOLATION LEVEL nonsense", parameters: [] }
      for (const one of [connection, unfamiliar(connection)]) {
        const error = yield* Effect.flip(Driver.pipeline(one, refused, { sql: "SELECT 1/0", parameters: [] }))
        assert.strictEqual(DatabaseError.fromSqlError(error).reason._tag, "SqlSyntaxError")
        assert.isFalse(Driver.isDead(connection))
        assert.deepStrictEqual((yield* connection.query("SELECT 1 AS one")).rows, [{ one: 1 }])
      }
    }).pipe(Effect.scoped))
})
