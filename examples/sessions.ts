/**
 * Sessions that components share: who acts, what joins what, what is undone, and who may end it.
 *
 *     npx tsx examples/sessions.ts                    on an embedded server, gone afterwards
 *     DATABASE_URL=... npx tsx examples/sessions.ts   on your own, in a schema that is dropped at the end
 */
import { Deferred, Effect, Fiber, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { ConnectionManager, SessionFactory, SessionHooks } from "pgkeel"
import { runExample } from "./support/example.ts"
import { step } from "./support/printer.ts"

const schema = "pgkeel_sessions"

const sqlOf = <A, E, R>(statement: (sql: SqlClient.SqlClient) => Effect.Effect<A, E, R>) =>
  Effect.flatMap(SqlClient.SqlClient, statement)

class SoldOut {
  readonly _tag = "SoldOut"
}

/** The shop's stock. Called alone it is a transaction; called by another it is a part of that. */
const take = Effect.fn("take")(function* (article: string) {
  const { withSession } = yield* SessionFactory
  const sql = yield* SqlClient.SqlClient
  const taken = sql`UPDATE ${sql(schema)}.stock SET count = count - 1 WHERE article = ${article} AND count > 0
    RETURNING count`
  return yield* Effect.flatMap(taken, ({ length }) => (length === 0 ? Effect.fail(new SoldOut()) : Effect.void)).pipe(
    withSession({ component: "shop", name: "stock" })
  )
})

/** Who did what; the database fills in who. */
const note = Effect.fn("note")(function* (what: string) {
  const { withSession } = yield* SessionFactory
  const sql = yield* SqlClient.SqlClient
  const written = sql`INSERT INTO ${sql(schema)}.journal (what) VALUES (${what})`
  // It compiles only inside of a session.
  return yield* withSession({ name: "journal", propagation: "mandatory" })(written)
})

/** The bot takes an order: its own row, the shop's stock and the journal, together or not at all. */
const order = Effect.fn("order")(function* (actor: string, article: string) {
  const { withSession } = yield* SessionFactory
  return yield* Effect.gen(function* () {
    yield* note(`orders ${article}`)
    yield* take(article)
  }).pipe(withSession({ component: "bot", name: "order", actor, tenant: "acme" }))
})

const journal = sqlOf((sql) =>
  Effect.map(
    sql<{ actor: string; what: string }>`SELECT actor, what FROM ${sql(schema)}.journal ORDER BY id`,
    (rows) => rows.map(({ actor, what }) => `${actor} ${what}`).join(", ") || "nothing"
  )
)

const together = Effect.andThen(order("ada", "lamp"), journal)

const allOrNothing = order("grace", "lamp").pipe(
  Effect.flip,
  Effect.flatMap((error) => Effect.map(journal, (written) => `${error._tag}, and the journal still says: ${written}`))
)

/** Whoever catches the failure of a part cannot keep its half. */
const rollbackOnly = Effect.gen(function* () {
  const { withSession } = yield* SessionFactory
  const careless = Effect.andThen(note("looks away"), Effect.ignore(take("lamp")))
  const error = yield* Effect.flip(withSession({ name: "careless", actor: "eve" })(careless))
  return error.reason._tag
})

/** What may fail is opened as nested. */
const nested = Effect.gen(function* () {
  const { withSession } = yield* SessionFactory
  const attempt = withSession({ propagation: "nested" })(Effect.andThen(note("wants a lamp"), take("lamp")))
  const instead = Effect.catchTag(attempt, "SoldOut", () => note("is put on the waiting list"))
  yield* withSession({ name: "patient", actor: "grace" })(instead)
  return yield* journal
})

/** What is to be kept whatever becomes of the rest has a transaction of its own. */
const ownTransaction = Effect.gen(function* () {
  const { withSession } = yield* SessionFactory
  const attempt = withSession({ name: "log", actor: "mallory", propagation: "requires-new" })(note("tried it"))
  yield* Effect.flip(withSession({ actor: "mallory" })(Effect.andThen(attempt, Effect.fail("refused" as const))))
  return yield* journal
})

const hooks = Effect.gen(function* () {
  const { withSession } = yield* SessionFactory
  const said: Array<string> = []
  const say = (what: string) => Effect.sync(() => void said.push(what))
  const mail = Effect.all([SessionHooks.afterCommit(say("mail")), SessionHooks.afterRollback(say("no mail"))])
  yield* withSession({ actor: "ada" })(Effect.andThen(mail, note("is told")))
  yield* Effect.ignore(withSession({ actor: "ada" })(Effect.andThen(mail, Effect.fail("changed her mind"))))
  return said.join(", then ")
})

/** Two that read before either writes: the loser is run again, and nothing is lost. */
const again = sqlOf((sql) =>
  Effect.gen(function* () {
    const { withSession } = yield* SessionFactory
    const bothHaveRead = yield* Deferred.make<void>()
    let runs = 0
    const increment = Effect.gen(function* () {
      const rows = yield* sql<{ count: number }>`SELECT count FROM ${sql(schema)}.stock WHERE article = 'chair'`
      if (++runs === 2) yield* Deferred.succeed(bothHaveRead, undefined)
      yield* Deferred.await(bothHaveRead)
      yield* sql`UPDATE ${sql(schema)}.stock SET count = ${(rows[0]?.count ?? 0) + 1} WHERE article = 'chair'`
    }).pipe(withSession({ name: "restock", isolation: "serializable" }))
    yield* Effect.all([increment, increment], { concurrency: 2 })
    const rows = yield* sql<{ count: number }>`SELECT count FROM ${sql(schema)}.stock WHERE article = 'chair'`
    return `${rows[0]?.count} chairs after ${runs} runs of two sessions`
  })
)

const timeout = Effect.gen(function* () {
  const { withSession } = yield* SessionFactory
  const sql = yield* SqlClient.SqlClient
  const slow = withSession({ name: "slow", statementTimeout: "50 millis" })(sql`SELECT pg_sleep(60)`)
  const stuck = withSession({ name: "stuck", timeout: "50 millis" })(Effect.never)
  const errors = yield* Effect.all([Effect.flip(slow), Effect.flip(stuck)])
  return errors.map((error) => error.reason._tag).join(", ")
})

/** Somebody else looks at what is open, and ends it. */
const administrator = Effect.gen(function* () {
  const { activeSessions, closeSession, withSession } = yield* SessionFactory
  const begun = yield* Deferred.make<void>()
  const runaway = withSession({ component: "web", name: "export", actor: "eve" })(
    Effect.gen(function* () {
      yield* note("exports everything")
      yield* Deferred.succeed(begun, undefined)
      yield* sqlOf((sql) => sql`SELECT pg_sleep(600)`)
    })
  )
  const fiber = yield* Effect.forkChild(Effect.flip(runaway))
  yield* Deferred.await(begun)
  for (const { id } of yield* activeSessions) yield* closeSession(id, "maintenance")
  const { message } = yield* Fiber.join(fiber)
  return message.replace(/s\d+ /u, "")
})

const tables = Effect.acquireRelease(
  sqlOf((sql) =>
    Effect.gen(function* () {
      // A run that was stopped may have left it.
      yield* sql`DROP SCHEMA IF EXISTS ${sql(schema)} CASCADE`
      yield* sql`CREATE SCHEMA ${sql(schema)}`
      yield* sql`CREATE TABLE ${sql(schema)}.stock (article text PRIMARY KEY, count int NOT NULL)`
      yield* sql`INSERT INTO ${sql(schema)}.stock VALUES ('lamp', 1), ('chair', 0)`
      yield* sql`CREATE TABLE ${sql(schema)}.journal (
        id int GENERATED ALWAYS AS IDENTITY, actor text DEFAULT current_setting('pgkeel.actor'), what text)`
    })
  ),
  () => Effect.ignore(sqlOf((sql) => sql`DROP SCHEMA ${sql(schema)} CASCADE`))
)

const walk = Effect.gen(function* () {
  yield* tables
  yield* step("together", String, together)
  yield* step("all or nothing", String, allOrNothing)
  yield* step("rollback only", String, rollbackOnly)
  yield* step("nested", String, nested)
  yield* step("requires-new", String, ownTransaction)
  yield* step("hooks", String, hooks)
  yield* step("run again", String, again)
  yield* step("timeouts", String, timeout)
  yield* step("administrator", String, administrator)
}).pipe(Effect.scoped)

const Live = SessionFactory.layer.pipe(Layer.provideMerge(ConnectionManager.layer()))

runExample("pgkeel: sessions that components share", Effect.provide(walk, Live))
