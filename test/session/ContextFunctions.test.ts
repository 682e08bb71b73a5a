/** The session's context as SQL sees it: by the package's functions, in policies, defaults and triggers. */
import { NodeServices } from "@effect/platform-node"
import { assert, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import * as MigrationSource from "../../src/migration/MigrationSource.ts"
import { Migrator } from "../../src/migration/Migrator.ts"
import { Session } from "../../src/session/Session.ts"
import { SessionFactory } from "../../src/session/SessionFactory.ts"
import { TestDatabase } from "../../src/testing/index.ts"
import { assertClean, connected } from "../support/Connected.ts"

const install = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`CREATE SCHEMA pgkeel`
  const { up } = yield* Migrator
  yield* up()
}).pipe(Effect.provide(Migrator.layer({ sources: [MigrationSource.own] })))

const Live = Layer.provideMerge(
  Layer.effectDiscard(install),
  Layer.merge(connected({ maxConnections: 2 }), NodeServices.layer)
)

const seen = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const [row] = yield* sql`SELECT pgkeel.current_actor() AS actor, pgkeel.current_tenant() AS tenant,
    pgkeel.current_component() AS component, pgkeel.current_session_id() AS id`
  return row
})

const nobody = { actor: null, tenant: null, component: null, id: null }

/** A role that no policy lets past; roles belong to the server, so its name has the database's in it. */
const reader = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const { name } = yield* TestDatabase
  const role = sql(`reader of ${name}`)
  yield* sql`CREATE ROLE ${role} NOLOGIN`
  yield* Effect.addFinalizer(() => Effect.orDie(Effect.andThen(sql`DROP OWNED BY ${role}`, sql`DROP ROLE ${role}`)))
  return role
})

layer(Live, { excludeTestServices: true })("The functions of the context", (it) => {
  it.effect("tell who acts, for whom, and which session of which component it is, and nothing outside of one", () =>
    Effect.gen(function* () {
      const { withSession } = yield* SessionFactory
      const who = { actor: "ada", tenant: "t1", component: "billing" }
      const own = Effect.map(Session, ({ id }) => id)
      assert.deepStrictEqual(yield* seen, nobody)
      const [row, id] = yield* withSession({ ...who, name: "close month" })(Effect.all([seen, own]))
      assert.deepStrictEqual(row, { ...who, id })
      for (let turn = 0; turn < 4; turn++) assert.deepStrictEqual(yield* seen, nobody)
      const [anonymous, another] = yield* withSession({})(Effect.all([seen, own]))
      assert.deepStrictEqual(anonymous, { ...nobody, id: another })
      assert.notStrictEqual(id, another)
      yield* assertClean
    })
  )

  it.effect("guard the rows of a tenant in a policy, and fill in who wrote them", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const { withSession } = yield* SessionFactory
        yield* sql`DROP TABLE IF EXISTS note`
        yield* sql`CREATE TABLE note (
          text text NOT NULL,
          tenant text NOT NULL DEFAULT pgkeel.current_tenant(),
          author text NOT NULL DEFAULT pgkeel.current_actor())`
        yield* sql`ALTER TABLE note ENABLE ROW LEVEL SECURITY`
        yield* sql`CREATE POLICY own_tenant ON note USING (tenant = (SELECT pgkeel.current_tenant()))`
        const role = yield* reader
        yield* sql`GRANT SELECT, INSERT ON note TO ${role}`
        const as = <A, E, R>(tenant: string | undefined, effect: Effect.Effect<A, E, R>) =>
          withSession({ actor: "ada", ...(tenant === undefined ? {} : { tenant }) })(
            Effect.andThen(sql`SET LOCAL ROLE ${role}`, effect)
          )
        const notes = sql`SELECT text, tenant, author FROM note`
        yield* as("t1", sql`INSERT INTO note (text) VALUES ('first')`)
        yield* as("t2", sql`INSERT INTO note (text) VALUES ('second')`)
        assert.deepStrictEqual(yield* as("t1", notes), [{ text: "first", tenant: "t1", author: "ada" }])
        assert.deepStrictEqual(yield* as(undefined, notes), [])
        const foreign = yield* Effect.flip(as("t1", sql`INSERT INTO note (text, tenant) VALUES ('x', 't2')`))
        assert.strictEqual(
          foreign._tag === "DatabaseError" ? foreign.reason._tag : foreign._tag,
          "RowSecurityViolation"
        )
      })
    )
  )

  it.effect("are one read for a whole statement in a policy, and cannot be bent by a search_path", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const rows = yield* sql`SELECT provolatile, proparallel, proacl::text AS acl, prosqlbody IS NOT NULL AS bound
        FROM pg_proc WHERE pronamespace = 'pgkeel'::regnamespace`
      assert.strictEqual(rows.length, 4)
      for (const { acl, bound, proparallel, provolatile } of rows) {
        assert.deepStrictEqual({ provolatile, proparallel, bound }, { provolatile: "s", proparallel: "s", bound: true })
        assert.match(String(acl), /[{,]=X\//)
      }
    })
  )

  it.effect("go with their migration's down, unless something uses them", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const count = Effect.map(
        sql`SELECT FROM pg_proc WHERE pronamespace = 'pgkeel'::regnamespace`,
        ({ length }) => length
      )
      const { down, up } = yield* Migrator
      yield* sql`CREATE TABLE uses_it (author text DEFAULT pgkeel.current_actor())`
      const refused = yield* Effect.flip(down({ to: "0001", namespace: "pgkeel" }))
      assert.match(String(refused.message), /depend/)
      assert.strictEqual(yield* count, 4)
      yield* sql`DROP TABLE uses_it`
      yield* sql`DROP TABLE IF EXISTS note`
      yield* down({ to: "0001", namespace: "pgkeel" })
      assert.strictEqual(yield* count, 0)
      yield* up()
      assert.strictEqual(yield* count, 4)
    }).pipe(Effect.provide(Migrator.layer({ sources: [MigrationSource.own] })))
  )
})
