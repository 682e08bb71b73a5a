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
  Driver.runScript(connection, ["BEGIN", "SET LOCAL pgkeel.actor = 'ada'", "SET LOCAL pgkeel.tenant = 'acme'"])

const actor = "SELECT current_setting('pgkeel.actor', true) AS actor"

/** The same connection as seen by a driver that has lost what we know of its inside. */
const unfamiliar = (connection: PgConnection.PgConnection): PgConnection.PgConnection =>
  Object.create(connection, {
    multiplex: { value: undefined, writable: true },
    "~@effect/sql-pg/PgConnection/internals": { value: undefined }
  }) as PgConnection.PgConnection

layer(Proxy.layer.pipe(Layer.provideMerge(freshDatabase())), { excludeTestServices: true })("The driver", (it) => {
  it.effect("says whether a session is dead", () =>
    Effect.gen(function* () {
      const connection = yield* direct
      assert.isFalse(Driver.isDead(connection))
      yield* Effect.ignore(connection.query("SELECT pg_terminate_backend(pg_backend_pid())"))
      assert.isTrue(Driver.isDead(connection))
    }).pipe(Effect.scoped)
  )

  it.effect("takes a script when it is idle, and hears the server as before afterwards", () =>
    Effect.gen(function* () {
      const connection = yield* direct
      assert.isTrue(Driver.canScript(connection))
      yield* begin(connection)
      assert.isTrue(Driver.canScript(connection))
      assert.deepStrictEqual((yield* connection.query("SELECT 1 AS one")).rows, [{ one: 1 }])
    }).pipe(Effect.scoped)
  )

  it.effect("sends a script in one round trip", () =>
    Effect.gen(function* () {
      const { counters } = yield* Proxy
      const connection = yield* proxied
      for (let run = 0; run < 3; run++) {
        const before = counters.roundTrips
        yield* begin(connection)
        assert.strictEqual(counters.roundTrips - before, 1)
        assert.deepStrictEqual((yield* connection.query(actor)).rows, [{ actor: "ada" }])
        yield* connection.query("ROLLBACK")
      }
    }).pipe(Effect.scoped)
  )

  it.effect("that changed inside costs a round trip more, and nothing else", () =>
    Effect.gen(function* () {
      const { counters } = yield* Proxy
      const connection = unfamiliar(yield* proxied)
      assert.isFalse(Driver.canScript(connection))
      assert.isFalse(Driver.isDead(connection))
      yield* begin(connection)
      yield* connection.query("ROLLBACK")
      const before = counters.roundTrips
      yield* begin(connection)
      assert.strictEqual(counters.roundTrips - before, 3)
      assert.deepStrictEqual((yield* connection.query(actor)).rows, [{ actor: "ada" }])
      assert.isUndefined(Reflect.get(connection, "multiplex"))
    }).pipe(Effect.scoped)
  )

  it.effect("fails a script with its first refusal, runs nothing behind it, and the connection goes on", () =>
    Effect.gen(function* () {
      const connection = yield* direct
      yield* connection.query("CREATE TABLE trace (id int)")
      for (const one of [connection, unfamiliar(connection)]) {
        const script = ["BEGIN ISOLATION LEVEL nonsense", "INSERT INTO trace VALUES (1)"]
        const error = yield* Effect.flip(Driver.runScript(one, script))
        assert.strictEqual(DatabaseError.fromSqlError(error).reason._tag, "SqlSyntaxError")
        assert.isFalse(Driver.isDead(connection))
        assert.deepStrictEqual((yield* connection.query("SELECT * FROM trace")).rows, [])
      }
    }).pipe(Effect.scoped)
  )

  it.effect("refuses a script with a NUL, behind which the server would see nothing", () =>
    Effect.gen(function* () {
      const connection = yield* direct
      const error = yield* Effect.flip(Driver.runScript(connection, ["BEGIN", "SET LOCAL a.b = 'x\0y'"]))
      assert.strictEqual(DatabaseError.fromSqlError(error).reason._tag, "InvalidParameter")
    }).pipe(Effect.scoped)
  )

  it.effect("fails a script on a session that dies under it, or has died", () =>
    Effect.gen(function* () {
      const connection = yield* direct
      const killed = yield* Effect.flip(Driver.runScript(connection, ["SELECT pg_terminate_backend(pg_backend_pid())"]))
      const dead = yield* Effect.flip(Driver.runScript(connection, ["BEGIN"]))
      assert.isTrue(DatabaseError.fromSqlError(killed).connectionLost)
      assert.isTrue(DatabaseError.fromSqlError(dead).connectionLost)
    }).pipe(Effect.scoped)
  )
})
