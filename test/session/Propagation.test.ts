/** What a session does about a transaction that is open around it. */
import { assert, layer } from "@effect/vitest"
import { Deferred, Effect, Fiber } from "effect"
import { SqlClient } from "effect/sql"
import { DatabaseError } from "../../src/error/DatabaseError.ts"
import { Session } from "../../src/session/Session.ts"
import type { SessionOptions } from "../../src/session/Session.ts"
import type { SessionError } from "../../src/session/SessionError.ts"
import { SessionFactory } from "../../src/session/SessionFactory.ts"
import { assertClean, connected, proxied } from "../support/Connected.ts"
import { add, freshTable, items } from "../support/Items.ts"
import { Proxy } from "../support/Proxy.ts"

/** The tag of what went wrong. */
const tagOf = (error: DatabaseError | SessionError | string): string =>
  typeof error === "string" ? error : error.reason._tag

const backend = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const [row] = yield* sql<{ pid: number }>`SELECT pg_backend_pid() AS pid`
  return row?.pid
})

const inTransaction = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  // Two statements have one transaction's time only inside of it.
  const [first] = yield* sql<{ at: string }>`SELECT now()::text AS at`
  const [second] = yield* sql<{ at: string }>`SELECT now()::text AS at`
  return first?.at === second?.at
})

layer(connected({ maxConnections: 3 }), { excludeTestServices: true })("A session that is required", (it) => {
  it.effect("joins the one that is open, and commits with it", () =>
    Effect.gen(function* () {
      const { withSession } = yield* SessionFactory
      yield* freshTable
      const [outer, inner] = yield* withSession({ actor: "ada", name: "order" })(
        Effect.gen(function* () {
          yield* add("a")
          const outer = yield* backend
          const inner = yield* withSession({ name: "stock" })(Effect.tap(backend, add("b")))
          return [outer, inner] as const
        })
      )
      assert.strictEqual(outer, inner)
      assert.deepStrictEqual(yield* items, ["a", "b"])
      yield* assertClean
    })
  )

  it.effect("is shown the session that it has joined", () =>
    Effect.gen(function* () {
      const { withSession } = yield* SessionFactory
      const joined = withSession({ name: "stock" })(Effect.map(Session, ({ name }) => name))
      assert.strictEqual(yield* withSession({ name: "order" })(joined), "order")
    })
  )

  it.effect("fails the whole when it fails, and the failure passes as it is", () =>
    Effect.gen(function* () {
      const { withSession } = yield* SessionFactory
      yield* freshTable
      const part = withSession({ name: "stock" })(Effect.andThen(add("b"), Effect.fail("no stock")))
      const error = yield* Effect.flip(withSession({})(Effect.andThen(add("a"), part)))
      assert.strictEqual(error, "no stock")
      assert.deepStrictEqual(yield* items, [])
      yield* assertClean
    })
  )

  it.effect("lets nobody commit half of its work: a failure that is caught is RollbackOnly at the end", () =>
    Effect.gen(function* () {
      const { withSession } = yield* SessionFactory
      yield* freshTable
      const part = withSession({ name: "stock" })(Effect.andThen(add("b"), Effect.fail("no stock")))
      const error = yield* Effect.flip(withSession({ name: "order" })(Effect.andThen(add("a"), Effect.ignore(part))))
      assert.strictEqual(tagOf(error), "RollbackOnly")
      assert.match(String(error), /session s\d+ \(order\) was rolled back.*because stock had joined it.*no stock/)
      assert.deepStrictEqual(yield* items, [])
      yield* assertClean
    })
  )

  it.effect("that is interrupted leaves its work to be rolled back too", () =>
    Effect.gen(function* () {
      const { withSession } = yield* SessionFactory
      yield* freshTable
      const done = yield* Deferred.make<void>()
      const part = withSession({ name: "loser" })(
        Effect.andThen(add("b"), Effect.andThen(Deferred.succeed(done, undefined), Effect.never))
      )
      const error = yield* Effect.flip(
        withSession({})(Effect.andThen(add("a"), Effect.raceFirst(part, Deferred.await(done))))
      )
      assert.strictEqual(tagOf(error), "RollbackOnly")
      assert.deepStrictEqual(yield* items, [])
      yield* assertClean
    })
  )

  it.effect("is undone alone by a savepoint around it, whoever made that", () =>
    Effect.gen(function* () {
      const { withSession } = yield* SessionFactory
      const sql = yield* SqlClient.SqlClient
      yield* freshTable
      const failing = (name: string) => withSession({})(Effect.andThen(add(name), Effect.fail("no")))
      yield* withSession({})(
        Effect.gen(function* () {
          yield* add("a")
          yield* Effect.ignore(withSession({ propagation: "nested" })(failing("b")))
          yield* Effect.ignore(sql.withTransaction(failing("c")))
          yield* add("d")
        })
      )
      assert.deepStrictEqual(yield* items, ["a", "d"])
      yield* assertClean
    })
  )

  it.effect("that failed in a savepoint which caught it fails that savepoint, or the transaction of a bare one", () =>
    Effect.gen(function* () {
      const { withSession } = yield* SessionFactory
      const sql = yield* SqlClient.SqlClient
      yield* freshTable
      const caught = (name: string) => Effect.ignore(withSession({})(Effect.andThen(add(name), Effect.fail("no"))))
      const nested = withSession({})(
        Effect.gen(function* () {
          yield* add("a")
          const error = yield* Effect.flip(withSession({ propagation: "nested" })(caught("b")))
          assert.strictEqual(tagOf(error), "RollbackOnly")
        })
      )
      yield* nested
      assert.deepStrictEqual(yield* items, ["a"])
      const bare = yield* Effect.flip(withSession({})(sql.withTransaction(caught("c"))))
      assert.strictEqual(tagOf(bare), "RollbackOnly")
      assert.deepStrictEqual(yield* items, ["a"])
      yield* assertClean
    })
  )

  const conflicts: ReadonlyArray<readonly [open: SessionOptions, wanted: SessionOptions, option: string]> = [
    [{ tenant: "t1" }, { tenant: "t2" }, "tenant"],
    [{}, { tenant: "t2" }, "tenant"],
    [{ actor: "ada" }, { actor: "grace" }, "actor"],
    [{}, { role: "postgres" }, "role"],
    [{}, { isolation: "repeatable read" }, "isolation"],
    [{ isolation: "repeatable read" }, { isolation: "serializable" }, "isolation"],
    [{ readOnly: true }, { readOnly: false }, "readOnly"],
    [{ isolation: "serializable", readOnly: true }, { deferrable: true }, "deferrable"]
  ]
  for (const [open, wanted, option] of conflicts) {
    it.effect(`is refused in ${JSON.stringify(open)} when it asks for ${JSON.stringify(wanted)}`, () =>
      Effect.gen(function* () {
        const { withSession } = yield* SessionFactory
        for (const propagation of ["required", "nested", "mandatory", "supports"] as const) {
          const error = yield* Effect.flip(withSession(open)(withSession({ ...wanted, propagation })(backend)))
          assert.strictEqual(tagOf(error), "SessionConflict")
          assert.include(String(error), `another ${option} `)
        }
        yield* assertClean
      })
    )
  }

  it.effect("joins when it asks for less", () =>
    Effect.gen(function* () {
      const { withSession } = yield* SessionFactory
      const open: SessionOptions = { actor: "ada", tenant: "t", isolation: "serializable" }
      for (const wanted of [
        {},
        { actor: "ada", tenant: "t" },
        { isolation: "read committed" },
        { isolation: "repeatable read" },
        { readOnly: true },
        { readOnly: false }
      ] satisfies ReadonlyArray<SessionOptions>) {
        yield* withSession(open)(withSession(wanted)(backend))
      }
      yield* assertClean
    })
  )

  it.effect("is refused, with its type, in a fiber that outlived the session", () =>
    Effect.gen(function* () {
      const { withSession } = yield* SessionFactory
      const ended = yield* Deferred.make<void>()
      const late = yield* withSession({ actor: "ada" })(
        Effect.forkDetach(
          Effect.andThen(
            Deferred.await(ended),
            Effect.all([
              Effect.flip(withSession({})(backend)),
              Effect.flip(withSession({ propagation: "nested" })(backend))
            ])
          )
        )
      )
      yield* Deferred.succeed(ended, undefined)
      assert.deepStrictEqual((yield* Fiber.join(late)).map(tagOf), ["SessionClosed", "SessionClosed"])
      yield* assertClean
    })
  )
})

layer(connected({ maxConnections: 3 }), { excludeTestServices: true })("Propagation", (it) => {
  it.effect("requires-new commits on a connection of its own, whatever becomes of the one around it", () =>
    Effect.gen(function* () {
      const { withSession } = yield* SessionFactory
      yield* freshTable
      const pids: Array<number | undefined> = []
      const error = yield* Effect.flip(
        withSession({ actor: "ada" })(
          Effect.gen(function* () {
            pids.push(yield* Effect.tap(backend, add("lost")))
            const own = Effect.tap(backend, add("kept"))
            pids.push(yield* withSession({ actor: "grace", propagation: "requires-new" })(own))
            return yield* Effect.fail("undo")
          })
        )
      )
      assert.strictEqual(error, "undo")
      assert.notStrictEqual(pids[0], pids[1])
      assert.deepStrictEqual(yield* items, ["kept"])
      yield* assertClean
    })
  )

  it.effect("supports joins what is open, and runs without a transaction where nothing is", () =>
    Effect.gen(function* () {
      const { withSession } = yield* SessionFactory
      const supports = withSession({ propagation: "supports" })(inTransaction)
      assert.isFalse(yield* supports)
      assert.isTrue(yield* withSession({})(supports))
      yield* assertClean
    })
  )

  it.effect("not-supported runs outside of what is open, which goes on afterwards", () =>
    Effect.gen(function* () {
      const { withSession } = yield* SessionFactory
      yield* freshTable
      const outside = withSession({ propagation: "not-supported" })
      assert.isFalse(yield* outside(inTransaction))
      const error = yield* Effect.flip(
        withSession({})(
          Effect.gen(function* () {
            yield* add("lost")
            assert.isFalse(yield* outside(inTransaction))
            yield* outside(add("kept"))
            assert.isTrue(yield* inTransaction)
            // What is opened out there is no part of what was set aside.
            yield* outside(withSession({ tenant: "another" })(add("kept too")))
            return yield* Effect.fail("undo")
          })
        )
      )
      assert.strictEqual(error, "undo")
      assert.deepStrictEqual(yield* items, ["kept", "kept too"])
      yield* assertClean
    })
  )

  it.effect("mandatory joins what is open, and fails where nothing is", () =>
    Effect.gen(function* () {
      const { withSession } = yield* SessionFactory
      const mandatory = withSession({ name: "stock", propagation: "mandatory" })(inTransaction)
      assert.isTrue(yield* withSession({})(mandatory))
      const forged = Session.of({ id: "s0", openedAt: 0 })
      const error = yield* Effect.flip(Effect.provideService(mandatory, Session, forged))
      assert.strictEqual(tagOf(error), "SessionRequired")
      yield* assertClean
    })
  )

  it.effect("never runs without a transaction, and fails in one, which goes on afterwards", () =>
    Effect.gen(function* () {
      const { withSession } = yield* SessionFactory
      const sql = yield* SqlClient.SqlClient
      const never = withSession({ propagation: "never" })(inTransaction)
      assert.isFalse(yield* never)
      assert.strictEqual(tagOf(yield* withSession({})(Effect.flip(never))), "SessionForbidden")
      assert.strictEqual(
        tagOf(yield* Effect.flip(DatabaseError.refine(sql.withTransaction(never)))),
        "SessionForbidden"
      )
      yield* assertClean
    })
  )

  it.effect("of a handle inside an open session is required: it joins, or says why not", () =>
    Effect.gen(function* () {
      const { createSession, withSession } = yield* SessionFactory
      const handle = yield* createSession({ actor: "ada" })
      assert.isTrue(yield* withSession({ actor: "ada" })(handle.run(inTransaction)))
      const error = yield* Effect.flip(withSession({ actor: "grace" })(handle.run(inTransaction)))
      assert.strictEqual(tagOf(error), "SessionConflict")
    }).pipe(Effect.scoped, Effect.andThen(assertClean))
  )
})

layer(connected({ maxConnections: 1, acquireTimeout: "200 millis" }), { excludeTestServices: true })(
  "A pool of one connection",
  (it) => {
    it.effect("fails requires-new by the acquire timeout, naming the session that has the connection", () =>
      Effect.gen(function* () {
        const { withSession } = yield* SessionFactory
        const own = withSession({ name: "log", propagation: "requires-new" })(backend)
        const error = yield* Effect.flip(
          withSession({ component: "shop", name: "order" })(Effect.andThen(backend, own))
        )
        assert.strictEqual(tagOf(error), "PoolExhausted")
        assert.include(String(error), "shop/order")
        yield* assertClean
      })
    )
  }
)

layer(proxied({ maxConnections: 2 }), { excludeTestServices: true })("Joining", (it) => {
  it.effect("costs no round trip", () =>
    Effect.gen(function* () {
      const { withSession } = yield* SessionFactory
      const { counters } = yield* Proxy
      const sql = yield* SqlClient.SqlClient
      const session = withSession({})(withSession({})(withSession({})(sql`SELECT 1`)))
      yield* session
      const before = counters.roundTrips
      yield* session
      assert.strictEqual(counters.roundTrips - before, 2)
    })
  )
})

layer(proxied({ maxConnections: 2 }), { excludeTestServices: true })("The context of a session", (it) => {
  it.effect("costs no round trip: two reads and COMMIT take three", () =>
    Effect.gen(function* () {
      const { withSession } = yield* SessionFactory
      const { counters } = yield* Proxy
      const sql = yield* SqlClient.SqlClient
      const session = (actor: string) =>
        withSession({ actor, tenant: "acme", name: "read", isolation: "repeatable read", lockTimeout: "1 second" })(
          Effect.andThen(sql`SELECT 1`, sql`SELECT current_setting('pgkeel.actor') AS actor`)
        )
      yield* session("ada")
      const before = counters.roundTrips
      assert.deepStrictEqual(yield* session("grace"), [{ actor: "grace" }])
      assert.strictEqual(counters.roundTrips - before, 3)
    })
  )

  it.effect("is one statement that the server keeps, whoever acts", () =>
    Effect.gen(function* () {
      const { withSession } = yield* SessionFactory
      const sql = yield* SqlClient.SqlClient
      yield* Effect.forEach(["ada", "grace", "edsger"], (actor) => withSession({ actor, role: "none" })(sql`SELECT 1`))
      const kept = yield* withSession({ role: "none" })(
        sql<{ statement: string }>`SELECT statement FROM pg_prepared_statements
          WHERE name LIKE 'pgkeel%' AND statement LIKE '%set_config(''role''%'`
      )
      assert.strictEqual(kept.length, 1)
      assert.notInclude(kept[0]?.statement, "ada")
    })
  )
})
