/** How far a session has come, as it is shown, and its end by others: an administrator, or a limit. */
import { assert, layer } from "@effect/vitest"
import { Deferred, Effect, Fiber, Logger } from "effect"
import { SqlClient } from "effect/sql"
import { ConnectionManager } from "../../src/connection/ConnectionManager.ts"
import { SessionFactory } from "../../src/session/SessionFactory.ts"
import type { ActiveSession } from "../../src/session/SessionFactory.ts"
import * as SessionHooks from "../../src/session/SessionHooks.ts"
import { assertClean, connected } from "../support/Connected.ts"
import { add, freshTable, items } from "../support/Items.ts"

/** Looks again until what it looks for is there. */
const eventually = <A, E, R>(look: Effect.Effect<A | undefined, E, R>): Effect.Effect<A, E, R> =>
  Effect.flatMap(look, (found) =>
    found === undefined ? Effect.andThen(Effect.sleep("5 millis"), eventually(look)) : Effect.succeed(found)
  )

/** The session of that name, as it is shown now. */
const shown = (name: string) =>
  Effect.flatMap(SessionFactory, ({ activeSessions }) =>
    Effect.map(activeSessions, (sessions) => sessions.find((session) => session.name === name))
  )

const tagOf = (error: { readonly _tag: string; readonly reason?: { readonly _tag: string } }): string =>
  error.reason?._tag ?? error._tag

/** Whether a statement of ours with this text runs on the server, or a transaction sits there after it. */
const onServer = (text: string) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const rows = yield* sql`
      SELECT state FROM pg_stat_activity
      WHERE query LIKE ${`%${text}%`} AND pid <> pg_backend_pid() AND state <> 'idle'
        AND datname = current_database()`
    return rows.length > 0
  })

layer(connected({ maxConnections: 4 }), { excludeTestServices: true })("A session", (it) => {
  it.effect("begins nothing any more when it is closed before it is run again", () =>
    Effect.gen(function* () {
      const { closeSession, createSession } = yield* SessionFactory
      const sql = yield* SqlClient.SqlClient
      yield* freshTable
      const session = yield* createSession({ isolation: "serializable" })
      const conflict = sql`DO $$ BEGIN RAISE EXCEPTION 'conflict' USING ERRCODE = 'serialization_failure'; END $$`
      let runs = 0
      const work = Effect.gen(function* () {
        runs++
        yield* add(`run ${runs}`)
        yield* SessionHooks.afterRollback(closeSession(session.id, "enough"))
        if (runs === 1) yield* conflict
      })
      const error = yield* Effect.flip(session.run(work))
      assert.strictEqual(tagOf(error), "SessionClosed")
      assert.strictEqual(runs, 1)
      assert.deepStrictEqual(yield* items, [])
      yield* assertClean
    }).pipe(Effect.scoped)
  )

  it.effect("is shown with its state, its times and the statements it has run", () =>
    Effect.gen(function* () {
      const { createSession } = yield* SessionFactory
      const sql = yield* SqlClient.SqlClient
      const stages: Array<Pick<ActiveSession, "state" | "statements" | "inTransaction"> | undefined> = []
      const look = Effect.map(shown("chat"), (session) => {
        assert.isTrue(session !== undefined && session.stateSince >= session.openedAt)
        assert.isTrue(session !== undefined && session.idleMillis >= 0 && session.ageMillis >= session.idleMillis)
        stages.push(
          session && { state: session.state, statements: session.statements, inTransaction: session.inTransaction }
        )
      })
      const session = yield* createSession({ name: "chat", component: "web" })
      yield* look
      yield* session.run(Effect.andThen(sql`SELECT 1`, Effect.andThen(sql`SELECT 2`, look)))
      yield* look
      yield* Effect.ignore(session.run(Effect.andThen(sql`SELECT 3`, Effect.fail("no"))))
      yield* look
      assert.deepStrictEqual(stages, [
        { state: "opened", statements: 0, inTransaction: false },
        { state: "active", statements: 2, inTransaction: true },
        { state: "committed", statements: 2, inTransaction: false },
        { state: "rolledBack", statements: 3, inTransaction: false }
      ])
    }).pipe(Effect.scoped, Effect.andThen(assertClean))
  )

  it.effect("commits where it is shown as committing, and is not to be ended any more", () =>
    Effect.gen(function* () {
      const { closeSession, withSession } = yield* SessionFactory
      const sql = yield* SqlClient.SqlClient
      yield* freshTable
      yield* sql`CREATE OR REPLACE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS
        'BEGIN PERFORM pg_advisory_xact_lock(42); RETURN NULL; END'`
      yield* sql`CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON item DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION slow()`
      // COMMIT waits for this lock.
      const release = yield* Deferred.make<void>()
      const held = yield* Deferred.make<void>()
      const holder = yield* Effect.forkChild(
        sql.withTransaction(
          Effect.andThen(
            sql`SELECT pg_advisory_xact_lock(42)`,
            Effect.andThen(Deferred.succeed(held, undefined), Deferred.await(release))
          )
        )
      )
      yield* Deferred.await(held)
      const fiber = yield* Effect.forkChild(withSession({ name: "order" })(add("kept")))
      const { id } = yield* eventually(
        Effect.map(shown("order"), (session) => (session?.state === "committing" ? session : undefined))
      )
      assert.isTrue(yield* closeSession(id, "too late"))
      yield* Deferred.succeed(release, undefined)
      yield* Fiber.join(fiber)
      yield* Fiber.join(holder)
      assert.deepStrictEqual(yield* items, ["kept"])
      yield* assertClean
    })
  )

  it.effect("that runs away is ended from outside: its statement is cancelled and its transaction rolled back", () =>
    Effect.gen(function* () {
      const { closeSession, withSession } = yield* SessionFactory
      const sql = yield* SqlClient.SqlClient
      yield* freshTable
      const fiber = yield* Effect.forkChild(
        Effect.flip(withSession({ name: "runaway" })(Effect.andThen(add("lost"), sql`SELECT pg_sleep(600)`)))
      )
      yield* eventually(Effect.map(onServer("pg_sleep(600)"), (runs) => runs || undefined))
      const { id } = yield* eventually(shown("runaway"))
      assert.isTrue(yield* closeSession(id, "maintenance at noon"))
      const error = yield* Fiber.join(fiber)
      assert.strictEqual(tagOf(error), "SessionClosed")
      assert.include(String(error), `session ${id} (runaway) has been closed (maintenance at noon)`)
      assert.isFalse(yield* closeSession(id))
      yield* eventually(Effect.map(onServer("pg_sleep(600)"), (runs) => !runs || undefined))
      assert.deepStrictEqual(yield* items, [])
      yield* assertClean
    })
  )

  it.effect("that sits in an open transaction is rolled back at once, and told at its next statement", () =>
    Effect.gen(function* () {
      const { closeSession, withSession } = yield* SessionFactory
      const sql = yield* SqlClient.SqlClient
      yield* freshTable
      const wrote = yield* Deferred.make<void>()
      const goOn = yield* Deferred.make<void>()
      let said = ""
      const fiber = yield* Effect.forkChild(
        Effect.flip(
          withSession({ name: "sitting" })(
            Effect.gen(function* () {
              yield* add("lost")
              yield* Deferred.succeed(wrote, undefined)
              yield* Deferred.await(goOn)
              // One that catches everything does not get away with it.
              yield* Effect.catchCause(sql`SELECT 1`, (cause) => Effect.sync(() => void (said = String(cause))))
              return "as if nothing had happened"
            })
          )
        )
      )
      yield* Deferred.await(wrote)
      const { id } = yield* eventually(shown("sitting"))
      yield* closeSession(id)
      // Its locks are gone although it has not noticed yet.
      yield* add("lost")
      yield* Deferred.succeed(goOn, undefined)
      assert.strictEqual(tagOf(yield* Fiber.join(fiber)), "SessionClosed")
      assert.notStrictEqual(said, "")
      assert.deepStrictEqual(yield* items, ["lost"])
      yield* assertClean
    })
  )

  it.effect("that waits for a connection is ended as well, and never begins", () =>
    Effect.gen(function* () {
      const { closeSession, withSession } = yield* SessionFactory
      const manager = yield* ConnectionManager
      let ran = false
      const fiber = yield* Effect.scoped(
        Effect.gen(function* () {
          for (let index = 0; index < 4; index++) yield* manager.getConnection
          const fiber = yield* Effect.forkDetach(
            Effect.flip(withSession({ name: "waiting" })(Effect.sync(() => void (ran = true))))
          )
          const { id } = yield* eventually(shown("waiting"))
          yield* closeSession(id)
          return fiber
        })
      )
      assert.strictEqual(tagOf(yield* Fiber.join(fiber)), "SessionClosed")
      assert.isFalse(ran)
      yield* assertClean
    })
  )

  it.effect("that is a handle ends with everything that is open in it, and goes on no more", () =>
    Effect.gen(function* () {
      const { closeSession, createSession } = yield* SessionFactory
      const sql = yield* SqlClient.SqlClient
      const handle = yield* createSession({ name: "handle" })
      const sleeping = yield* Effect.forkChild(Effect.flip(handle.run(sql`SELECT pg_sleep(601)`)))
      yield* eventually(Effect.map(onServer("pg_sleep(601)"), (runs) => runs || undefined))
      yield* closeSession(handle.id, "enough")
      assert.strictEqual(tagOf(yield* Fiber.join(sleeping)), "SessionClosed")
      const error = yield* Effect.flip(handle.run(sql`SELECT 1`))
      assert.include(String(error), "has been closed (enough)")
      yield* assertClean
    }).pipe(Effect.scoped)
  )
})

layer(connected({ maxConnections: 4 }), { excludeTestServices: true })("A limit", (it) => {
  const lines: Array<string> = []
  const logged = Logger.layer([Logger.make(({ message }) => void lines.push(String(message)))])

  it.effect("on a session's age ends what it runs, with its type", () =>
    Effect.gen(function* () {
      const { withSession } = yield* SessionFactory
      const sql = yield* SqlClient.SqlClient
      yield* freshTable
      const session = withSession({ name: "old", maxAge: "300 millis" })
      const error = yield* Effect.flip(session(Effect.andThen(add("lost"), sql`SELECT pg_sleep(602)`)))
      assert.strictEqual(tagOf(error), "SessionTimeout")
      assert.match(String(error), /session s\d+ \(old\) was rolled back because its maxAge of 300 ms has passed/)
      yield* eventually(Effect.map(onServer("pg_sleep(602)"), (runs) => !runs || undefined))
      assert.deepStrictEqual(yield* items, [])
      yield* assertClean
    })
  )

  it.effect("on a session's idleness rolls back what sits in an open transaction", () =>
    Effect.gen(function* () {
      const { withSession } = yield* SessionFactory
      yield* freshTable
      const gone = yield* Deferred.make<void>()
      const wrote = yield* Deferred.make<void>()
      const fiber = yield* Effect.forkChild(
        Effect.flip(
          withSession({ name: "idle", maxIdle: "200 millis" })(
            Effect.andThen(add("lost"), Effect.andThen(Deferred.succeed(wrote, undefined), Deferred.await(gone)))
          )
        )
      )
      // It waits for the other's row to be gone, which only the limit brings about.
      yield* Deferred.await(wrote)
      yield* add("lost")
      yield* Deferred.succeed(gone, undefined)
      const error = yield* Fiber.join(fiber)
      assert.strictEqual(tagOf(error), "SessionTimeout")
      assert.include(String(error), "its maxIdle of 200 ms")
      assert.deepStrictEqual(yield* items, ["lost"])
      yield* assertClean
    })
  )

  it.effect("on idleness leaves a long statement alone", () =>
    Effect.gen(function* () {
      const { withSession } = yield* SessionFactory
      const sql = yield* SqlClient.SqlClient
      const session = withSession({ maxIdle: "1 second" })
      const rows = yield* session(sql`SELECT pg_sleep(2.5), 1 AS one`)
      assert.strictEqual(rows[0]?.["one"], 1)
      yield* assertClean
    })
  )

  it.effect("closes a handle that nobody uses", () =>
    Effect.gen(function* () {
      const { createSession } = yield* SessionFactory
      const sql = yield* SqlClient.SqlClient
      const handle = yield* createSession({ name: "forgotten", maxIdle: "50 millis" })
      yield* eventually(Effect.map(shown("forgotten"), (session) => (session === undefined ? true : undefined)))
      const error = yield* Effect.flip(handle.run(sql`SELECT 1`))
      assert.strictEqual(tagOf(error), "SessionTimeout")
    }).pipe(Effect.scoped, Effect.andThen(assertClean))
  )

  it.effect("that is given to all sessions of a process may be another for one of them", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const { withSession } = yield* SessionFactory
      const read = sql<{ timeout: string; component: string }>`
        SELECT current_setting('statement_timeout') AS timeout, current_setting('pgkeel.component') AS component`
      assert.deepStrictEqual(yield* withSession({})(read), [{ timeout: "5s", component: "shop" }])
      assert.deepStrictEqual(yield* withSession({ statementTimeout: "7 seconds", component: "bot" })(read), [
        { timeout: "7s", component: "bot" }
      ])
      // What joins has not asked for the defaults.
      assert.strictEqual((yield* withSession({ component: "bot" })(withSession({})(read)))[0]?.component, "bot")
      yield* assertClean
    }).pipe(Effect.provide(SessionFactory.layerWith({ statementTimeout: "5 seconds", component: "shop" })))
  )

  it.effect("that is none is a wrong option of every session", () =>
    Effect.gen(function* () {
      const { createSession, withSession } = yield* SessionFactory
      for (const session of [withSession({})(Effect.void), Effect.scoped(createSession({}))]) {
        assert.strictEqual(tagOf(yield* Effect.flip(session)), "InvalidSessionOption")
      }
    }).pipe(Effect.provide(SessionFactory.layerWith({ timeout: "5 parsecs" as "5 seconds" })))
  )

  it.effect("is warned of in the log before it ends the session", () =>
    Effect.gen(function* () {
      const { createSession } = yield* SessionFactory
      const handle = yield* createSession({ name: "warned", maxAge: "1 second" })
      yield* eventually(Effect.map(shown("warned"), (session) => (session === undefined ? true : undefined)))
      const about = lines.filter((line) => line.includes(handle.id))
      assert.include(about[0], "is near its end: three quarters of its maxAge of 1000 ms have passed")
      assert.include(about[1], "is ended: its maxAge of 1000 ms has passed")
      assert.strictEqual(about.length, 2)
    }).pipe(Effect.scoped, Effect.provide(SessionFactory.layerWith({})), Effect.provide(logged))
  )
})
