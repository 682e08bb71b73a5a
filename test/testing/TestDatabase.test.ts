import { PgConnection } from "@effect/sql-pg"
import { assert, describe, it, layer } from "@effect/vitest"
import { Context, Data, Effect, Exit, Fiber, Layer, Redacted, Ref, Scope } from "effect"
import { SqlClient } from "effect/sql"
import { createHash } from "node:crypto"
import { TestDatabase, type TestDatabaseOptions } from "../../src/testing/index.ts"
import { freshClient, freshDatabase, testServer } from "../support/Database.ts"

const timeout = 120_000

const admin = PgConnection.make({ url: testServer().url })

const exists = (name: string) =>
  Effect.scoped(
    Effect.flatMap(admin, (session) =>
      session.queryValues("SELECT 1 FROM pg_catalog.pg_database WHERE datname = $1", [name])
    )
  ).pipe(Effect.map((rows) => rows.length === 1))

const tables = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const rows = yield* sql<{ name: string }>`
    SELECT tablename AS name FROM pg_catalog.pg_tables WHERE schemaname = 'public' ORDER BY 1`
  return rows.map(({ name }) => name)
})

/** Builds the layer anew, whatever was built before, and hands its services to the effect. */
const withClient = <A, E, R, E2, R2>(effect: Effect.Effect<A, E, R>, options: TestDatabaseOptions<E2, R2>) =>
  Effect.provide(effect, freshClient(options), { local: true })

const createTable = (name: string) =>
  Effect.flatMap(SqlClient.SqlClient, (sql) => sql`CREATE TABLE ${sql(name)} (n int)`).pipe(Effect.asVoid)

class BuildFailed extends Data.TaggedError("BuildFailed") {}

layer(freshClient())("TestDatabase", (it) => {
  it.effect("is empty, and the client is connected to it", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const database = yield* TestDatabase
      const rows = yield* sql`SELECT current_database() AS name, current_user AS user`
      assert.deepStrictEqual(rows, [{ name: database.name, user: database.username }])
      assert.deepStrictEqual(yield* tables, [])
    })
  )

  it.effect("does not show its password when it is printed", () =>
    Effect.gen(function* () {
      const database = yield* TestDatabase
      assert.include(Redacted.value(database.url), Redacted.value(database.password))
      assert.notInclude(JSON.stringify(database), Redacted.value(database.password))
    })
  )

  it.effect("is another one for each layer, dropped with its scope although a session is open", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const first = yield* TestDatabase
      const second = Context.get(yield* Layer.buildWithScope(freshDatabase(), scope), TestDatabase)
      assert.notStrictEqual(first.name, second.name)
      assert.isTrue(yield* exists(second.name))
      yield* PgConnection.make({ url: second.url })
      yield* Scope.close(scope, Exit.void)
      assert.isFalse(yield* exists(second.name))
    }).pipe(Effect.scoped)
  )

  it.effect("is dropped when its creation is interrupted", () =>
    Effect.gen(function* () {
      const session = yield* admin
      const ours = Effect.map(
        session.queryValues("SELECT datname FROM pg_catalog.pg_database WHERE datdba = 'pgkeel_test_owner'::regrole"),
        (rows) => rows.length
      )
      yield* Effect.acquireRelease(session.query("CREATE ROLE pgkeel_test_owner LOGIN CREATEDB PASSWORD 'owner'"), () =>
        Effect.ignore(session.query("DROP ROLE pgkeel_test_owner"))
      )
      const { host, port } = testServer()
      const url = Redacted.make(`postgresql://pgkeel_test_owner:owner@${host}:${port}/postgres`)
      const active =
        "SELECT 1 FROM pg_catalog.pg_stat_activity WHERE usename = 'pgkeel_test_owner' AND query ~ '^CREATE'"
      const attempt = Effect.gen(function* () {
        const fiber = yield* Effect.forkChild(Effect.scoped(Layer.build(TestDatabase.layerServer(url))), {
          startImmediately: true
        })
        const seen = yield* session.queryValues(active).pipe(
          Effect.map((rows) => rows.length === 1),
          Effect.repeat({ until: (seen) => seen || fiber.pollUnsafe() !== undefined })
        )
        yield* Fiber.interrupt(fiber)
        return seen
      })
      // A creation that was over before anybody looked shows nothing.
      yield* Effect.repeat(attempt, { until: (seen) => seen })
      assert.strictEqual(yield* ours, 0)
    }).pipe(Effect.scoped)
  )
})

describe("A template", () => {
  it.effect(
    "is built once, by whoever comes first of many, and cloned for the others",
    () =>
      Effect.gen(function* () {
        const builds = yield* Ref.make(0)
        const build = Effect.andThen(
          Ref.update(builds, (n) => n + 1),
          createTable("orders")
        )
        const template = { key: "once", build }
        const seen = yield* Effect.all(
          Array.from({ length: 8 }, () => withClient(tables, { template })),
          { concurrency: "unbounded" }
        )
        assert.deepStrictEqual(
          seen,
          Array.from({ length: 8 }, () => ["orders"])
        )
        assert.strictEqual(yield* Ref.get(builds), 1)
      }),
    timeout
  )

  it.effect(
    "gives each clone tables of its own",
    () =>
      Effect.gen(function* () {
        const options = { template: { key: "own", build: createTable("orders") } }
        const changed = Effect.andThen(createTable("scratch"), tables)
        assert.deepStrictEqual(yield* withClient(changed, options), ["orders", "scratch"])
        assert.deepStrictEqual(yield* withClient(tables, options), ["orders"])
      }),
    timeout
  )

  it.effect(
    "is what `build` is connected to, and the test's client is connected to the clone",
    () =>
      Effect.gen(function* () {
        const names = yield* Ref.make<ReadonlyArray<unknown>>([])
        const note = Effect.gen(function* () {
          const sql = yield* SqlClient.SqlClient
          const [row] = yield* sql`SELECT current_database() AS name`
          const { name } = yield* TestDatabase
          assert.deepStrictEqual(row, { name })
          yield* Ref.update(names, (all) => [...all, name])
        })
        yield* withClient(note, { template: { key: "connected", build: note } })
        const [template, clone] = yield* Ref.get(names)
        assert.match(String(template), /^pgkeel_template_/)
        assert.match(String(clone), /^pgkeel_test_/)
      }),
    timeout
  )

  it.effect(
    "and its clone have clients of their own, also where another database's client is shared already",
    () =>
      Effect.gen(function* () {
        const memoMap = yield* Layer.makeMemoMap
        const scope = yield* Effect.scope
        const name = Effect.gen(function* () {
          const sql = yield* SqlClient.SqlClient
          const [row] = yield* sql<{ name: string }>`SELECT current_database() AS name`
          return row?.name
        })
        const template = { key: "beside", build: createTable("orders") }
        const first = yield* Layer.buildWithMemoMap(freshClient(), memoMap, scope)
        const second = yield* Layer.buildWithMemoMap(freshClient({ template }), memoMap, scope)
        assert.strictEqual(yield* Effect.provideContext(name, first), Context.get(first, TestDatabase).name)
        assert.strictEqual(yield* Effect.provideContext(name, second), Context.get(second, TestDatabase).name)
        assert.deepStrictEqual(yield* Effect.provideContext(tables, first), [])
        assert.deepStrictEqual(yield* Effect.provideContext(tables, second), ["orders"])
      }).pipe(Effect.scoped),
    timeout
  )

  it.effect(
    "fails with what `build` fails with, and is built from the start the next time",
    () =>
      Effect.gen(function* () {
        const failing = Effect.andThen(createTable("orders"), Effect.fail(new BuildFailed()))
        const error = yield* Effect.flip(withClient(tables, { template: { key: "failing", build: failing } }))
        assert.strictEqual(error._tag, "BuildFailed")
        const second = yield* withClient(tables, { template: { key: "failing", build: createTable("orders") } })
        assert.deepStrictEqual(second, ["orders"])
      }),
    timeout
  )

  it.effect(
    "is waited for as long as patience says while another session builds it",
    () =>
      Effect.gen(function* () {
        const name = `pgkeel_template_${createHash("sha256").update("locked").digest("hex").slice(0, 32)}`
        const session = yield* admin
        yield* session.query("SELECT pg_advisory_lock(hashtextextended($1, 0))", [name])
        const template = { key: "locked", build: Effect.void, patience: "200 millis" } as const
        const error = yield* Effect.flip(withClient(tables, { template }))
        assert.strictEqual(error._tag, "TestDatabaseError")
        assert.include(error.message, 'the template "locked" has been under construction')
      }).pipe(Effect.scoped),
    timeout
  )
})

// PostgreSQL 14 has no word for it.
describe.skipIf(testServer().majorVersion < 15)("A strategy", () => {
  for (const strategy of ["wal_log", "file_copy"] as const) {
    it.effect(`of ${strategy} copies the template whole`, () =>
      Effect.gen(function* () {
        const template = { key: "copied", build: createTable("copied") }
        assert.deepStrictEqual(yield* withClient(tables, { template, strategy }), ["copied"])
      })
    )
  }

  it.effect("that the server does not know is refused in its words", () =>
    Effect.gen(function* () {
      const url = testServer().url
      const unknown: TestDatabaseOptions = JSON.parse('{ "strategy": "by \\"hand" }')
      const error = yield* Effect.flip(Effect.scoped(Layer.build(TestDatabase.layerServer(url, unknown))))
      assert.include(
        error.message,
        'invalid create database strategy "by "hand"; Valid strategies are "wal_log" and "file_copy"'
      )
    })
  )
})

const refusal = (url: string) =>
  Effect.scoped(Layer.build(TestDatabase.layerServer(Redacted.make(url)))).pipe(
    Effect.flip,
    Effect.flatMap((error) =>
      error._tag === "TestDatabaseError" ? Effect.succeed(error) : Effect.die("another error")
    )
  )

describe("TestDatabaseError", () => {
  const { host, port } = testServer()

  it.effect("ServerUrlInvalid does not repeat the URL, in which a password may stand", () =>
    Effect.gen(function* () {
      const { message, reason } = yield* refusal("postgres//app:hunter2@localhost")
      assert.strictEqual(reason._tag, "ServerUrlInvalid")
      assert.notInclude(message, "hunter2")
    })
  )

  it.effect("ServerUnavailable says who asked, where, and what the answer was", () =>
    Effect.gen(function* () {
      const login = yield* refusal(`postgresql://postgres:hunter2@${host}:${port}/postgres`)
      assert.strictEqual(login.reason._tag, "ServerUnavailable")
      assert.include(login.message, `no session as "postgres" on ${host}:${port}: password authentication failed`)
      assert.notInclude(login.message, "hunter2")
      const nobody = yield* refusal(`postgresql://postgres:hunter2@${host}:1/postgres`)
      assert.include(nobody.message, "ECONNREFUSED")
    })
  )

  it.effect("DatabaseRefused says what the login lacks", () =>
    Effect.gen(function* () {
      const session = yield* admin
      yield* Effect.acquireRelease(session.query("CREATE ROLE pgkeel_test_plain LOGIN PASSWORD 'plain'"), () =>
        Effect.ignore(session.query("DROP ROLE pgkeel_test_plain"))
      )
      const { message, reason } = yield* refusal(`postgresql://pgkeel_test_plain:plain@${host}:${port}/postgres`)
      assert.strictEqual(reason._tag, "DatabaseRefused")
      assert.include(message, "permission denied to create database")
      assert.include(message, "the login needs CREATEDB")
    }).pipe(Effect.scoped)
  )
})
