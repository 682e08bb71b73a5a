/**
 * From an empty PostgreSQL to a working application, through one layer.
 *
 *     npm run quickstart                 on an embedded server, gone afterwards
 *     npm run quickstart -- --keep       on one whose data are kept for the next run
 *     npm run quickstart -- --keep DIR   the same, kept in DIR
 *     DATABASE_URL=... npm run quickstart   on your own server, as an administrator
 */
import { NodeCrypto, NodeRuntime, NodeServices } from "@effect/platform-node"
import { Config, Context, Deferred, Effect, Layer, Option, Redacted, References } from "effect"
import { SqlClient } from "effect/sql"
import { tmpdir } from "node:os"
import { join } from "node:path"
import {
  ConnectionManager,
  DatabaseConfig,
  KeyProvider,
  Main,
  Migrator,
  Provisioner,
  Retry,
  SessionFactory,
  StartReport
} from "pgkeel"
import { EmbeddedPostgres } from "pgkeel/testing"
import { failure, line, part, step, title } from "./quickstart/printer.ts"

const database = "quickstart"
const keepAt = process.argv.indexOf("--keep")
const usual = join(tmpdir(), `pgkeel-quickstart-${process.getuid?.() ?? "user"}`)
const directory = keepAt < 0 ? undefined : (process.argv[keepAt + 1] ?? usual)

/** The administrator's URL: yours, or that of a server which is started here. */
const server = Effect.gen(function* () {
  const own = yield* Config.option(Config.Redacted("DATABASE_URL"))
  if (Option.isSome(own)) {
    // Read as an application would read it, so that what is wrong with it is said of the variable.
    const { host, port } = yield* DatabaseConfig.load()
    return { url: own.value, what: `yours, at ${host}:${port}` }
  }
  const options = directory === undefined ? {} : { dataDirectory: join(directory, "data") }
  const context = yield* Layer.build(EmbeddedPostgres.layer(options))
  const { port, url, version } = Context.get(context, EmbeddedPostgres)
  return { url, what: `PostgreSQL ${version} embedded, on port ${port}` }
})

/** What seals the generated passwords: a key of this run, or, where they outlive it, one that is kept. */
const keyDirectory = directory ?? (process.env["DATABASE_URL"] ? usual : undefined)
const key =
  keyDirectory === undefined
    ? KeyProvider.layerStatic([Redacted.make(crypto.getRandomValues(new Uint8Array(32)))])
    : KeyProvider.layerFile(join(keyDirectory, "key"), { create: true })

const provision = (admin: Redacted.Redacted) =>
  Effect.flatMap(Provisioner, ({ apply }) => apply({ database })).pipe(
    Effect.provide(Provisioner.layer({ admin: { url: admin, startTimeout: "5 seconds" } })),
    Effect.provide(key)
  )

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
  return `2 deposits committed in ${runs} runs: a serialization failure was retried`
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

const main = Effect.gen(function* () {
  yield* title("pgkeel: from an empty PostgreSQL to a working application")
  const { url } = yield* step("server", ({ what }) => what, server)
  const { application: login, migrator } = yield* step(
    "provision",
    ({ changes }) =>
      changes.length === 0
        ? "everything is as wanted"
        : `${changes.length} changes: database, roles, grants, extensions, sealed passwords`,
    provision(url)
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
}).pipe(
  Effect.scoped,
  // The steps say what happens, and the last line what went wrong.
  Effect.provideService(References.MinimumLogLevel, "Error"),
  Effect.tapCause(failure),
  Effect.provide(Layer.mergeAll(NodeServices.layer, NodeCrypto.layer))
)

NodeRuntime.runMain(main, { disableErrorReporting: true })
