/** From an empty PostgreSQL to a working application, through one layer. `--help` says how to run it. */
import { NodeCrypto, NodeRuntime, NodeServices } from "@effect/platform-node"
import { Deferred, Effect, Layer, References } from "effect"
import { SqlClient } from "effect/sql"
import { ConnectionManager, Main, Migrator, Provisioner, Retry, SessionFactory, StartReport } from "pgkeel"
import { parseOptions, usage } from "./quickstart/options.ts"
import { database, embedded, yours } from "./quickstart/place.ts"
import { failure, line, paragraph, part, step, title } from "./support/printer.ts"

/** Writes and reads in one transaction that says who acts. */
const writeAndRead = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`INSERT INTO customer (email) VALUES ('ada@example.com') ON CONFLICT DO NOTHING`
  return yield* sql<{ email: string; created_by: string }>`
    SELECT email, created_by FROM customer WHERE email = 'ada@example.com'`
})

/** A unique violation is a value with a type; it knows its constraint. */
const duplicate = Effect.gen(function* () {
  const { withSession } = yield* SessionFactory
  const sql = yield* SqlClient.SqlClient
  return yield* withSession({ actor: "ada" })(sql`INSERT INTO customer (email) VALUES ('ada@example.com')`).pipe(
    Effect.as("nothing was refused"),
    Effect.catchReason("DatabaseError", "UniqueViolation", (reason) =>
      Effect.succeed(`${reason.constraint} refused a second ada@example.com; the program goes on`)
    )
  )
})

/** Two deposits that both read before either writes: PostgreSQL refuses one of them, and it is run again. */
const concurrentDeposits = Effect.gen(function* () {
  const { withSession } = yield* SessionFactory
  const sql = yield* SqlClient.SqlClient
  const bothHaveRead = yield* Deferred.make<void>()
  let runs = 0
  const deposit = withSession({ actor: "ada", isolation: "serializable" })(
    Effect.gen(function* () {
      const [account] = yield* sql<{ balance: number }>`SELECT balance FROM account ORDER BY customer_id LIMIT 1`
      if (++runs === 2) yield* Deferred.succeed(bothHaveRead, undefined)
      yield* Deferred.await(bothHaveRead)
      yield* sql`UPDATE account SET balance = ${(account?.balance ?? 0) + 1}
      WHERE customer_id = (SELECT min(customer_id) FROM account)`
    })
  ).pipe(Retry.transaction())
  yield* Effect.all([deposit, deposit], { concurrency: 2, discard: true })
  return `2 deposits committed in ${runs} runs${runs > 2 ? ": a serialization failure was retried" : ""}`
})

const application = Effect.gen(function* () {
  const { steps } = yield* StartReport
  for (const { detail, durationMillis, name } of steps) yield* part(name, detail, durationMillis)
  const { withSession } = yield* SessionFactory
  yield* step(
    "session",
    ([row]) => `wrote and read ${row?.email}, created by ${row?.created_by}, tenant acme`,
    withSession({ name: "sign-up", actor: "ada", tenant: "acme" })(writeAndRead)
  )
  yield* step("typed error", String, duplicate)
  yield* step("retry", String, concurrentDeposits)
  const migrator = yield* Migrator
  yield* step(
    "migrate down",
    ({ reverted }) => `reverted ${reverted.map(({ id, name }) => `${id}_${name}`).join(", ")}`,
    migrator.down({ steps: 1 })
  )
  yield* step(
    "migrate up",
    ({ applied }) => `applied ${applied.map(({ id, name }) => `${id}_${name}`).join(", ")}`,
    migrator.up()
  )
  const { acquired, idle, inUse, max } = yield* (yield* ConnectionManager).poolStatus
  yield* line("pool", `${inUse} in use, ${idle} idle, at most ${max}; lent ${acquired} times`)
})

type Place = Effect.Success<ReturnType<typeof embedded>> | Effect.Success<typeof yours>

const provision = ({ key, recover, url }: Place) =>
  Effect.flatMap(Provisioner, ({ apply }) => apply({ database })).pipe(
    Effect.provide(Provisioner.layer({ admin: { url, startTimeout: "5 seconds" } })),
    Effect.provide(key),
    Effect.mapError(recover)
  )

const start = Effect.fnUntraced(function* (place: Place) {
  const { application: login, migrator } = yield* step(
    "provision",
    ({ changes }) =>
      changes.length === 0
        ? "everything is as wanted"
        : `${changes.length} changes: database, roles, grants, extensions, sealed passwords`,
    provision(place)
  )
  yield* line("start", `MainLive as ${login.username}, migrating as ${migrator.username}`)
  yield* application.pipe(
    Effect.provide(
      Main.layer({
        url: login.url,
        migrator: migrator.url,
        migrations: new URL("./quickstart/migrations/", import.meta.url),
        critical: [{ table: "customer", columns: ["id", "email"] }]
      })
    )
  )
  yield* line("stop", "the pool is drained and everything that was started is stopped")
})

const server = <E, R>(find: Effect.Effect<Place, E, R>) => step("server", ({ what }) => what, find)

const main = (keep: string | undefined) => {
  // What is left is left also by a run that was stopped, so that one says it too.
  let leaves: ReadonlyArray<string> = []
  return Effect.gen(function* () {
    yield* title("pgkeel: from an empty PostgreSQL to a working application")
    const place: Place = yield* process.env["DATABASE_URL"] ? server(yours) : server(embedded(keep))
    leaves = place.leaves
    yield* start(place)
  }).pipe(
    Effect.scoped,
    Effect.ensuring(Effect.suspend(() => paragraph(leaves))),
    // The steps say what happens, and the last line what went wrong.
    Effect.provideService(References.MinimumLogLevel, "Error"),
    Effect.onError(failure),
    Effect.provide(Layer.mergeAll(NodeServices.layer, NodeCrypto.layer))
  )
}

const options = parseOptions(process.argv.slice(2), Boolean(process.env["DATABASE_URL"]))
if (options._tag === "Run") {
  NodeRuntime.runMain(main(options.keep), { disableErrorReporting: true })
} else if (options._tag === "Help") {
  process.stdout.write(`${usage}\n`)
} else {
  process.stderr.write(`✗ ${options.problem}\n${usage}\n`)
  process.exitCode = 2
}
