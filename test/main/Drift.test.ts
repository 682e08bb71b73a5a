/** A start compares the database with the snapshot that is committed with the migrations. */
import { NodeFileSystem } from "@effect/platform-node"
import { assert, it } from "@effect/vitest"
import { Effect, FileSystem, Logger, References } from "effect"
import { SqlClient } from "effect/sql"
import * as Outline from "../../src/catalog/Outline.ts"
import { read, toText } from "../../src/catalog/Snapshot.ts"
import { StartReport } from "../../src/MainLive.ts"
import type { MainOptions } from "../../src/MainLive.ts"
import { describe } from "../../src/schema/Difference.ts"
import { SchemaVerifier } from "../../src/schema/SchemaVerifier.ts"
import { freshDatabase, TestDatabase } from "../support/Database.ts"
import { drifting, drifts } from "../support/Drifts.ts"
import { Proxy } from "../support/Proxy.ts"
import { uniqueName } from "../support/Roles.ts"
import { onNotes } from "./started.ts"
import { app, main, noteTable, onFreshDatabase, operator, run, start, startHere, tagOf } from "./support.ts"

const fresh = onFreshDatabase(freshDatabase())

const note = { migrations: app(noteTable) }

/** The schema of the test's database, as the command writes it down. */
const snapshotHere = Effect.flatMap(SqlClient.SqlClient, read).pipe(Effect.provide(TestDatabase.layerClient))

/** The differences that a start refuses, as they are told. */
const refused = Effect.fnUntraced(function* (options: MainOptions) {
  const { url } = yield* TestDatabase
  const error = yield* Effect.flip(start(url, options))
  if (error._tag !== "SchemaError" || error.reason._tag !== "SchemaDrift") return assert.fail(error.message)
  return { message: error.message, said: error.reason.differences.map(describe) }
})

it.live("For each kind of object, a change behind the application's back is told by its name", () =>
  onNotes(
    Effect.gen(function* () {
      const { url } = yield* TestDatabase
      const role = uniqueName()
      yield* Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        yield* Effect.forEach(drifting(role), (statement) => sql.unsafe(statement), { discard: true })
        const schema = { snapshot: yield* read(sql) }
        yield* start(url, { ...note, schema })
        // What a start looks at is the hash, so that each change has to give it another one.
        const hash = Effect.map(Outline.read(sql, { tables: [], hash: true }), (outline) => outline.hash)
        let before: string | null = schema.snapshot.hash
        for (const { change, what } of drifts(role)) {
          yield* sql.unsafe(change)
          const after = yield* hash
          assert.notStrictEqual(after, before, what)
          before = after
        }
        const { said: told } = yield* refused({ ...note, schema })
        for (const { said, what } of drifts(role)) {
          assert.isTrue(
            told.some((line) => line.startsWith(said)),
            `${what}: nothing begins with ${said}`
          )
        }
      }).pipe(
        Effect.ensuring(
          Effect.orDie(Effect.andThen(operator(`DROP OWNED BY "${role}" CASCADE`), operator(`DROP ROLE "${role}"`)))
        ),
        Effect.provide(TestDatabase.layerClient)
      )
    })
  )
)

it.live("The comparison is one round trip", () =>
  Effect.gen(function* () {
    const snapshot = yield* snapshotHere
    const { counters, url } = yield* Proxy
    const trips = Effect.gen(function* () {
      const { verify } = yield* SchemaVerifier
      const sql = yield* SqlClient.SqlClient
      yield* sql`SELECT 1`
      const before = counters.roundTrips
      yield* verify({ snapshot, critical: [{ table: "note" }] })
      return counters.roundTrips - before
    })
    assert.strictEqual(yield* run(url, note, trips), 1)
  }).pipe(Effect.provide(Proxy.layer), onNotes)
)

it.live("The snapshot in the directory of the migrations is taken, and another one where it is named", () =>
  fresh(
    Effect.gen(function* () {
      const { url } = yield* TestDatabase
      const files = yield* FileSystem.FileSystem
      const directory = yield* files.makeTempDirectoryScoped()
      yield* files.writeFileString(`${directory}/1_note.up.sql`, "CREATE TABLE note (id int)")
      const first = yield* startHere({ migrations: directory })
      assert.strictEqual(first.steps.at(-1)?.detail, "none to compare with")
      const file = `${directory}/schema.json`
      yield* files.writeFileString(file, toText(yield* snapshotHere))
      const second = yield* start(url, { migrations: directory })
      assert.strictEqual(second.steps.at(-1)?.detail, `as in ${file}`)
      yield* operator("ALTER TABLE note ADD body text")
      for (const options of [
        { migrations: directory },
        { migrations: directory, schema: { snapshot: file } },
        { migrations: directory, schema: { snapshot: new URL(`file://${file}`) } }
      ]) {
        const { message, said } = yield* refused(options)
        assert.deepStrictEqual(said, ["column public.note.body is unexpected (text)"])
        assert.include(message, `the schema differs from ${file}: column public.note.body is unexpected (text); undo`)
        assert.include(message, "commit the new schema with `pgkeel schema snapshot`")
      }
      yield* start(url, { migrations: directory, schema: { snapshot: false } })
    }).pipe(Effect.scoped, Effect.provide(NodeFileSystem.layer))
  )
)

it.live("A snapshot that is missing, none, edited, or of a later form is refused, and what to do is said", () =>
  onNotes(
    Effect.gen(function* () {
      const { url } = yield* TestDatabase
      const files = yield* FileSystem.FileSystem
      const directory = yield* files.makeTempDirectoryScoped()
      const good = toText(yield* snapshotHere)
      yield* operator("ALTER TABLE note ADD more text")
      const cases = [
        ["missing.json", undefined, "cannot be read"],
        ["text.json", "-- schema", "is no snapshot of a schema (no JSON at line 1, column 2: "],
        ["other.json", `{"name":"package"}`, "is no snapshot of a schema"],
        ["newer.json", good.replace(/"format": ?1/u, `"format": 2`), "has a form that this version does not know"],
        ["edited.json", good.replaceAll("body", "content"), "was edited: its hash is not that of its objects"]
      ] as const
      for (const [name, contents, problem] of cases) {
        const file = `${directory}/${name}`
        if (contents !== undefined) yield* files.writeFileString(file, contents)
        const error = yield* Effect.flip(start(url, { ...note, schema: { snapshot: file } }))
        assert.strictEqual(tagOf(error), "UnusableSnapshot", name)
        assert.include(error.message, `${file} ${problem}`)
        assert.match(error.message, /: (?:give|write|restore|upgrade) /u)
      }
    }).pipe(Effect.scoped, Effect.provide(NodeFileSystem.layer))
  )
)

/** What a start warns of, and its report. */
const watched = Effect.fnUntraced(function* (options: MainOptions) {
  const { url } = yield* TestDatabase
  const warnings: Array<string> = []
  const logger = Logger.make(({ logLevel, message }) => void warnings.push(`${logLevel} ${String(message)}`))
  const report = yield* Effect.provide(StartReport, main(url, options), { local: true }).pipe(
    Effect.provide(Logger.layer([logger])),
    Effect.provideService(References.MinimumLogLevel, "Warn")
  )
  return { report, warnings }
})

/** Drift made by these changes; the snapshot of before. */
const drifted = (...changes: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const snapshot = yield* snapshotHere
    for (const change of changes) yield* operator(change)
    return snapshot
  })

it.live("Drift is let pass with a warning for each difference, where the policy says so", () =>
  onNotes(
    Effect.gen(function* () {
      const snapshot = yield* drifted("ALTER TABLE note ADD more text", "CREATE TABLE extra (id int)")
      const { report, warnings } = yield* watched({ ...note, schema: { snapshot, drift: "warn" } })
      assert.deepStrictEqual(warnings, [
        "Warn the schema differs from the snapshot: column public.note.more is unexpected (text)",
        "Warn the schema differs from the snapshot: table public.extra is unexpected"
      ])
      assert.strictEqual(report.steps.at(-1)?.detail, "2 differences from the snapshot")
      assert.deepStrictEqual(report.initialization.drift.map(describe), [
        "column public.note.more is unexpected (text)",
        "table public.extra is unexpected"
      ])
    })
  )
)

it.live("What is ignored is not compared, and the rest is", () =>
  onNotes(
    Effect.gen(function* () {
      const { url } = yield* TestDatabase
      const snapshot = yield* drifted(
        "CREATE TABLE scratch_1 (id int)",
        "COMMENT ON TABLE note IS 'x'",
        "GRANT SELECT ON note TO PUBLIC",
        "ALTER TABLE note ADD more text"
      )
      const some = { snapshot, ignore: ["table public.scratch_*", "comments", "grants"] }
      assert.deepStrictEqual((yield* refused({ ...note, schema: some })).said, [
        "column public.note.more is unexpected (text)"
      ])
      const { steps } = yield* start(url, { ...note, schema: { ...some, ignore: [...some.ignore, "column *.more"] } })
      assert.strictEqual(steps.at(-1)?.detail, "as in the snapshot, where it matters")
    })
  )
)

it.live("A constraint that a start has validated is no drift from a snapshot in which it is NOT VALID", () =>
  onNotes(
    Effect.gen(function* () {
      const { url } = yield* TestDatabase
      yield* operator("ALTER TABLE note ADD CONSTRAINT filled CHECK (body <> '') NOT VALID")
      const schema = { snapshot: yield* snapshotHere }
      const { initialization } = yield* startHere({ ...note, schema })
      assert.deepStrictEqual(initialization.validated, ["public.note.filled"])
      yield* start(url, { ...note, schema })
    })
  )
)
