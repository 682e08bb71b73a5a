/**
 * Many rows in and out of sessions: COPY, INSERT by the thousand, cursors, a queue, and one state for many readers.
 *
 *     npx tsx examples/bulk.ts                    on an embedded server, gone afterwards
 *     DATABASE_URL=... npx tsx examples/bulk.ts   on your own, in a schema that is dropped at the end
 */
import { Deferred, Effect, Layer, Schema, Stream } from "effect"
import { SqlClient } from "effect/sql"
import { AdvisoryLock, Bulk, ConnectionManager, Copy, Cursor, RowLock, SessionFactory, SharedSnapshot } from "pgkeel"
import { runExample } from "./support/example.ts"
import { step } from "./support/printer.ts"

const schema = "pgkeel_bulk"
const reading = [schema, "reading"] as const
const sensor = [schema, "sensor"] as const

const sensors = 100
const readings = 60_000

const sqlOf = <A, E, R>(statement: (sql: SqlClient.SqlClient) => Effect.Effect<A, E, R>) =>
  Effect.flatMap(SqlClient.SqlClient, statement)

const inSession = <A, E, R>(name: string, effect: Effect.Effect<A, E, R>) =>
  Effect.flatMap(SessionFactory, ({ withSession }) => withSession({ name, actor: "importer" })(effect))

/** A stream of rows is made as fast as the server takes it, so its length does not matter. */
const made = Stream.map(Stream.range(1, readings), (id) => ({
  id,
  sensor: id % sensors,
  at: new Date(Date.UTC(2026, 0, 1) + id * 1000),
  value: id % 2 === 0 ? null : id / 10
}))

/** COPY is a part of the session: both tables are filled, or none. */
const load = inSession(
  "load",
  Effect.gen(function* () {
    const names = Array.from({ length: sensors }, (_, id) => ({ id, name: `sensor ${id}`, tags: ["new", "indoor"] }))
    const known = yield* Bulk.insertMany(sensor, names)
    const copied = yield* Copy.rows(reading, made)
    return `${known} sensors, ${copied} readings`
  })
)

/** The second line is wrong: the session fails with it, and keeps nothing of the first. */
const wrong = inSession(
  "wrong",
  Copy.into({ table: reading, columns: ["id", "sensor", "at"] }, Stream.make("-1\t1\tnow\n", "-2\tone\tnow\n"))
).pipe(
  Effect.flip,
  Effect.map((error) => ("where" in error.reason ? `${error.reason._tag} at ${error.reason.where}` : error.message))
)

/** What INSERT can and COPY cannot: meet rows that exist, and say what became of each. */
const rename = inSession(
  "rename",
  Bulk.insertReturning(
    sensor,
    [
      { id: 1, name: "door", tags: [] },
      { id: sensors, name: "roof", tags: ["outdoor"] }
    ],
    Schema.Struct({ id: Schema.Int, name: Schema.String }),
    { onConflict: { columns: ["id"], update: ["name", "tags"] } }
  )
).pipe(Effect.map((rows) => rows.map(({ id, name }) => `${id} ${name}`).join(", ")))

/** From a query into another table through this process, of which never more is here than a few pieces. */
const archive = sqlOf((sql) =>
  Effect.gen(function* () {
    yield* sql`CREATE TABLE ${sql(schema)}.archive (LIKE ${sql(schema)}.reading)`
    // Outside of a session each COPY has a connection of its own; two cannot run in one transaction at once.
    const old = Copy.out({ query: `SELECT * FROM ${schema}.reading WHERE id <= ${readings / 2}`, format: "csv" })
    const copied = yield* Copy.into({ table: [schema, "archive"], format: "csv" }, old)
    return `${copied} readings, by way of CSV`
  })
)

/** A cursor lets other statements of its session run while the stream is open, and holds one batch. */
const average = inSession(
  "average",
  sqlOf((sql) =>
    Effect.gen(function* () {
      const known = sql<{ id: number }>`SELECT id FROM ${sql(schema)}.sensor ORDER BY id`
      let written = 0
      yield* Stream.runForEach(Cursor.stream(known, { batchSize: 25 }), ({ id }) =>
        Effect.gen(function* () {
          yield* sql`UPDATE ${sql(schema)}.sensor SET average =
            (SELECT avg(value) FROM ${sql(schema)}.reading WHERE sensor = ${id}) WHERE id = ${id}`
          written++
        })
      )
      return `${written} sensors, each in the cursor's own transaction`
    })
  )
)

/** Takes what no other worker has, until nothing is left; what fails half-way is free again. */
const worker = (clean: (ids: ReadonlyArray<number>) => void) =>
  inSession(
    "worker",
    sqlOf((sql) =>
      Effect.gen(function* () {
        const waiting = sql<{ id: number }>`SELECT id FROM ${sql(schema)}.sensor
          WHERE 'new' = ANY (tags) ORDER BY id LIMIT 10`
        const ids = (yield* RowLock.take(waiting)).map(({ id }) => id)
        yield* sql`UPDATE ${sql(schema)}.sensor SET tags = array_remove(tags, 'new') WHERE id = ANY (${ids}::int[])`
        yield* Effect.sync(() => clean(ids))
        return ids.length
      })
    )
  ).pipe(Effect.repeat({ until: (count) => count === 0 }))

const queue = Effect.gen(function* () {
  const done: Array<number> = []
  yield* Effect.all(
    Array.from({ length: 4 }, () => worker((ids) => done.push(...ids))),
    { concurrency: "unbounded" }
  )
  return `${done.length} sensors by 4 workers, ${new Set(done).size} different ones`
})

/** Three sessions count a third each of what one of them saw, although half of it is deleted before they do. */
const together = sqlOf((sql) =>
  Effect.gen(function* () {
    const { withSession } = yield* SessionFactory
    const exported = yield* Deferred.make<void>()
    const deleted = yield* Deferred.make<void>()
    const third = (at: number) =>
      sql<{ n: number }>`SELECT count(*)::int AS n FROM ${sql(schema)}.reading WHERE id % 3 = ${at}`
    const report = withSession({ name: "report", isolation: "repeatable read", readOnly: true })(
      Effect.gen(function* () {
        const snapshot = yield* SharedSnapshot.exported
        yield* Deferred.succeed(exported, undefined)
        yield* Deferred.await(deleted)
        const parts = [0, 1, 2].map((at) => SharedSnapshot.within(snapshot, { name: `part ${at}` })(third(at)))
        return yield* Effect.all(parts, { concurrency: "unbounded" })
      })
    )
    const cleaner = Deferred.await(exported).pipe(
      Effect.andThen(inSession("cleaner", sql`DELETE FROM ${sql(schema)}.reading WHERE id % 2 = 0`)),
      Effect.andThen(Deferred.succeed(deleted, undefined))
    )
    const [counts] = yield* Effect.all([report, cleaner], { concurrency: 2 })
    return counts.flatMap((rows) => rows.map(({ n }) => n)).join(" + ")
  })
)

/** One importer at a time in the whole database, whichever process it runs in. */
const alone = Effect.gen(function* () {
  const second = Effect.scoped(AdvisoryLock.hold("import"))
  yield* AdvisoryLock.hold("import", { patience: "5 seconds" })
  return yield* Effect.as(second, "two at once").pipe(
    Effect.catchTag("LockHeld", () => Effect.succeed("a second importer is refused"))
  )
}).pipe(Effect.scoped)

const tables = Effect.acquireRelease(
  sqlOf((sql) =>
    Effect.gen(function* () {
      // A run that was stopped may have left it.
      yield* sql`DROP SCHEMA IF EXISTS ${sql(schema)} CASCADE`
      yield* sql`CREATE SCHEMA ${sql(schema)}`
      yield* sql`CREATE TABLE ${sql(schema)}.sensor (id int PRIMARY KEY, name text, tags text[], average float8)`
      yield* sql`CREATE TABLE ${sql(schema)}.reading (id int PRIMARY KEY, sensor int, at timestamptz, value float8)`
      yield* sql`CREATE INDEX ON ${sql(schema)}.reading (sensor)`
    })
  ),
  () => Effect.ignore(sqlOf((sql) => sql`DROP SCHEMA ${sql(schema)} CASCADE`))
)

const walk = Effect.gen(function* () {
  yield* tables
  yield* step("loaded", String, load)
  yield* step("refused", String, wrong)
  yield* step("renamed", String, rename)
  yield* step("archived", String, archive)
  yield* step("averaged", String, average)
  yield* step("queue", String, queue)
  yield* step("one state", String, together)
  yield* step("alone", String, alone)
}).pipe(Effect.scoped)

const Live = SessionFactory.layer.pipe(Layer.provideMerge(ConnectionManager.layer()))

runExample("pgkeel: many rows in and out of sessions", Effect.provide(walk, Live))
