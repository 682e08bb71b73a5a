/** A test in a sandbox behaves as one on a database of its own, and leaves nothing. */
import { NodeServices } from "@effect/platform-node"
import { assert, describe, layer } from "@effect/vitest"
import { Cause, Deferred, Duration, Effect, Exit, Fiber, Stream } from "effect"
import { SqlClient } from "effect/sql"
import { ConnectionManager } from "../../src/connection/ConnectionManager.ts"
import { DatabaseError } from "../../src/error/DatabaseError.ts"
import * as AdvisoryLock from "../../src/session/AdvisoryLock.ts"
import * as Bulk from "../../src/session/Bulk.ts"
import * as Copy from "../../src/session/Copy.ts"
import { SessionFactory } from "../../src/session/SessionFactory.ts"
import * as SessionHooks from "../../src/session/SessionHooks.ts"
import { TestDatabase } from "../../src/testing/index.ts"
import { directory, migratorOf } from "../migration/support.ts"
import { assertClean, connected } from "../support/Connected.ts"
import { add, items } from "../support/Items.ts"

const setUp = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`CREATE TABLE IF NOT EXISTS item (name text PRIMARY KEY)`
  yield* sql`CREATE TABLE IF NOT EXISTS part (
    of text NOT NULL, CONSTRAINT part_of_item FOREIGN KEY (of) REFERENCES item DEFERRABLE INITIALLY DEFERRED
  )`
})

const session = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.flatMap(SessionFactory, ({ withSession }) => withSession({ actor: "ada", name: "greet" })(effect))

const seen = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const [row] = yield* sql<{ actor: string | null; name: string }>`
    SELECT current_setting('pgkeel.actor', true) AS actor, current_setting('application_name') AS name`
  return { actor: row?.actor ?? "", name: row?.name }
})

/** Runs a test in a sandbox, and finds nothing of it afterwards. */
const sandboxed = <A, E, R>(test: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    yield* setUp
    const exit = yield* Effect.exit(TestDatabase.sandbox(test))
    assert.deepStrictEqual(yield* items, [])
    yield* assertClean
    return yield* exit
  })

const reasonOf = (error: unknown) => (DatabaseError.isDatabaseError(error) ? error.reason._tag : error)

layer(connected({ maxConnections: 4 }), { excludeTestServices: true })("In a sandbox", (it) => {
  it.effect("another one is not opened", () =>
    Effect.gen(function* () {
      const exit = yield* sandboxed(Effect.exit(TestDatabase.sandbox(add("x"))))
      assert.match(Exit.isFailure(exit) ? Cause.pretty(exit.cause) : "none", /inside of another/u)
    })
  )

  it.effect("sessions commit for the rest of the test, and nothing is left of them", () =>
    sandboxed(
      Effect.gen(function* () {
        yield* session(add("a"))
        yield* add("b")
        assert.strictEqual(yield* Effect.flip(session(Effect.andThen(add("c"), Effect.fail("no" as const)))), "no")
        assert.deepStrictEqual(yield* items, ["a", "b"])
      })
    )
  )

  it.effect("what a session says of itself is seen in it, and not after it, however it ends", () =>
    sandboxed(
      Effect.gen(function* () {
        const before = yield* seen
        assert.deepStrictEqual(yield* session(seen), { actor: "ada", name: "greet" })
        assert.deepStrictEqual(yield* seen, before)
        yield* Effect.ignore(session(Effect.andThen(seen, Effect.fail("no"))))
        assert.deepStrictEqual(yield* seen, before)
      })
    )
  )

  it.effect("a failed statement is undone alone, outside of a session and in one", () =>
    sandboxed(
      Effect.gen(function* () {
        yield* add("a")
        assert.strictEqual(reasonOf(yield* Effect.flip(DatabaseError.refine(add("a")))), "UniqueViolation")
        assert.strictEqual(reasonOf(yield* Effect.flip(session(Effect.andThen(add("b"), add("a"))))), "UniqueViolation")
        const swallowed = session(Effect.andThen(add("c"), Effect.ignore(add("a"))))
        assert.strictEqual(reasonOf(yield* Effect.flip(swallowed)), "CommitRolledBack")
        yield* add("d")
        assert.deepStrictEqual(yield* items, ["a", "d"])
      })
    )
  )

  it.effect("savepoints and transactions nest as they do outside of one", () =>
    sandboxed(
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        yield* sql.withTransaction(
          Effect.gen(function* () {
            yield* add("a")
            yield* Effect.ignore(sql.withTransaction(Effect.andThen(add("b"), Effect.fail("undo"))))
            yield* sql.withTransaction(Effect.andThen(add("c"), sql.withTransaction(add("d"))))
          })
        )
        assert.deepStrictEqual(yield* items, ["a", "c", "d"])
      })
    )
  )

  it.effect("what waits for a commit runs when the outermost session commits, and never when it fails", () =>
    sandboxed(
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const log: Array<string> = []
        const note = (what: string) => Effect.sync(() => void log.push(what))
        yield* session(Effect.andThen(sql.withTransaction(sql.afterCommit(note("committed"))), note("body")))
        yield* Effect.ignore(session(Effect.andThen(sql.afterCommit(note("never")), Effect.fail("no"))))
        assert.deepStrictEqual(log, ["body", "committed"])
      })
    )
  )

  it.effect("hooks of a session run around its end, outside of it, beside other sessions", () =>
    sandboxed(
      Effect.gen(function* () {
        const hooked = (name: string) =>
          session(
            Effect.gen(function* () {
              yield* SessionHooks.beforeCommit(add(`${name}-before`))
              yield* SessionHooks.afterCommit(Effect.andThen(session(add(`${name}-after`)), add(`${name}-last`)))
              yield* add(name)
            })
          )
        yield* Effect.forEach(["a", "b", "c", "d"], hooked, { concurrency: "unbounded" })
        assert.strictEqual((yield* items).length, 16)
        const undone = session(
          Effect.andThen(SessionHooks.afterRollback(add("cleaned")), Effect.andThen(add("e"), Effect.fail("no")))
        )
        yield* Effect.ignore(undone)
        assert.strictEqual((yield* items).filter((name) => name === "cleaned" || name === "e").join(), "cleaned")
      })
    )
  )

  it.effect("a session with a transaction of its own commits although the one around it has not ended", () =>
    sandboxed(
      Effect.gen(function* () {
        const { withSession } = yield* SessionFactory
        const own = withSession({ actor: "eve", propagation: "requires-new" })
        const outside = withSession({ propagation: "not-supported" })
        const inside = yield* session(
          Effect.gen(function* () {
            yield* add("a")
            const other = yield* own(Effect.andThen(add("b"), seen))
            yield* Effect.ignore(own(Effect.andThen(add("c"), Effect.fail("no"))))
            yield* outside(add("d"))
            return [other.actor, (yield* seen).actor]
          })
        )
        assert.deepStrictEqual(inside, ["eve", "ada"])
        assert.deepStrictEqual(yield* items, ["a", "b", "d"])
      })
    )
  )

  it.effect("a session that is closed from outside is undone alone", () =>
    sandboxed(
      Effect.gen(function* () {
        const { activeSessions, closeSession } = yield* SessionFactory
        const sql = yield* SqlClient.SqlClient
        const started = yield* Deferred.make<void>()
        const slow = Effect.andThen(Deferred.succeed(started, undefined), sql`SELECT pg_sleep(60)`)
        const fiber = yield* Effect.forkChild(Effect.flip(session(Effect.andThen(add("a"), slow))))
        yield* Deferred.await(started)
        const [open] = yield* activeSessions
        assert.isTrue(yield* closeSession(open?.id ?? "none"))
        const error = yield* Fiber.join(fiber)
        assert.strictEqual(error._tag === "SessionError" ? error.reason._tag : error._tag, "SessionClosed")
        yield* session(add("b"))
        assert.deepStrictEqual(yield* items, ["b"])
      })
    )
  )

  it.effect("deferred constraints are checked when a session commits, and deferred again for the next one", () =>
    sandboxed(
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const part = sql`INSERT INTO part VALUES ('a')`
        for (const _ of [1, 2]) {
          assert.strictEqual(reasonOf(yield* Effect.flip(session(part))), "ForeignKeyViolation")
        }
        yield* session(Effect.andThen(part, add("a")))
        yield* session(Effect.andThen(sql`INSERT INTO part VALUES ('b')`, add("b")))
        assert.deepStrictEqual(yield* items, ["a", "b"])
      })
    )
  )

  it.effect("a session that may only read may not write, and the next one may", () =>
    sandboxed(
      Effect.gen(function* () {
        const { withSession } = yield* SessionFactory
        assert.strictEqual(reasonOf(yield* Effect.flip(withSession({ readOnly: true })(add("a")))), "ReadOnlyServer")
        yield* withSession({ readOnly: true })(seen)
        yield* session(add("a"))
      })
    )
  )

  it.effect("sessions that are opened at once have their turns, and an interrupted one is undone", () =>
    sandboxed(
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const started = yield* Deferred.make<void>()
        const fiber = yield* Effect.forkChild(
          session(
            Effect.gen(function* () {
              yield* add("lost")
              yield* Deferred.succeed(started, undefined)
              yield* sql`SELECT pg_sleep(60)`
            })
          )
        )
        yield* Deferred.await(started)
        const others = yield* Effect.forkChild(
          Effect.forEach(["a", "b", "c"], (name) => session(add(name)), { concurrency: "unbounded" })
        )
        yield* Fiber.interrupt(fiber)
        yield* Fiber.join(others)
        assert.deepStrictEqual(yield* items, ["a", "b", "c"])
      })
    )
  )

  it.effect("streams, COPY, bulk writes, reserved connections and locks of a session's own take part", () =>
    sandboxed(
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const manager = yield* ConnectionManager
        yield* Bulk.insertMany("item", [{ name: "a" }, { name: "b" }])
        yield* Copy.into({ table: "item" }, Stream.make("c\n"))
        yield* session(Copy.into({ table: "item" }, Stream.make("d\n")))
        yield* Effect.scoped(
          Effect.gen(function* () {
            const connection = yield* manager.getConnection
            yield* connection.executeRaw("INSERT INTO item VALUES ('e')", [])
            yield* Effect.ignore(connection.executeRaw("INSERT INTO item VALUES ('e')", []))
            yield* AdvisoryLock.hold("rotation")
            yield* session(add("f"))
          })
        )
        yield* Stream.runForEach(sql<{ name: string }>`SELECT name FROM item`.stream, ({ name }) =>
          add(`${name}${name}`)
        )
        assert.strictEqual((yield* items).length, 12)
      })
    )
  )

  it.effect("BEGIN and COMMIT as statements are refused, which would end it", () =>
    sandboxed(
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        yield* add("a")
        for (const statement of ["COMMIT", "ROLLBACK"]) {
          const error = yield* Effect.flip(DatabaseError.refine(sql.unsafe(statement)))
          assert.strictEqual(error.reason._tag, "TransactionControl")
        }
        assert.deepStrictEqual(yield* items, ["a"])
      })
    )
  )

  it.effect("what waits for a session that waits for it is told so", () =>
    Effect.gen(function* () {
      const { createPool } = yield* ConnectionManager
      const { client: sql } = yield* createPool({ acquireTimeout: Duration.millis(50) })
      const stuck = TestDatabase.sandbox(
        Effect.gen(function* () {
          const outside = yield* Deferred.make<void>()
          const other = yield* Effect.forkChild(
            Effect.andThen(
              Deferred.await(outside),
              Effect.flip(DatabaseError.refine(sql.withTransaction(sql`SELECT 1`)))
            )
          )
          return yield* sql.withTransaction(Effect.andThen(Deferred.succeed(outside, undefined), Fiber.join(other)))
        })
      )
      const error = yield* Effect.provideService(stuck, SqlClient.SqlClient, sql)
      assert.strictEqual(error.reason._tag, "PoolExhausted")
    }).pipe(Effect.scoped)
  )

  it.effect("what outlives the test is refused", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const ended = yield* Deferred.make<void>()
      const late = yield* sandboxed(
        Effect.forkDetach(Effect.andThen(Deferred.await(ended), Effect.flip(DatabaseError.refine(sql`SELECT 1`))))
      )
      yield* Deferred.succeed(ended, undefined)
      assert.strictEqual((yield* Fiber.join(late)).reason._tag, "ConnectionReleased")
    })
  )

  it.effect("a test that is interrupted in a statement leaves nothing, and its failure is the test's own", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const started = yield* Deferred.make<void>()
      const fiber = yield* Effect.forkChild(
        sandboxed(Effect.andThen(Deferred.succeed(started, undefined), sql`SELECT pg_sleep(60)`))
      )
      yield* Deferred.await(started)
      yield* Fiber.interrupt(fiber)
      const exit = yield* Fiber.await(fiber)
      assert.isTrue(Exit.isFailure(exit) && Cause.hasInterrupts(exit.cause))
      assert.strictEqual(yield* Effect.flip(sandboxed(Effect.andThen(add("a"), Effect.fail("mine" as const)))), "mine")
      yield* assertClean
    })
  )
})

describe("Migrations in a sandbox", () => {
  layer(connected({ maxConnections: 2 }), { excludeTestServices: true })((it) => {
    it.effect("are refused, since they commit, and leave nothing", () =>
      Effect.gen(function* () {
        const path = yield* directory(
          Object.fromEntries(
            Array.from({ length: 18 }, (_, at) => [`${at + 1}_t.up.sql`, `CREATE TABLE t${at + 1} ();`])
          )
        )
        const { up } = yield* migratorOf(path)
        yield* up({ to: "1" })
        yield* Effect.flip(TestDatabase.sandbox(up()))
        const sql = yield* SqlClient.SqlClient
        assert.deepStrictEqual(yield* sql`SELECT relname FROM pg_class WHERE relname ~ '^t[0-9]+$'`, [
          { relname: "t1" }
        ])
        assert.strictEqual((yield* up()).applied.length, 17)
        yield* assertClean
      }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
    )
  })
})

describe("A thousand tests on one database", () => {
  layer(connected({ maxConnections: 8 }), { excludeTestServices: true })((it) => {
    it.effect("run at once, each with the same names, and leave nothing", () =>
      Effect.gen(function* () {
        yield* setUp
        const test = (index: number) =>
          TestDatabase.sandbox(
            Effect.gen(function* () {
              yield* session(add(`own-${index}`))
              assert.deepStrictEqual(yield* items, [`own-${index}`])
            })
          )
        yield* Effect.forEach(
          Array.from({ length: 1000 }, (_, index) => index),
          test,
          {
            concurrency: "unbounded",
            discard: true
          }
        )
        assert.deepStrictEqual(yield* items, [])
        yield* assertClean
      })
    )
  })
})
