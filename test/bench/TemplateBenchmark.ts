/**
 * A test's own database, migrated and ready to be connected to: cloned from a
 * template, next to an empty one in which the migrations are run. Dropping it is
 * not measured. What is left of ours is what PostgreSQL takes to copy a database.
 */
import { Effect, Layer, References } from "effect"
import type { Redacted, Scope } from "effect"
import { SqlClient } from "effect/sql"
import { NodeServices } from "@effect/platform-node"
import { Migrator } from "../../src/migration/Migrator.ts"
import * as MigrationSource from "../../src/migration/MigrationSource.ts"
import { TestDatabase } from "../../src/testing/TestDatabase.ts"
import type { Benchmark, Figure } from "./support/Benchmark.ts"
import { median } from "./support/median.ts"

const count = 50

/** A table with two indexes each, and a foreign key to the one before. */
const migrations = Array.from({ length: count }, (_, index) => ({
  id: String(index + 1).padStart(4, "0"),
  name: `table_${index}`,
  up: Effect.flatMap(
    SqlClient.SqlClient,
    (sql) => sql`
      CREATE TABLE public.${sql(`table_${index}`)} (
        id bigint PRIMARY KEY,
        code text NOT NULL UNIQUE,
        before bigint REFERENCES public.${sql(`table_${Math.max(0, index - 1)}`)}
      )`
  )
}))

const sources: ReadonlyArray<MigrationSource.MigrationSource> = [MigrationSource.own, { namespace: "app", migrations }]

const migrate = Effect.flatMap(Migrator, (migrator) => migrator.up()).pipe(
  Effect.provide(Migrator.layer({ sources }).pipe(Layer.provide(NodeServices.layer)), { local: true }),
  Effect.provideService(References.MinimumLogLevel, "Fatal"),
  Effect.asVoid
)

const template = { key: `bench ${crypto.randomUUID()}`, build: migrate }

const cloned = (url: Redacted.Redacted) => Layer.build(TestDatabase.layerServer(url, { template }))

const migrated = (url: Redacted.Redacted) =>
  Effect.flatMap(Layer.build(TestDatabase.layerServer(url)), (database) =>
    Effect.provide(migrate, TestDatabase.layerClient.pipe(Layer.provide(Layer.succeedContext(database))), {
      local: true
    })
  )

const millis = <E>(database: Effect.Effect<unknown, E, Scope.Scope>) =>
  Effect.gen(function* () {
    const start = performance.now()
    yield* database
    return performance.now() - start
  }).pipe(Effect.scoped)

const measure = (url: Redacted.Redacted, quick: boolean) =>
  Effect.gen(function* () {
    const [ours, theirs] = [millis(cloned(url)), millis(migrated(url))]
    // Builds the template.
    yield* ours
    const rounds = yield* Effect.forEach(Array.from({ length: quick ? 3 : 30 }), (_, index) =>
      Effect.gen(function* () {
        const first = yield* index % 2 === 0 ? ours : theirs
        const second = yield* index % 2 === 0 ? theirs : ours
        return index % 2 === 0 ? { ours: first, theirs: second } : { ours: second, theirs: first }
      })
    )
    const figure: Figure = {
      name: "a test's database from a migrated template",
      ratio: median(rounds.map((one) => one.ours / one.theirs)),
      against: `creating a database and running the same ${count + 1} migrations in it`,
      ours: median(rounds.map((one) => one.ours)),
      theirs: median(rounds.map((one) => one.theirs)),
      unit: "milliseconds (lower is better)",
      target: { atMost: 0.75 }
    }
    return [figure]
  })

export const cloning: Benchmark = {
  name: "template",
  run: ({ quick, url }) => measure(url, quick)
}
