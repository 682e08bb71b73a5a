import { assert, layer } from "@effect/vitest"
import { Deferred, Effect, Fiber, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { ConnectionManager } from "../../src/connection/ConnectionManager.ts"
import { DatabaseError } from "../../src/error/DatabaseError.ts"
import { Session } from "../../src/session/Session.ts"
import type { Isolation } from "../../src/session/Session.ts"
import { SessionFactory } from "../../src/session/SessionFactory.ts"
import { assertClean, connected, proxied } from "../support/Connected.ts"
import { add, freshTable, items } from "../support/Items.ts"
import { Proxy } from "../support/Proxy.ts"

const seen = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const [row] = yield* sql<{ actor: string | null; tenant: string | null }>`
    SELECT current_setting('pgkeel.actor', true) AS actor, current_setting('pgkeel.tenant', true) AS tenant`
  return row
})

layer(connected({ maxConnections: 3 }), { excludeTestServices: true })("SessionFactory", (it) => {
  it.effect("shows actor and tenant to SQL inside a session and to nobody afterwards", () =>
    Effect.gen(function* () {
      const { withSession } = yield* SessionFactory
      assert.deepStrictEqual(yield* withSession({ actor: "ada", tenant: "t1" })(seen), { actor: "ada", tenant: "t1" })
      for (let index = 0; index < 6; index++) {
        const after = yield* seen
        assert.isTrue(after?.actor === null || after?.actor === "")
      }
      yield* assertClean
    })
  )

  it.effect("has an id of its own in the whole process, whichever layer has opened it", () =>
    Effect.gen(function* () {
      const id = Effect.flatMap(SessionFactory, ({ withSession }) => withSession({})(Session.useSync(({ id }) => id)))
      const elsewhere = Effect.provide(id, Layer.fresh(SessionFactory.layer))
      assert.notStrictEqual(yield* elsewhere, yield* elsewhere)
    })
  )

  it.effect("does not inherit the actor of an earlier session when it names none", () =>
    Effect.gen(function* () {
      const { withSession } = yield* SessionFactory
      yield* withSession({ actor: "ada", tenant: "t1" })(seen)
      assert.deepStrictEqual(yield* withSession({})(seen), { actor: "", tenant: "" })
    })
  )

  it.effect("carries any text as actor and tenant, and refuses a NUL before anything is sent", () =>
    Effect.gen(function* () {
      const { withSession } = yield* SessionFactory
      for (const text of ["it's", "back\\slash", "\\'; DROP TABLE x; --", "ünï😀", "$1", "a\nb", '"']) {
        assert.deepStrictEqual(yield* withSession({ actor: text, tenant: text })(seen), { actor: text, tenant: text })
      }
      const error = yield* Effect.flip(withSession({ actor: "a\0b", tenant: "t" })(seen))
      assert.strictEqual(error._tag === "DatabaseError" ? error.reason._tag : error._tag, "InvalidParameter")
      yield* assertClean
    })
  )

  it.effect("commits when the effect succeeds and rolls back when it fails", () =>
    Effect.gen(function* () {
      const { withSession } = yield* SessionFactory
      yield* freshTable
      yield* withSession({})(add("kept"))
      const failed = yield* Effect.flip(withSession({})(Effect.andThen(add("lost"), Effect.fail("no" as const))))
      assert.strictEqual(failed, "no")
      assert.deepStrictEqual(yield* items, ["kept"])
      yield* assertClean
    })
  )

  it.effect("rolls back and returns a clean connection when it is interrupted in the middle of a statement", () =>
    Effect.gen(function* () {
      const { withSession } = yield* SessionFactory
      const sql = yield* SqlClient.SqlClient
      yield* freshTable
      const started = yield* Deferred.make<void>()
      const fiber = yield* Effect.forkChild(
        withSession({ actor: "ada" })(
          Effect.gen(function* () {
            yield* add("lost")
            yield* Deferred.succeed(started, undefined)
            yield* sql`SELECT pg_sleep(60)`
          })
        )
      )
      yield* Deferred.await(started)
      yield* Fiber.interrupt(fiber)
      assert.deepStrictEqual(yield* items, [])
      yield* assertClean
    })
  )

  for (const isolation of ["read committed", "repeatable read", "serializable"] satisfies ReadonlyArray<Isolation>) {
    it.effect(`runs at isolation level ${isolation}`, () =>
      Effect.gen(function* () {
        const { withSession } = yield* SessionFactory
        const sql = yield* SqlClient.SqlClient
        const [row] = yield* withSession({ isolation })(sql`SHOW transaction_isolation`)
        assert.deepStrictEqual(row, { transaction_isolation: isolation })
      })
    )
  }

  it.effect("refuses writes in a read-only session with a type", () =>
    Effect.gen(function* () {
      const { withSession } = yield* SessionFactory
      yield* freshTable
      const error = yield* Effect.flip(withSession({ readOnly: true })(add("x")))
      assert.strictEqual(error._tag, "DatabaseError")
      assert.strictEqual(error._tag === "DatabaseError" ? error.reason._tag : "", "ReadOnlyServer")
      yield* assertClean
    })
  )

  it.effect("nests by savepoints: what fails inside is undone, what surrounds it is kept", () =>
    Effect.gen(function* () {
      const { withSession } = yield* SessionFactory
      const sql = yield* SqlClient.SqlClient
      yield* freshTable
      yield* withSession({})(
        Effect.gen(function* () {
          yield* add("a")
          yield* Effect.ignore(sql.withTransaction(Effect.andThen(add("b"), Effect.fail("undo"))))
          yield* Effect.ignore(withSession({ propagation: "nested" })(add("a")))
          yield* withSession({ propagation: "nested" })(add("c"))
        })
      )
      assert.deepStrictEqual(yield* items, ["a", "c"])
      yield* assertClean
    })
  )

  it.effect("fails with a type when a nested transaction swallowed the error that aborted it", () =>
    Effect.gen(function* () {
      const { withSession } = yield* SessionFactory
      const sql = yield* SqlClient.SqlClient
      yield* freshTable
      const error = yield* Effect.flip(
        withSession({})(
          Effect.andThen(
            add("a"),
            sql.withTransaction(Effect.andThen(Effect.ignore(add("a")), Effect.succeed("as if nothing happened")))
          )
        )
      )
      assert.strictEqual(error._tag, "DatabaseError")
      yield* assertClean
    })
  )

  it.effect("says that COMMIT became ROLLBACK when the error that aborted the transaction was swallowed", () =>
    Effect.gen(function* () {
      const { withSession } = yield* SessionFactory
      yield* freshTable
      const error = yield* Effect.flip(withSession({})(Effect.andThen(add("a"), Effect.ignore(add("a")))))
      assert.strictEqual(error._tag === "DatabaseError" ? error.reason._tag : error._tag, "CommitRolledBack")
      assert.deepStrictEqual(yield* items, [])
      yield* assertClean
    })
  )

  it.effect("refuses a session for another tenant inside an open one", () =>
    Effect.gen(function* () {
      const { withSession } = yield* SessionFactory
      const error = yield* Effect.flip(withSession({ tenant: "t1" })(withSession({ tenant: "t2" })(seen)))
      assert.strictEqual(error._tag === "SessionError" ? error.reason._tag : error._tag, "SessionConflict")
      yield* assertClean
    })
  )

  it.effect("refuses a session inside a bare transaction, where its context could not be set", () =>
    Effect.gen(function* () {
      const { withSession } = yield* SessionFactory
      const sql = yield* SqlClient.SqlClient
      const error = yield* Effect.flip(sql.withTransaction(withSession({ actor: "ada" })(seen)))
      assert.strictEqual(error._tag === "SessionError" ? error.reason._tag : error._tag, "TransactionAlreadyOpen")
      yield* assertClean
    })
  )

  it.effect("serialises the statements of parallel fibers on the session's one connection", () =>
    Effect.gen(function* () {
      const { withSession } = yield* SessionFactory
      const sql = yield* SqlClient.SqlClient
      const pids = yield* withSession({})(
        Effect.forEach(Array.from({ length: 20 }), () => sql<{ pid: number }>`SELECT pg_backend_pid() AS pid`, {
          concurrency: "unbounded"
        })
      )
      assert.strictEqual(new Set(pids.map(([row]) => row?.pid)).size, 1)
      yield* assertClean
    })
  )

  it.effect("refuses the statement of a fiber that outlived its session", () =>
    Effect.gen(function* () {
      const { withSession } = yield* SessionFactory
      const sql = yield* SqlClient.SqlClient
      const ended = yield* Deferred.make<void>()
      const late = yield* withSession({ actor: "ada" })(
        Effect.forkDetach(Effect.andThen(Deferred.await(ended), Effect.flip(DatabaseError.refine(sql`SELECT 1`))))
      )
      yield* Deferred.succeed(ended, undefined)
      const error = yield* Fiber.join(late)
      assert.strictEqual(error.reason._tag, "ConnectionReleased")
      yield* assertClean
    })
  )

  it.effect("keeps its registry: an open session is listed with its actor, and gone afterwards", () =>
    Effect.gen(function* () {
      const { activeSessions, withSession } = yield* SessionFactory
      const sql = yield* SqlClient.SqlClient
      const [inside, shown] = yield* withSession({ component: "bot", name: "greet", actor: "ada" })(
        Effect.all([activeSessions, sql`SELECT current_setting('application_name') AS name`])
      )
      assert.deepInclude(inside[0], { component: "bot", name: "greet", actor: "ada", inTransaction: true })
      assert.deepStrictEqual(shown, [{ name: "bot/greet" }])
      yield* assertClean
    })
  )

  it.effect("holds no connection between the transactions of a created session, and ends with its scope", () =>
    Effect.gen(function* () {
      const { activeSessions, closeSession, createSession } = yield* SessionFactory
      const manager = yield* ConnectionManager
      yield* Effect.scoped(
        Effect.gen(function* () {
          const session = yield* createSession({ actor: "ada", name: "chat" })
          assert.deepStrictEqual(yield* session.run(seen), { actor: "ada", tenant: "" })
          assert.strictEqual((yield* manager.poolStatus).inUse, 0)
          assert.strictEqual((yield* activeSessions).length, 1)
          assert.strictEqual(yield* session.run(Effect.map(Session, ({ name }) => name)), "chat")
          assert.isTrue(yield* closeSession(session.id))
          const error = yield* Effect.flip(session.run(seen))
          assert.strictEqual(error._tag === "SessionError" ? error.reason._tag : error._tag, "SessionClosed")
        })
      )
      yield* assertClean
    })
  )

  it.effect(
    "leaves nothing behind when sessions are interrupted at random moments",
    () =>
      Effect.gen(function* () {
        const { withSession } = yield* SessionFactory
        const check = (actor: string) =>
          withSession({ actor })(Effect.map(seen, (row) => assert.strictEqual(row?.actor, actor)))
        yield* Effect.forEach(
          Array.from({ length: 400 }, (_, index) => index),
          (index) =>
            Effect.gen(function* () {
              const fiber = yield* Effect.forkChild(check(`a${index}`))
              for (let turn = index % 17; turn > 0; turn--) yield* Effect.yieldNow
              yield* Fiber.interrupt(fiber)
              yield* check(`b${index}`)
            }),
          { concurrency: 8, discard: true }
        )
        yield* assertClean
      }),
    120_000
  )
})

layer(proxied({ maxConnections: 2 }), { excludeTestServices: true })("A session's round trips", (it) => {
  it.effect("are two for one statement: BEGIN with its context ahead of it, and COMMIT", () =>
    Effect.gen(function* () {
      const { withSession } = yield* SessionFactory
      const { counters } = yield* Proxy
      const sql = yield* SqlClient.SqlClient
      const session = withSession({ actor: "ada", tenant: "t1" })(sql`SELECT 1`)
      yield* session
      const before = counters.roundTrips
      yield* session
      assert.strictEqual(counters.roundTrips - before, 2)
    })
  )

  it.effect("end in a typed error and a clean pool when the connection is cut in the body", () =>
    Effect.gen(function* () {
      const { withSession } = yield* SessionFactory
      const proxy = yield* Proxy
      const sql = yield* SqlClient.SqlClient
      const error = yield* Effect.flip(
        withSession({})(
          Effect.gen(function* () {
            yield* sql`SELECT 1`
            yield* proxy.cutAll
            return yield* sql`SELECT 2`
          })
        )
      )
      assert.strictEqual(error._tag === "DatabaseError" ? error.connectionLost : error._tag, true)
      yield* assertClean
    })
  )
})
