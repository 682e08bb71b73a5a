/** What became of a transaction whose COMMIT got no answer: the server is asked, and nothing is applied twice. */
import { PgConnection } from "@effect/sql-pg"
import { assert, it, layer } from "@effect/vitest"
import { Context, Duration, Effect, Fiber, Layer, Redacted, Schedule } from "effect"
import { SqlClient } from "effect/sql"
import * as Outcome from "../../src/connection/internal/outcome.ts"
import { DatabaseError } from "../../src/error/DatabaseError.ts"
import * as Retry from "../../src/error/Retry.ts"
import { SessionFactory } from "../../src/session/SessionFactory.ts"
import type { SessionOptions } from "../../src/session/Session.ts"
import { EmbeddedPostgres } from "../../src/testing/index.ts"
import { assertClean, connected, proxied } from "../support/Connected.ts"
import { chosenServer } from "../support/chosenServer.ts"
import { freshDatabase, TestDatabase } from "../support/Database.ts"
import { items } from "../support/Items.ts"
import { Proxy } from "../support/Proxy.ts"

const freshTable = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`DROP TABLE IF EXISTS item`
  yield* sql`CREATE TABLE item (name text)`
})

/** A session that writes one row, and nothing in the table keeps it from being written twice. */
const add = (name: string, options: SessionOptions = {}) =>
  Effect.gen(function* () {
    const { withSession } = yield* SessionFactory
    const sql = yield* SqlClient.SqlClient
    yield* withSession(options)(sql`INSERT INTO item ${sql.insert({ name })}`)
  })

const reasonOf = (error: { readonly _tag: string }) =>
  DatabaseError.isDatabaseError(error) ? error.reason._tag : error

// Without prepared statements the text of COMMIT is on the wire each time, where the proxy looks for it.
layer(proxied({ maxConnections: 1, prepare: false }), { excludeTestServices: true })(
  "A session whose COMMIT got no answer",
  (it) => {
    it.effect("has succeeded when the server has committed it", () =>
      Effect.gen(function* () {
        yield* freshTable
        const { cutNext } = yield* Proxy
        yield* cutNext({ after: "COMMIT" })
        yield* add("applied")
        assert.deepStrictEqual(yield* items, ["applied"])
        yield* assertClean
      })
    )

    it.effect("has failed for certain when COMMIT never arrived, and is run again by a policy, once", () =>
      Effect.gen(function* () {
        yield* freshTable
        const { cutNext } = yield* Proxy
        yield* cutNext({ before: "COMMIT" })
        const error = yield* Effect.flip(add("lost"))
        assert.strictEqual(reasonOf(error), "ConnectionLost")
        assert.strictEqual(DatabaseError.isDatabaseError(error) && error.retryScope, "transaction")
        yield* cutNext({ before: "COMMIT" })
        yield* Retry.transaction({ base: "1 millis" })(add("again"))
        assert.deepStrictEqual(yield* items, ["again"])
        yield* assertClean
      })
    )

    it.effect("has written nothing when it only reads, and can be run again", () =>
      Effect.gen(function* () {
        const { withSession } = yield* SessionFactory
        const { cutNext } = yield* Proxy
        const sql = yield* SqlClient.SqlClient
        yield* cutNext({ after: "COMMIT" })
        const error = yield* Effect.flip(withSession({ readOnly: true })(sql`SELECT 1`))
        assert.strictEqual(error._tag === "DatabaseError" && error.retryScope, "transaction")
        yield* assertClean
      })
    )

    it.effect("is unknown for a statement on its own, however its error is read", () =>
      Effect.gen(function* () {
        yield* freshTable
        const { cutNext } = yield* Proxy
        const sql = yield* SqlClient.SqlClient
        const insert = sql`INSERT INTO item VALUES ('alone')`
        const reserved = Effect.scoped(
          Effect.flatMap(sql.reserve, (connection) => connection.executeRaw("INSERT INTO item VALUES ('held')", []))
        )
        for (const statement of [insert, reserved]) {
          yield* cutNext({ after: "INSERT" })
          const error = yield* Effect.flip(statement)
          const refined = DatabaseError.fromSqlError(error)
          assert.deepStrictEqual([refined.reason._tag, refined.retryScope], ["ConnectionLost", "unknown_outcome"])
          // A program that knows only the driver's errors does not write it twice either.
          assert.isFalse(error.isRetryable)
        }
        yield* assertClean
      })
    )

    it.effect("is unknown for a bare transaction, which has not taken its id", () =>
      Effect.gen(function* () {
        yield* freshTable
        const { cutNext } = yield* Proxy
        const sql = yield* SqlClient.SqlClient
        yield* cutNext({ after: "COMMIT" })
        const error = yield* Effect.flip(sql.withTransaction(sql`INSERT INTO item VALUES ('x')`))
        assert.strictEqual(reasonOf(DatabaseError.fromSqlError(error)), "OutcomeUnknown")
        // A program that knows only the driver's errors does not write it twice either.
        assert.isFalse(error.isRetryable)
        yield* assertClean
      })
    )
  }
)

layer(proxied({ maxConnections: 1, prepare: false, outcomeTimeout: "1 second" }), { excludeTestServices: true })(
  "A session whose COMMIT got no answer, and nobody answers later either,",
  (it) => {
    it.effect("is unknown while the server cannot be asked, and no policy runs it again", () =>
      Effect.gen(function* () {
        yield* freshTable
        const { cutNext, setRefusing } = yield* Proxy
        yield* cutNext({ after: "COMMIT" })
        yield* setRefusing(true)
        const policies = [Retry.transaction(), Retry.connection(), Retry.statement()]
        const error = yield* Effect.flip(policies.reduce((effect, policy) => policy(effect), add("once")))
        assert.strictEqual(reasonOf(error), "OutcomeUnknown")
        yield* setRefusing(false)
        const left = Effect.retry(items, Schedule.spaced("10 millis"))
        assert.deepStrictEqual(yield* left, ["once"])
        yield* assertClean
      })
    )
  }
)

layer(connected({ maxConnections: 1 }), { excludeTestServices: true })("A transaction id", (it) => {
  it.effect("is taken by a session that may write, and by none that only reads", () =>
    Effect.gen(function* () {
      const { withSession } = yield* SessionFactory
      const sql = yield* SqlClient.SqlClient
      const taken = Effect.map(
        sql<{ id: string | null }>`SELECT pg_current_xact_id_if_assigned()::text AS id`,
        ([row]) => row?.id
      )
      assert.isString(yield* withSession({})(taken))
      assert.isNull(yield* withSession({ readOnly: true })(taken))
      assert.isNull(yield* sql.withTransaction(taken))
      yield* sql`SET default_transaction_read_only = on`
      assert.isNull(yield* withSession({})(taken))
      yield* sql`SET default_transaction_read_only = off`
      yield* assertClean
    })
  )
})

const limit = Duration.seconds(20)

/** What a process of the server waits for. */
const connectionWaits = (observer: PgConnection.PgConnection, processId: number) =>
  Effect.map(
    observer.queryValues("SELECT wait_event FROM pg_stat_activity WHERE pid = $1", [processId]),
    ([row]) => row?.[0]
  )

/** A connection of one's own, with what a session finds out about its transaction. */
const open = (config: PgConnection.Config) =>
  Effect.gen(function* () {
    const connection = yield* PgConnection.make(config)
    const value = (text: string) => Effect.map(connection.queryValues(text), ([row]) => String(row?.[0]))
    const incarnation = yield* value(Outcome.incarnation.text)
    const begin = Effect.gen(function* () {
      yield* connection.query("BEGIN")
      const transactionId = yield* value("SELECT pg_current_xact_id()::text")
      return { transactionId, incarnation, processId: connection.processId } satisfies Outcome.Lost
    })
    return { begin, connection, query: (text: string) => connection.query(text) }
  })

layer(freshDatabase(), { excludeTestServices: true })("A lost transaction", (it) => {
  const config = Effect.map(TestDatabase, ({ url }) => ({ url, ssl: false }) satisfies PgConnection.Config)

  it.effect("that is still open on the server's side is ended there, and was not committed", () =>
    Effect.gen(function* () {
      const to = yield* config
      const { begin, query } = yield* open(to)
      const lost = yield* begin
      assert.strictEqual(yield* Outcome.resolve(to, lost, limit), "aborted")
      assert.isTrue(DatabaseError.fromSqlError(yield* Effect.flip(query("SELECT 1"))).connectionLost)
    }).pipe(Effect.scoped)
  )

  it.effect("that another process of the server is in by now is not ended", () =>
    Effect.gen(function* () {
      const to = yield* config
      const { begin, query } = yield* open(to)
      const lost = yield* begin
      const stranger = { ...lost, processId: lost.processId + 1 }
      assert.strictEqual(yield* Outcome.resolve(to, stranger, Duration.seconds(1)), "unknown")
      yield* query("COMMIT")
      assert.strictEqual(yield* Outcome.resolve(to, stranger, limit), "committed")
    }).pipe(Effect.scoped)
  )

  it.effect("is not believed committed on another timeline, where its number may be another's", () =>
    Effect.gen(function* () {
      const to = yield* config
      const { begin, query } = yield* open(to)
      const lost = yield* begin
      yield* query("COMMIT")
      const promoted = { ...lost, incarnation: lost.incarnation.replace(/\S+$/u, "000000FF") }
      assert.strictEqual(yield* Outcome.resolve(to, promoted, limit), "unknown")
    }).pipe(Effect.scoped)
  )
})

/** Of another start of the server: nobody can have its transactions open any more. */
const restarted = (lost: Outcome.Lost): Outcome.Lost => ({
  ...lost,
  incarnation: lost.incarnation.replace(/^\S+/u, "1")
})

/** Whoever asks for it waits for a standby that never comes. */
const lonely = { synchronous_standby_names: "absent", synchronous_commit: "local" }

layer(EmbeddedPostgres.layer({ ...chosenServer(), settings: lonely }), { excludeTestServices: true })(
  "A lost transaction on a server of its own",
  (it) => {
    const config = Effect.map(
      EmbeddedPostgres,
      ({ url }) => ({ url: Redacted.make(Redacted.value(url)), ssl: false }) satisfies PgConnection.Config
    )
    const ask = (lost: Outcome.Lost) => Effect.flatMap(config, (to) => Outcome.resolve(to, lost, limit))

    it.effect(
      "is known as committed behind a restart when its number was counted before it, and as nobody's when it was not",
      () =>
        Effect.gen(function* () {
          const { begin, query } = yield* open(yield* config)
          yield* query("CREATE TABLE counted ()")
          const later = yield* begin
          yield* query("CREATE TABLE later ()")
          yield* query("COMMIT")
          // The number is above those of the checkpoint with which the server came up: by then it had not been given out.
          assert.strictEqual(yield* ask(later), "committed")
          assert.strictEqual(yield* ask(restarted(later)), "aborted")
          // A later checkpoint has counted past it, and says no longer whose it was.
          yield* query("CHECKPOINT")
          yield* query("CHECKPOINT")
          assert.strictEqual(yield* ask(restarted(later)), "unknown")
        }).pipe(Effect.scoped)
    )

    it.effect("is aborted when its server was started again, even if somebody has the same number open now", () =>
      Effect.gen(function* () {
        const { begin, query } = yield* open(yield* config)
        const other = yield* begin
        assert.strictEqual(yield* ask(restarted(other)), "aborted")
        yield* query("COMMIT")
      }).pipe(Effect.scoped)
    )

    it.effect("is committed although somebody has reset a part of the statistics since", () =>
      Effect.gen(function* () {
        const { begin, query } = yield* open(yield* config)
        const lost = yield* begin
        yield* query("CREATE TABLE reset ()")
        yield* query("COMMIT")
        yield* query("SELECT pg_stat_reset_shared('bgwriter')")
        yield* query("SELECT pg_stat_clear_snapshot()")
        assert.strictEqual(yield* ask(lost), "committed")
      }).pipe(Effect.scoped)
    )

    it.effect("whose commit waits for a standby is left to wait, and unknown until then", () =>
      Effect.gen(function* () {
        const to = yield* config
        const { begin, query, connection } = yield* open(to)
        const observer = yield* open(to)
        const lost = yield* begin
        yield* query("CREATE TABLE waiting ()")
        yield* query("SET LOCAL synchronous_commit = on")
        const committing = yield* Effect.forkChild(query("COMMIT"))
        const waits = connectionWaits(observer.connection, connection.processId)
        yield* Effect.repeat(waits, { until: (event) => event === "SyncRep" })
        assert.strictEqual(yield* Outcome.resolve(to, lost, Duration.seconds(2)), "unknown")
        assert.strictEqual(yield* waits, "SyncRep")
        yield* observer.query(`SELECT pg_cancel_backend(${connection.processId})`)
        yield* Fiber.join(committing)
        assert.strictEqual(yield* ask(lost), "committed")
      }).pipe(Effect.scoped)
    )

    it.effect("is asked about again when the login is refused, if there may be another one by then", () =>
      Effect.gen(function* () {
        const to = yield* config
        const { begin, query } = yield* open(to)
        const lost = yield* begin
        yield* query("COMMIT")
        yield* query("CREATE ROLE asking LOGIN PASSWORD 'right'")
        const as = (password: PgConnection.Config["password"]) => {
          const url = new URL(Redacted.value(to.url))
          return {
            host: url.hostname,
            port: Number(url.port),
            database: url.pathname.slice(1),
            username: "asking",
            ssl: false,
            password
          }
        }
        let asked = 0
        const changing = Effect.sync(() => Redacted.make(++asked < 4 ? "old" : "right"))
        assert.strictEqual(yield* Outcome.resolve(as(changing), lost, limit), "committed")
        assert.strictEqual(asked, 4)
        const [time, outcome] = yield* Effect.timed(Outcome.resolve(as(Redacted.make("old")), lost, limit))
        assert.strictEqual(outcome, "unknown")
        assert.isBelow(Duration.toMillis(time), Duration.toMillis(limit) / 2)
      }).pipe(Effect.scoped)
    )
  }
)

it.live(
  "A server that crashed tells what it committed from what it lost, also where the number was given out again",
  () =>
    Effect.gen(function* () {
      // Nobody but the test may use up numbers there.
      const options = { ...chosenServer(), settings: { autovacuum: "off" } }
      const server = Context.get(yield* Layer.build(EmbeddedPostgres.layer(options)), EmbeddedPostgres)
      const to = { url: Redacted.make(Redacted.value(server.url)), ssl: false } satisfies PgConnection.Config
      const [committed, lost] = yield* Effect.scoped(
        Effect.gen(function* () {
          const first = yield* open(to)
          yield* first.query("CREATE TABLE item (name text)")
          const committed = yield* first.begin
          yield* first.query("INSERT INTO item VALUES ('kept')")
          yield* first.query("COMMIT")
          // Its number is in no log record that has reached the disk, so the server will not remember it.
          const second = yield* open(to)
          const lost = yield* second.begin
          yield* server.kill
          return [committed, lost] as const
        })
      )
      yield* server.restart
      assert.strictEqual(yield* Outcome.resolve(to, lost, limit), "aborted")
      yield* Effect.scoped(
        Effect.gen(function* () {
          const { begin, query } = yield* open(to)
          const other = yield* begin
          assert.strictEqual(other.transactionId, lost.transactionId)
          yield* query("INSERT INTO item VALUES ('other')")
          yield* query("COMMIT")
        })
      )
      assert.strictEqual(yield* Outcome.resolve(to, lost, limit), "aborted")
      assert.strictEqual(yield* Outcome.resolve(to, committed, limit), "committed")
    }).pipe(Effect.scoped),
  120_000
)
