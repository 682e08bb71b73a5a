/** Sessions that are asked for with options that no compiler has looked at. */
import { assert, layer } from "@effect/vitest"
import { Cause, Effect, Exit, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import { Session } from "../../src/session/Session.ts"
import type { SessionOptions } from "../../src/session/Session.ts"
import { SessionError } from "../../src/session/SessionError.ts"
import { SessionFactory } from "../../src/session/SessionFactory.ts"
import { assertClean, proxied } from "../support/Connected.ts"
import { Proxy } from "../support/Proxy.ts"

/** What a failure says; anything but a `SessionError` about an option is a failure of the test. */
const messageOf = (exit: Exit.Exit<unknown, unknown>): string => {
  assert.isTrue(Exit.isFailure(exit))
  const error = Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined
  assert.instanceOf(error, SessionError)
  if (!(error instanceof SessionError)) return ""
  assert.strictEqual(error.reason._tag, "InvalidSessionOption")
  return error.message
}

const wrong: ReadonlyArray<readonly [options: unknown, said: string]> = [
  [
    { isolation: "serialisable" },
    `"isolation" is no isolation level: give "read committed", "repeatable read", "serial`
  ],
  [{ isolation: "serializable; DROP TABLE x" }, `"isolation" is no isolation level`],
  [{ isolation: "SERIALIZABLE" }, `"isolation" is no isolation level`],
  [{ isolation: ["serializable"] }, `"isolation" is an array`],
  [{ actor: 42 }, `the session option "actor" is a number: give text`],
  [{ tenant: 42 }, `the session option "tenant" is a number: give text`],
  [{ actor: null }, `"actor" is null: give text`],
  [{ actor: Redacted.make("hunter2") }, `"actor" is a Redacted: give text`],
  [{ name: 1 }, `"name" is a number`],
  [{ component: {} }, `"component" is an object`],
  [{ readOnly: "true" }, `"readOnly" is a string: give true or false`],
  [{ deferrable: 1 }, `"deferrable" is a number: give true or false`],
  [{ actr: "ada" }, `the session option "actr" is not known: did you mean actor?`],
  [{ actor: "ada", readonly: true }, `"readonly" is not known: did you mean readOnly?`],
  [{ user: "ada" }, `"user" is not known: give one of name, actor, tenant, component, isolation, readOnly, deferrable`],
  [{ role: 1 }, `"role" is a number: give text`],
  [{ timeout: "5 parsecs" }, `"timeout" is no duration: give a duration such as "5 seconds"`],
  [{ lockTimeout: true }, `"lockTimeout" is a boolean: give a duration`],
  [{ retry: true }, `"retry" is a boolean: give false, or options as of Retry.transaction`],
  [{ retry: { attemps: 3 } }, `"retry" is an object whose "attemps" is not known (did you mean attempts?): give false`],
  [{ retry: { attempts: "3" } }, `"retry" is an object whose "attempts" is a string`],
  [{ propagation: "requires_new" }, `"propagation" is no propagation: give "required", "requires-new"`],
  [Object.create({ actr: "ada" }), `"actr" is not known`],
  [undefined, "the options of a session are undefined: give an object before the effect"],
  [null, "the options of a session are null"],
  ["ada", "the options of a session are a string"]
]

layer(proxied({ maxConnections: 2 }), { excludeTestServices: true })("The options of a session", (it) => {
  for (const [options, said] of wrong) {
    it.effect(`are refused before anything is sent: ${said}`, () =>
      Effect.gen(function* () {
        const { createSession, withSession } = yield* SessionFactory
        const { counters } = yield* Proxy
        const sql = yield* SqlClient.SqlClient
        const before = counters.roundTrips
        const given = options as SessionOptions
        assert.include(messageOf(yield* Effect.exit(withSession(given)(sql`SELECT 1`))), said)
        assert.include(messageOf(yield* Effect.exit(Effect.scoped(createSession(given)))), said)
        assert.strictEqual(counters.roundTrips, before)
        yield* assertClean
      })
    )
  }

  it.effect("that were left out make a failure of the session itself, and the effect does not run", () =>
    Effect.gen(function* () {
      const { withSession } = yield* SessionFactory
      let ran = false
      const effect: unknown = Effect.sync(() => void (ran = true))
      const session: unknown = withSession(effect as SessionOptions)
      const message = messageOf(yield* Effect.exit(session as Effect.Effect<unknown>))
      assert.include(
        message,
        `are an effect: give an object before the effect, as in withSession({ actor: "ada" })(effect)`
      )
      assert.isFalse(ran)
    })
  )

  it.effect("that are wrong are refused inside another session too, which goes on", () =>
    Effect.gen(function* () {
      const { withSession } = yield* SessionFactory
      const sql = yield* SqlClient.SqlClient
      const options: unknown = { actr: "ada" }
      const rows = yield* withSession({ actor: "ada" })(
        Effect.gen(function* () {
          messageOf(yield* Effect.exit(withSession(options as SessionOptions)(sql`SELECT 1`)))
          return yield* sql`SELECT 2 AS two`
        })
      )
      assert.deepStrictEqual(rows, [{ two: 2 }])
    })
  )

  it.effect("may all be given, may all be undefined, and may be those of a session that is open", () =>
    Effect.gen(function* () {
      const { createSession, withSession } = yield* SessionFactory
      const all: Required<SessionOptions> = {
        name: "n",
        component: "c",
        actor: "ada",
        tenant: "t",
        isolation: "serializable",
        readOnly: true,
        deferrable: true,
        role: "postgres",
        statementTimeout: "1 minute",
        lockTimeout: 60_000,
        idleTimeout: "1 minute",
        timeout: "1 minute",
        maxAge: "1 minute",
        maxIdle: "1 minute",
        retry: false
      }
      const none = Object.fromEntries(Object.keys(all).map((name) => [name, undefined]))
      const actor = Effect.map(Session, ({ actor }) => actor)
      const joined = Effect.flatMap(Session, (open) => withSession(open)(actor))
      assert.strictEqual(yield* withSession(all)(joined), "ada")
      assert.strictEqual(yield* withSession(none)(joined), undefined)
      const again = Effect.flatMap(createSession({ actor: "grace" }), (handle) => withSession(handle)(actor))
      assert.strictEqual(yield* Effect.scoped(again), "grace")
    })
  )
})
