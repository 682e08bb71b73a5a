/** What runs around the end of a transaction. */
import { assert, layer } from "@effect/vitest"
import { Effect, Fiber, Logger } from "effect"
import { SqlClient } from "effect/sql"
import { ConnectionManager } from "../../src/connection/ConnectionManager.ts"
import { SessionFactory } from "../../src/session/SessionFactory.ts"
import * as SessionHooks from "../../src/session/SessionHooks.ts"
import { assertClean, connected } from "../support/Connected.ts"
import { add, freshTable, items } from "../support/Items.ts"

const told: Array<string> = []
const tell = (what: string) => Effect.sync(() => void told.push(what))

/** What was told since the last time. */
const toldNow = Effect.sync(() => told.splice(0))

const all = (name: string) =>
  Effect.all([
    SessionHooks.beforeCommit(tell(`before ${name}`)),
    SessionHooks.afterCommit(tell(`after ${name}`)),
    SessionHooks.afterRollback(tell(`undo ${name}`))
  ])

layer(connected({ maxConnections: 2 }), { excludeTestServices: true })("A hook", (it) => {
  it.effect("runs before or after COMMIT, or after a rollback, in the order of registration", () =>
    Effect.gen(function* () {
      const { withSession } = yield* SessionFactory
      yield* withSession({})(Effect.andThen(all("a"), Effect.andThen(all("b"), tell("body"))))
      assert.deepStrictEqual(yield* toldNow, ["body", "before a", "before b", "after a", "after b"])
      yield* Effect.ignore(withSession({})(Effect.andThen(all("a"), Effect.fail("no"))))
      assert.deepStrictEqual(yield* toldNow, ["undo a"])
      yield* assertClean
    })
  )

  it.effect("tells of a COMMIT that took effect while its session was interrupted", () =>
    Effect.gen(function* () {
      const { activeSessions, createSession } = yield* SessionFactory
      const sql = yield* SqlClient.SqlClient
      yield* freshTable
      yield* sql`CREATE FUNCTION slowly() RETURNS trigger LANGUAGE plpgsql
        AS $$ BEGIN PERFORM pg_sleep(0.5); RETURN NULL; END $$`
      yield* sql`CREATE CONSTRAINT TRIGGER slowly AFTER INSERT ON item DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION slowly()`
      const session = yield* createSession({})
      const state = Effect.map(activeSessions, (sessions) => sessions.find(({ id }) => id === session.id)?.state)
      const running = yield* Effect.forkChild(session.run(Effect.andThen(all("a"), add("kept"))))
      yield* Effect.repeat(Effect.andThen(Effect.sleep("5 millis"), state), { until: (is) => is === "committing" })
      yield* Fiber.interrupt(running)
      assert.deepStrictEqual(yield* toldNow, ["before a", "after a"])
      assert.strictEqual(yield* state, "committed")
      assert.deepStrictEqual(yield* items, ["kept"])
    }).pipe(Effect.scoped)
  )

  it.effect("before COMMIT is a part of the transaction, and its failure is the session's", () =>
    Effect.gen(function* () {
      const { withSession } = yield* SessionFactory
      yield* freshTable
      yield* withSession({})(Effect.andThen(SessionHooks.beforeCommit(add("last")), add("first")))
      assert.deepStrictEqual(yield* items, ["first", "last"])
      const refused = SessionHooks.beforeCommit(Effect.fail("invariant" as const))
      const error = yield* Effect.flip(withSession({})(Effect.andThen(all("a"), Effect.andThen(refused, add("lost")))))
      assert.strictEqual(error, "invariant")
      assert.deepStrictEqual(yield* toldNow, ["before a", "undo a"])
      assert.deepStrictEqual(yield* items, ["first", "last"])
      yield* assertClean
    })
  )

  it.effect("before COMMIT is within the session's timeout", () =>
    Effect.gen(function* () {
      const { withSession } = yield* SessionFactory
      yield* freshTable
      const endless = Effect.andThen(all("a"), Effect.andThen(SessionHooks.beforeCommit(Effect.never), add("lost")))
      const error = yield* Effect.flip(withSession({ timeout: "200 millis" })(endless))
      assert.strictEqual(error.reason._tag, "SessionTimeout")
      assert.deepStrictEqual(yield* toldNow, ["before a", "undo a"])
      assert.deepStrictEqual(yield* items, [])
      yield* assertClean
    })
  )

  it.effect("before COMMIT may register others", () =>
    Effect.gen(function* () {
      const { withSession } = yield* SessionFactory
      yield* withSession({})(SessionHooks.beforeCommit(all("late")))
      assert.deepStrictEqual(yield* toldNow, ["before late", "after late"])
    })
  )

  it.effect("after COMMIT is outside of the transaction, which has given its connection back", () =>
    Effect.gen(function* () {
      const { withSession } = yield* SessionFactory
      const manager = yield* ConnectionManager
      const sql = yield* SqlClient.SqlClient
      yield* freshTable
      const look = Effect.gen(function* () {
        assert.strictEqual((yield* manager.poolStatus).inUse, 0)
        assert.deepStrictEqual(yield* sql`SELECT name FROM item`, [{ name: "kept" }])
        yield* withSession({ tenant: "another" })(add("by the hook"))
      })
      yield* withSession({ tenant: "t" })(Effect.andThen(SessionHooks.afterCommit(look), add("kept")))
      assert.deepStrictEqual(yield* items, ["by the hook", "kept"])
      yield* assertClean
    })
  )

  it.effect("after COMMIT that fails or dies is logged, and the session has still succeeded", () =>
    Effect.gen(function* () {
      const { withSession } = yield* SessionFactory
      const lines: Array<string> = []
      const logger = Logger.layer([Logger.make(({ message }) => void lines.push(String(message)))])
      yield* freshTable
      const hooks = Effect.all([
        SessionHooks.afterCommit(Effect.fail("mail server")),
        SessionHooks.afterCommit(Effect.die("bug")),
        SessionHooks.afterCommit(tell("the one after"))
      ])
      const result = yield* withSession({})(Effect.andThen(hooks, Effect.as(add("kept"), 42))).pipe(
        Effect.provide(logger)
      )
      assert.strictEqual(result, 42)
      assert.deepStrictEqual(yield* toldNow, ["the one after"])
      assert.strictEqual(lines.filter((line) => line.includes("a hook of a session")).length, 2)
      assert.deepStrictEqual(yield* items, ["kept"])
      yield* assertClean
    })
  )

  it.effect("of a savepoint that was undone runs only its clean-up, and of one that was kept all", () =>
    Effect.gen(function* () {
      const { withSession } = yield* SessionFactory
      const sql = yield* SqlClient.SqlClient
      const nested = withSession({ propagation: "nested" })
      yield* withSession({})(
        Effect.gen(function* () {
          yield* Effect.ignore(nested(Effect.andThen(all("undone"), Effect.fail("no"))))
          yield* Effect.ignore(sql.withTransaction(Effect.andThen(nested(all("undone within")), Effect.fail("no"))))
          yield* nested(sql.withTransaction(all("kept")))
        })
      )
      assert.deepStrictEqual(yield* toldNow, ["before kept", "after kept", "undo undone", "undo undone within"])
      yield* assertClean
    })
  )

  it.effect("of a part that has joined belongs to the whole", () =>
    Effect.gen(function* () {
      const { withSession } = yield* SessionFactory
      yield* Effect.ignore(withSession({})(Effect.andThen(withSession({})(all("part")), Effect.fail("no"))))
      assert.deepStrictEqual(yield* toldNow, ["undo part"])
      yield* withSession({})(Effect.andThen(withSession({})(all("part")), tell("body")))
      assert.deepStrictEqual(yield* toldNow, ["body", "before part", "after part"])
      yield* assertClean
    })
  )

  it.effect("that COMMIT itself fails after is a clean-up", () =>
    Effect.gen(function* () {
      const { withSession } = yield* SessionFactory
      yield* freshTable
      yield* Effect.flip(withSession({})(Effect.andThen(all("a"), Effect.andThen(add("x"), Effect.ignore(add("x"))))))
      assert.deepStrictEqual(yield* toldNow, ["before a", "undo a"])
      yield* assertClean
    })
  )
})
