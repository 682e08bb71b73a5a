/**
 * What an error's type says: what can go wrong, what has been handled, what is left.
 *
 *     npx tsx examples/typed-errors.ts                    on an embedded server, gone afterwards
 *     DATABASE_URL=... npx tsx examples/typed-errors.ts   on your own, in a schema that is dropped at the end
 */
import { Deferred, Effect, Fiber, Layer, Match } from "effect"
import { SqlClient } from "effect/sql"
import { ConnectionManager, DatabaseError, DatabaseErrorHandler, Retry, SessionFactory } from "pgkeel"
import type { Reason } from "pgkeel/error/Reason"
import { runExample } from "./support/example.ts"
import { line } from "./support/printer.ts"

const schema = "pgkeel_typed_errors"

/** One transaction on the tables of this example. */
const inSession = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const { withSession } = yield* SessionFactory
    const sql = yield* SqlClient.SqlClient
    return yield* withSession({ name: "booking" })(Effect.andThen(sql`SET LOCAL search_path = ${sql(schema)}`, effect))
  })

const sqlOf = <A, E, R>(statement: (sql: SqlClient.SqlClient) => Effect.Effect<A, E, R>) =>
  Effect.flatMap(SqlClient.SqlClient, statement)

/** Each handler takes its reason out of the type. */
const book = (seat: number, guest: string) =>
  inSession(sqlOf((sql) => sql`INSERT INTO seat (number, guest) VALUES (${seat}, ${guest})`)).pipe(
    Effect.as(`${guest} has seat ${seat}`),
    DatabaseError.catchReason("UniqueViolation", ({ columns }) => Effect.succeed(`no: that ${columns} is taken`)),
    DatabaseError.catchReason("CheckViolation", ({ constraint }) => Effect.succeed(`no: against ${constraint}`))
  )

/** Waits for nobody: fails with LockNotAvailable when another transaction holds the seat. */
const change = sqlOf((sql) => sql`SELECT guest FROM seat WHERE number = 1 FOR UPDATE NOWAIT`)

const thrice = { attempts: 3, base: "20 millis" } as const

/** After the policy there is no LockNotAvailable any more: it has succeeded, or RetriesExhausted says why not. */
const changeOrGiveUp = inSession(change).pipe(
  Retry.transaction(thrice),
  Effect.as("changed"),
  DatabaseError.catchReason("RetriesExhausted", ({ attempts, gaveUp, last }) =>
    Effect.succeed(`${attempts.map(({ reason }) => reason).join(", ")}; gave up (${gaveUp}): ${advice(last)}`)
  )
)

/** The policy is inside the transaction, which has failed as a whole: it runs nothing again, and says so. */
const partOfATransaction = inSession(Retry.transaction(thrice)(change)).pipe(
  Effect.as("changed"),
  DatabaseError.catchReason("RetriesExhausted", ({ gaveUp }) => Effect.succeed(`run once, and given up: ${gaveUp}`))
)

/** What the house has an answer to. A reason without one does not compile: take one away, and see. */
type Expected = Extract<Reason, { readonly _tag: "LockNotAvailable" | "PoolExhausted" | "ServerStarting" }>

const answers = Match.typeTags<Expected>()({
  LockNotAvailable: () => "somebody is changing that seat",
  PoolExhausted: ({ max }) => `all ${max} clerks are busy`,
  ServerStarting: () => "we open in a minute"
})

const isExpected = (reason: Reason): reason is Expected =>
  reason._tag === "LockNotAvailable" || reason._tag === "PoolExhausted" || reason._tag === "ServerStarting"

const advice = (reason: Reason): string => (isExpected(reason) ? answers(reason) : "call the house")

/** While another transaction holds seat 1. */
const whileItIsHeld = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const held = yield* Deferred.make<void>()
    const holder = inSession(Effect.andThen(change, Effect.andThen(Deferred.succeed(held, undefined), Effect.never)))
    const fiber = yield* Effect.forkChild(holder)
    yield* Deferred.await(held)
    return yield* Effect.ensuring(effect, Fiber.interrupt(fiber))
  })

const tables = Effect.acquireRelease(
  sqlOf((sql) =>
    Effect.andThen(
      // A run that was stopped may have left it.
      Effect.andThen(sql`DROP SCHEMA IF EXISTS ${sql(schema)} CASCADE`, sql`CREATE SCHEMA ${sql(schema)}`),
      sql`CREATE TABLE ${sql(schema)}.seat (
        number int PRIMARY KEY CONSTRAINT seats_of_the_house CHECK (number BETWEEN 1 AND 20),
        guest text NOT NULL
      )`
    )
  ),
  () => Effect.ignore(sqlOf((sql) => sql`DROP SCHEMA ${sql(schema)} CASCADE`))
)

const walk = Effect.gen(function* () {
  yield* tables
  yield* line("success", yield* book(1, "Ada"))
  yield* line("unique", yield* book(1, "Grace"))
  yield* line("check", yield* book(21, "Grace"))
  yield* line("retried", yield* whileItIsHeld(changeOrGiveUp))
  yield* line("in a transaction", yield* whileItIsHeld(partOfATransaction))

  // What no handler is for goes on with all that is known of it. Users are told less than logs.
  const wrong = yield* Effect.flip(DatabaseError.refine(sqlOf((sql) => sql`SELECT guest FRM seat`)))
  const { translate } = yield* DatabaseErrorHandler
  yield* line("for the log", `${wrong.code} ${wrong.reason._tag}, transient: ${wrong.transient}`)
  yield* line("for a user", translate(wrong).message)
}).pipe(Effect.scoped)

const Live = Layer.merge(SessionFactory.layer, DatabaseErrorHandler.layer).pipe(
  Layer.provideMerge(ConnectionManager.layer())
)

runExample("pgkeel: what an error's type says", Effect.provide(walk, Live))
