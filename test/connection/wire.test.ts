/** What `src/connection/internal/inside.ts` leans on inside `@effect/sql-pg`, and what is done without it. */
import { assert, layer } from "@effect/vitest"
import { PgConnection } from "@effect/sql-pg"
import { Effect, Exit, Fiber, Layer, Scope } from "effect"
import type { Socket } from "node:net"
import { CopyIn } from "../../src/connection/internal/copyIn.ts"
import { Opening } from "../../src/connection/internal/opening.ts"
import type { Statement } from "../../src/connection/internal/statement.ts"
import { Turns } from "../../src/connection/internal/turns.ts"
import { Wire } from "../../src/connection/internal/wire.ts"
import { DatabaseError } from "../../src/error/DatabaseError.ts"
import { freshDatabase, TestDatabase } from "../support/Database.ts"
import { Proxy } from "../support/Proxy.ts"

const direct = Effect.flatMap(TestDatabase, ({ url }) => PgConnection.make({ url }))
/** One whose writes do not wait. */
const wireOf = (connection: PgConnection.PgConnection) => new Wire(connection, new Turns(() => false))
const directWire = Effect.map(direct, wireOf)
/** The driver's types do not have it. */
const socketOf = (wire: Wire): Socket => Object(Reflect.get(wire.connection, "session")).socket
const proxied = (options: Omit<PgConnection.Config, "url"> = {}) =>
  Effect.flatMap(Proxy, ({ url }) => PgConnection.make({ url, ...options }))

const begin: Statement = { text: "BEGIN", values: [], kept: true }
const actor: Statement = { text: "SELECT set_config($1, $2, true)", values: ["pgkeel.actor", "ada"], kept: true }

/** A statement behind BEGIN and a setting, as the first of a session. */
const first = (wire: Wire, sql: string, statements = [begin, actor]) =>
  new Opening(wire, statements, Effect.void).ahead(wire.connection.query(sql))

const question = "SELECT 1 AS one, current_setting('pgkeel.actor', true) AS actor"

/** The same connection as seen by a driver that has lost what we know of its inside. */
const unfamiliar = (connection: PgConnection.PgConnection): PgConnection.PgConnection =>
  Object.create(connection, {
    multiplex: { value: undefined, writable: true },
    "~@effect/sql-pg/PgConnection/internals": { value: undefined }
  }) as PgConnection.PgConnection

layer(Proxy.layer.pipe(Layer.provideMerge(freshDatabase())), { excludeTestServices: true })("The driver", (it) => {
  it.effect("says whether a session is dead", () =>
    Effect.gen(function* () {
      const wire = yield* directWire
      assert.isFalse(wire.isDead)
      yield* Effect.ignore(wire.connection.query("SELECT pg_terminate_backend(pg_backend_pid())"))
      assert.isTrue(wire.isDead)
    }).pipe(Effect.scoped)
  )

  for (const prepare of [true, false]) {
    it.effect(
      `sends statements ahead of another in one round trip, ${prepare ? "kept" : "not kept"} by the server`,
      () =>
        Effect.gen(function* () {
          const { counters } = yield* Proxy
          const wire = wireOf(yield* proxied({ prepare }))
          const { connection } = wire
          assert.isTrue(wire.canSendAhead)
          for (let run = 0; run < 3; run++) {
            const before = counters.roundTrips
            const { rows } = yield* first(wire, question)
            assert.strictEqual(counters.roundTrips - before, 1)
            assert.deepStrictEqual(rows, [{ one: 1, actor: "ada" }])
            assert.deepStrictEqual((yield* connection.query("SELECT 2 AS two")).rows, [{ two: 2 }])
            yield* connection.query("ROLLBACK")
          }
          const kept = yield* connection.query("SELECT name FROM pg_prepared_statements WHERE name LIKE 'pgkeel%'")
          assert.strictEqual(kept.rows.length, prepare ? 2 : 0)
        }).pipe(Effect.scoped)
    )
  }

  it.effect("has its statements written when all sockets have been read, where the pool is busy", () =>
    Effect.gen(function* () {
      let isBusy = false
      const wire = new Wire(yield* direct, new Turns(() => isBusy))
      const written = () => socketOf(wire).bytesWritten
      const ask = Effect.forkChild(first(wire, question), { startImmediately: true })
      isBusy = true
      const before = written()
      const waiting = yield* ask
      assert.strictEqual(written(), before)
      assert.deepStrictEqual((yield* Fiber.join(waiting)).rows, [{ one: 1, actor: "ada" }])
      isBusy = false
      const between = written()
      const running = yield* Effect.forkChild(wire.connection.query("SELECT 2 AS two"), { startImmediately: true })
      assert.isAbove(written(), between)
      assert.deepStrictEqual((yield* Fiber.join(running)).rows, [{ two: 2 }])
    }).pipe(Effect.scoped)
  )

  it.effect("has nothing written on a connection that was closed before its turn", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const wire = new Wire(yield* Scope.provide(direct, scope), new Turns(() => true))
      const errors: Array<unknown> = []
      socketOf(wire).on("error", (error) => errors.push(error))
      const waiting = yield* Effect.forkChild(wire.connection.query("SELECT 1"), { startImmediately: true })
      yield* Scope.close(scope, Exit.void)
      assert.isTrue(Exit.isFailure(yield* Fiber.await(waiting)))
      yield* Effect.yieldNow
      yield* Effect.yieldNow
      assert.deepStrictEqual(errors, [])
    }).pipe(Effect.scoped)
  )

  it.effect("lets a COPY be heard, and one that changed inside does not", () =>
    Effect.gen(function* () {
      const connection = yield* direct
      const copy = wireOf(connection).copy("COPY pg_class FROM '/nowhere'", new CopyIn())
      const failure = copy === undefined ? "no COPY" : yield* Effect.flip(copy)
      assert.strictEqual(typeof failure, "object")
      assert.isUndefined(wireOf(unfamiliar(yield* direct)).copy("COPY pg_class FROM STDIN", new CopyIn()))
    }).pipe(Effect.scoped)
  )

  it.effect("that changed inside costs the round trips more, and nothing else", () =>
    Effect.gen(function* () {
      const { counters } = yield* Proxy
      const wire = wireOf(unfamiliar(yield* proxied()))
      assert.isFalse(wire.canSendAhead)
      assert.isFalse(wire.isDead)
      const before = counters.roundTrips
      assert.deepStrictEqual((yield* first(wire, question)).rows, [{ one: 1, actor: "ada" }])
      assert.strictEqual(counters.roundTrips - before, 3)
      assert.isUndefined(Reflect.get(wire.connection, "multiplex"))
    }).pipe(Effect.scoped)
  )

  it.effect("runs nothing behind a statement that the server refuses, and the connection goes on", () =>
    Effect.gen(function* () {
      const connection = yield* direct
      yield* connection.query("CREATE TABLE trace (id int)")
      const nonsense: Statement = { text: "BEGIN ISOLATION LEVEL nonsense", values: [], kept: false }
      for (const one of [wireOf(unfamiliar(connection)), wireOf(connection)]) {
        const error = yield* Effect.flip(first(one, "INSERT INTO trace VALUES (1)", [nonsense, actor]))
        assert.strictEqual(DatabaseError.fromSqlError(error).reason._tag, "SqlSyntaxError")
        assert.isFalse(one.isDead)
        assert.deepStrictEqual((yield* connection.query("SELECT * FROM trace")).rows, [])
      }
    }).pipe(Effect.scoped)
  )

  it.effect(
    "does not run a statement on its own when it is the server's memory that failed the BEGIN ahead of it",
    () =>
      Effect.gen(function* () {
        const wire = yield* directWire
        const { connection } = wire
        yield* first(wire, question)
        yield* connection.query("COMMIT")
        yield* connection.query("DEALLOCATE ALL")
        const { rows } = yield* first(wire, "SELECT pg_current_xact_id_if_assigned()::text AS id, now() AS at")
        assert.strictEqual(rows.length, 1)
        yield* connection.query("SAVEPOINT proof", [], false)
      }).pipe(Effect.scoped)
  )

  it.effect("refuses a value with a NUL before anything is sent", () =>
    Effect.gen(function* () {
      const wire = yield* directWire
      const error = yield* Effect.flip(first(wire, question, [begin, { ...actor, values: ["a.b", "x\0y"] }]))
      assert.strictEqual(DatabaseError.fromSqlError(error).reason._tag, "InvalidParameter")
      assert.deepStrictEqual((yield* wire.connection.query("SELECT 1 AS one")).rows, [{ one: 1 }])
    }).pipe(Effect.scoped)
  )

  it.effect("fails both on a session that dies under them, or has died", () =>
    Effect.gen(function* () {
      const wire = yield* directWire
      const kill: Statement = { text: "SELECT pg_terminate_backend(pg_backend_pid())", values: [], kept: false }
      const killed = yield* Effect.flip(first(wire, question, [begin, kill]))
      const dead = yield* Effect.flip(first(wire, question))
      assert.isTrue(DatabaseError.fromSqlError(killed).connectionLost)
      assert.isTrue(DatabaseError.fromSqlError(dead).connectionLost)
    }).pipe(Effect.scoped)
  )
})
