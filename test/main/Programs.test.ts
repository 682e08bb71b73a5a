/** Programs as they are written for `effect/sql` and `@effect/sql-pg`: nothing in them knows of pgkeel. */
import { assert, it, layer } from "@effect/vitest"
import { Deferred, Effect, Fiber, Layer, Queue, Ref, Schema, Stream, String } from "effect"
import { Reactivity } from "effect/reactivity"
import { Model } from "effect/schema"
import { SqlClient, SqlModel, SqlResolver, SqlSchema } from "effect/sql"
import { PgClient } from "@effect/sql-pg"
import { ConnectionManager } from "../../src/connection/ConnectionManager.ts"
import { DatabaseError } from "../../src/error/DatabaseError.ts"
import { freshDatabase, TestDatabase } from "../support/Database.ts"
import { main, quiet, run } from "./support.ts"

const Live = Layer.unwrap(Effect.map(TestDatabase, ({ url }) => main(url, { migrator: url, maxConnections: 4 }))).pipe(
  Layer.provideMerge(freshDatabase())
)

const freshTable = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`DROP TABLE IF EXISTS person`
  yield* sql`CREATE TABLE person (id serial PRIMARY KEY, name text NOT NULL, data jsonb)`
  return sql
})

class Person extends Model.Class<Person>("Person")({
  id: Model.Field({ select: Schema.Int, update: Schema.Int, json: Schema.Int }),
  name: Schema.String
}) {}

const clean = Effect.gen(function* () {
  const { activeConnections, poolStatus } = yield* ConnectionManager
  assert.deepStrictEqual(yield* activeConnections, [])
  assert.deepInclude(yield* poolStatus, { inUse: 0, waiting: 0 })
})

layer(Live, { excludeTestServices: true })("A program written for effect/sql", (it) => {
  it.effect("uses SqlModel repositories", () =>
    Effect.gen(function* () {
      yield* freshTable
      const repository = yield* SqlModel.makeRepository(Person, {
        tableName: "person",
        spanPrefix: "Person",
        idColumn: "id"
      })
      const ada = yield* repository.insert(Person.insert.make({ name: "Ada" }))
      const renamed = yield* repository.update(Person.update.make({ id: ada.id, name: "Ada L" }))
      assert.strictEqual(renamed.name, "Ada L")
      assert.strictEqual((yield* repository.findById(ada.id)).name, "Ada L")
      yield* repository.delete(ada.id)
      yield* Effect.flip(repository.findById(ada.id))
      yield* clean
    })
  )

  it.effect("uses SqlSchema", () =>
    Effect.gen(function* () {
      const sql = yield* freshTable
      const insert = SqlSchema.void({
        Request: Schema.Struct({ name: Schema.String }),
        execute: (row) => sql`INSERT INTO person ${sql.insert(row)}`
      })
      const all = SqlSchema.findAll({
        Request: Schema.Void,
        Result: Schema.Struct({ name: Schema.String }),
        execute: () => sql`SELECT name FROM person`
      })
      yield* insert({ name: "Ada" })
      assert.deepStrictEqual(yield* all(undefined), [{ name: "Ada" }])
      yield* clean
    })
  )

  it.effect("batches requests through SqlResolver into one statement, inside a transaction and outside", () =>
    Effect.gen(function* () {
      const sql = yield* freshTable
      const batches: Array<ReadonlyArray<number>> = []
      yield* sql`INSERT INTO person ${sql.insert([{ name: "a" }, { name: "b" }, { name: "c" }])}`
      const resolver = SqlResolver.findById({
        Id: Schema.Int,
        Result: Schema.Struct({ id: Schema.Int, name: Schema.String }),
        ResultId: ({ id }) => id,
        execute: (ids) => {
          batches.push(ids)
          return sql`SELECT id, name FROM person WHERE ${sql.in("id", ids)}`
        }
      })
      const find = SqlResolver.request(resolver)
      const three = Effect.forEach([1, 2, 3], (id) => find(id), { concurrency: "unbounded" })
      assert.deepStrictEqual(
        (yield* three).map(({ name }) => name),
        ["a", "b", "c"]
      )
      assert.deepStrictEqual(
        (yield* sql.withTransaction(three)).map(({ name }) => name),
        ["a", "b", "c"]
      )
      assert.deepStrictEqual(
        batches.map((ids) => ids.length),
        [3, 3]
      )
      yield* clean
    })
  )

  it.effect("runs a reactive query again when its key is invalidated", () =>
    Effect.gen(function* () {
      const sql = yield* freshTable
      const seen = yield* Ref.make<ReadonlyArray<number>>([])
      const first = yield* Deferred.make<void>()
      const fiber = yield* sql.reactive(["person"], sql<{ n: number }>`SELECT count(*)::int AS n FROM person`).pipe(
        Stream.tap(([row]) => Ref.update(seen, (all) => [...all, row?.n ?? -1])),
        Stream.tap(() => Deferred.succeed(first, undefined)),
        Stream.take(2),
        Stream.runDrain,
        Effect.forkChild
      )
      yield* Deferred.await(first)
      yield* sql`INSERT INTO person (name) VALUES ('Ada')`.pipe(Reactivity.mutation(["person"]))
      yield* Fiber.join(fiber)
      assert.deepStrictEqual(yield* Ref.get(seen), [0, 1])
    }).pipe(Effect.timeout("10 seconds"), Effect.provide(Reactivity.layer))
  )

  it.effect("writes JSON through the helper, and hears NOTIFY through LISTEN", () =>
    Effect.gen(function* () {
      yield* freshTable
      const pg = yield* PgClient.PgClient
      yield* pg`INSERT INTO person (name, data) VALUES ('Ada', ${pg.json({ tags: ["x"] })})`
      assert.deepStrictEqual(yield* pg`SELECT data FROM person`, [{ data: { tags: ["x"] } }])
      yield* Effect.scoped(
        Effect.gen(function* () {
          const queue = yield* pg.listen("news")
          yield* pg.notify("news", "hello")
          assert.strictEqual((yield* Queue.take(queue)).payload, "hello")
        })
      )
      yield* clean
    })
  )

  it.effect("refuses a channel whose name PostgreSQL would cut short", () =>
    Effect.gen(function* () {
      const pg = yield* PgClient.PgClient
      const name = "é".repeat(32)
      const failures = yield* Effect.all([
        Effect.flip(Effect.scoped(pg.listen(name))),
        Effect.flip(pg.notify(name, ""))
      ])
      for (const error of failures) {
        assert.include(
          DatabaseError.fromSqlError(error).message,
          `"${name}" is 64 bytes long; PostgreSQL takes at most 63`
        )
      }
      yield* pg.notify("é".repeat(31), "")
      yield* clean
    })
  )

  it.effect("streams inside a transaction what the transaction has written", () =>
    Effect.gen(function* () {
      const sql = yield* freshTable
      const names = yield* sql.withTransaction(
        Effect.gen(function* () {
          yield* sql`INSERT INTO person (name) SELECT 'p' || n FROM generate_series(1, 500) AS n`
          return yield* sql<{ name: string }>`SELECT name FROM person`.stream.pipe(Stream.runCollect)
        })
      )
      assert.strictEqual(names.length, 500)
      yield* clean
    })
  )

  it.effect("runs sql.afterCommit after COMMIT, and not after ROLLBACK", () =>
    Effect.gen(function* () {
      const sql = yield* freshTable
      const told = yield* Ref.make<ReadonlyArray<string>>([])
      const tell = (what: string) => sql.afterCommit(Ref.update(told, (all) => [...all, what]))
      yield* sql.withTransaction(
        Effect.gen(function* () {
          yield* tell("kept")
          assert.deepStrictEqual(yield* Ref.get(told), [])
          yield* Effect.ignore(sql.withTransaction(Effect.andThen(tell("inner"), Effect.fail("undo"))))
        })
      )
      yield* Effect.ignore(sql.withTransaction(Effect.andThen(tell("lost"), Effect.fail("undo"))))
      assert.deepStrictEqual(yield* Ref.get(told), ["kept"])
      yield* clean
    })
  )
})

it.live("Names are transformed as the options say, in migrations too, and withoutTransforms leaves them", () =>
  Effect.gen(function* () {
    const { url } = yield* TestDatabase
    const seen: Array<unknown> = []
    const up = Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* sql`CREATE TABLE person (first_name text)`
      seen.push(...(yield* sql`INSERT INTO person ${sql.insert({ firstName: "Ada" })} RETURNING *`))
    })
    const options = {
      migrator: url,
      migrations: [{ namespace: "app", migrations: [{ id: "1", name: "person", up }] }],
      critical: [{ table: "person", columns: ["first_name"] }],
      transformResultNames: String.snakeToCamel,
      transformQueryNames: String.camelToSnake
    }
    yield* run(
      url,
      options,
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        assert.deepStrictEqual(yield* sql`SELECT ${sql("firstName")} FROM person`, [{ firstName: "Ada" }])
        const plain = sql.withoutTransforms()
        assert.deepStrictEqual(yield* plain`SELECT * FROM person`, [{ first_name: "Ada" }])
        yield* sql.withTransaction(plain`INSERT INTO person ${plain.insert({ first_name: "Bob" })}`)
        assert.strictEqual((yield* sql`SELECT * FROM person`).length, 2)
      })
    )
    assert.deepStrictEqual(seen, [{ firstName: "Ada" }])
  }).pipe(quiet, Effect.provide(freshDatabase(), { local: true }))
)
