/**
 * Two components of one application, and modules under them that write: none of them
 * knows of the others' transactions, and together they do all or nothing.
 */
import { assert, layer } from "@effect/vitest"
import { Context, Deferred, Effect, Exit, Fiber } from "effect"
import { SqlClient } from "effect/sql"
import { Session } from "../../src/session/Session.ts"
import { SessionFactory } from "../../src/session/SessionFactory.ts"
import { assertClean, connected } from "../support/Connected.ts"

/** Is called at each place where something may go wrong. */
class Fault extends Context.Reference<(place: string) => Effect.Effect<unknown, unknown>>("test/Fault", {
  defaultValue: () => () => Effect.void
}) {}

const at = (place: string) => Effect.flatMap(Fault, (fault) => fault(place))

/** One row, with who wrote it as the database sees it. */
const write = (module: string) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    yield* at(`before ${module}`)
    yield* sql`INSERT INTO entry (module, actor, session)
      VALUES (${module}, current_setting('pgkeel.actor'), current_setting('pgkeel.session_id'))`
    yield* at(`after ${module}`)
  })

/** Three modules, each of which is a session when it is called alone. */
const module = (name: string) => Effect.flatMap(SessionFactory, ({ withSession }) => withSession({ name })(write(name)))

const stock = module("stock")
const invoice = module("invoice")

/** One that must never be called alone. */
const ledger = Effect.flatMap(SessionFactory, ({ withSession }) =>
  withSession({ name: "ledger", propagation: "mandatory" })(write("ledger"))
)

/** The web front end's part: it is called by its own requests, and by the bot. */
const checkout = Effect.flatMap(SessionFactory, ({ withSession }) =>
  withSession({ component: "web", name: "checkout" })(
    Effect.gen(function* () {
      yield* stock
      yield* Effect.all([invoice, ledger], { concurrency: "unbounded" })
      yield* at("end of checkout")
    })
  )
)

/** The bot's: it begins, and the web front end joins it. */
const order = Effect.flatMap(SessionFactory, ({ withSession }) =>
  withSession({ component: "bot", name: "order", actor: "ada" })(
    Effect.gen(function* () {
      yield* write("order")
      yield* checkout
      yield* write("reply")
      return (yield* Session).component
    })
  )
)

const places = [
  ...["order", "stock", "invoice", "ledger", "reply"].flatMap((name) => [`before ${name}`, `after ${name}`]),
  "end of checkout"
]

const fresh = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`DROP TABLE IF EXISTS entry`
  yield* sql`CREATE TABLE entry (module text PRIMARY KEY, actor text, session text)`
})

const entries = Effect.flatMap(
  SqlClient.SqlClient,
  (sql) => sql<{ module: string; actor: string; session: string }>`SELECT * FROM entry ORDER BY module`
)

const faults: Readonly<Record<string, Effect.Effect<unknown, unknown, SqlClient.SqlClient>>> = {
  "a failure": Effect.fail("no"),
  "a defect": Effect.die("bug"),
  "an error of the database": Effect.flatMap(SqlClient.SqlClient, (sql) => sql`SELECT 1 / 0`),
  "a lost connection": Effect.flatMap(SqlClient.SqlClient, (sql) => sql`SELECT pg_terminate_backend(pg_backend_pid())`)
}

layer(connected({ maxConnections: 3 }), { excludeTestServices: true })("A transaction of two components", (it) => {
  it.effect("is one session, of the one that began it, and all of it is kept", () =>
    Effect.gen(function* () {
      yield* fresh
      assert.strictEqual(yield* order, "bot")
      const rows = yield* entries
      assert.deepStrictEqual(
        rows.map(({ actor, module }) => `${module} by ${actor}`),
        ["invoice by ada", "ledger by ada", "order by ada", "reply by ada", "stock by ada"]
      )
      assert.strictEqual(new Set(rows.map(({ session }) => session)).size, 1)
      yield* assertClean
    })
  )

  it.effect("is a session of the second when that begins it", () =>
    Effect.gen(function* () {
      yield* fresh
      yield* checkout
      assert.deepStrictEqual(
        (yield* entries).map(({ module }) => module),
        ["invoice", "ledger", "stock"]
      )
      yield* assertClean
    })
  )

  for (const [kind, fault] of Object.entries(faults)) {
    it.effect(`keeps nothing after ${kind}, wherever it strikes, and nobody can swallow that half-way`, () =>
      Effect.gen(function* () {
        const { withSession } = yield* SessionFactory
        const context = yield* Effect.context<SqlClient.SqlClient>()
        for (const place of places) {
          yield* fresh
          const strike = (where: string) =>
            where === place
              ? // In the transaction that is open there.
                Effect.updateContext(fault, (now: Context.Context<never>) => Context.merge(context, now))
              : Effect.void
          const struck = Effect.provideService(order, Fault, strike)
          assert.isTrue(Exit.isFailure(yield* Effect.exit(struck)), place)
          assert.deepStrictEqual(yield* entries, [], place)
          const swallowed = withSession({ actor: "ada" })(Effect.exit(struck))
          assert.isTrue(Exit.isFailure(yield* Effect.exit(swallowed)), `${place}, swallowed`)
          assert.deepStrictEqual(yield* entries, [], `${place}, swallowed`)
        }
        yield* assertClean
      })
    )
  }

  it.effect("keeps nothing when it is interrupted, wherever it is", () =>
    Effect.gen(function* () {
      for (const place of places) {
        yield* fresh
        const reached = yield* Deferred.make<void>()
        const hang = (where: string) =>
          where === place ? Effect.andThen(Deferred.succeed(reached, undefined), Effect.never) : Effect.void
        const fiber = yield* Effect.forkChild(Effect.provideService(order, Fault, hang))
        yield* Deferred.await(reached)
        yield* Fiber.interrupt(fiber)
        assert.deepStrictEqual(yield* entries, [], place)
      }
      yield* assertClean
    })
  )
})
