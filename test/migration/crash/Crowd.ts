/**
 * Many processes that migrate one database at the same moment, an empty one or one
 * with half the history: each migration runs once, and every process succeeds.
 */
import { NodeServices } from "@effect/platform-node"
import { Effect, FileSystem, Layer, Path, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import { TestDatabase } from "../../../src/testing/TestDatabase.ts"
import { runner } from "./processes.ts"
import { migrate } from "./runner.ts"

export interface CrowdOptions {
  readonly processes: number
  /** On an empty database and on one with half the history, each so often. */
  readonly rounds: number
  readonly finished?: (round: number) => Effect.Effect<void>
}

/** What went wrong, as sentences. */
export type Problems = ReadonlyArray<string>

const half = 6
const all = 12

/** Each leaves a row behind, so that running twice is seen in the database too. */
const textOf = (id: number): string =>
  id === 1
    ? "CREATE TABLE runs (id int); INSERT INTO runs VALUES (1);"
    : id === 4 || id === 9
      ? `CREATE INDEX CONCURRENTLY runs_${id} ON runs (id); INSERT INTO runs VALUES (${id});`
      : `INSERT INTO runs VALUES (${id});`

const ids = Array.from({ length: all }, (_, index) => index + 1)

export const crowd = <E, R>(database: Layer.Layer<TestDatabase, E, R>, { finished, processes, rounds }: CrowdOptions) =>
  Effect.gen(function* () {
    const write = Effect.fnUntraced(function* (last: number) {
      const fs = yield* FileSystem.FileSystem
      const { join } = yield* Path.Path
      const directory = yield* fs.makeTempDirectoryScoped({ prefix: "pgkeel-crowd-" })
      yield* Effect.forEach(ids.slice(0, last), (id) =>
        fs.writeFileString(join(directory, `${id}_n.up.sql`), textOf(id))
      )
      return directory
    })
    const directories = { half: yield* write(half), all: yield* write(all) }
    const children = yield* Effect.all(
      Array.from({ length: processes }, () => runner),
      { concurrency: 4 }
    )
    const problems: Array<string> = []
    for (let round = 0; round < rounds; round++) {
      for (const done of [0, half]) {
        const found = yield* Effect.provide(
          oneRound(children, directories, done),
          Layer.provideMerge(TestDatabase.layerClient, database),
          { local: true }
        )
        problems.push(...found.map((problem) => `round ${round + 1}, ${done} applied before: ${problem}`))
      }
      yield* finished?.(round + 1) ?? Effect.void
    }
    return problems satisfies Problems
  }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))

type Children = ReadonlyArray<Effect.Success<typeof runner>>

const oneRound = Effect.fnUntraced(function* (
  children: Children,
  directories: { readonly half: string; readonly all: string },
  done: number
) {
  const sql = yield* SqlClient.SqlClient
  const { url } = yield* TestDatabase
  const order = { url: Redacted.value(url), code: false, direction: "up" } as const
  if (done > 0) yield* migrate({ ...order, directory: directories.half })
  const ends = yield* Effect.forEach(children, ({ run }) => run({ ...order, directory: directories.all }), {
    concurrency: "unbounded"
  })
  const expected = ids.slice(done).map((id) => `files/${id}`)
  const ran = ends.flatMap((end) => end.ran)
  const rows = yield* sql<{ readonly id: number }>`SELECT id FROM runs ORDER BY id`
  const states = yield* sql<{ readonly states: string }>`
    SELECT string_agg(DISTINCT state, ', ') AS states FROM pgkeel.migrations`
  const invalid = yield* sql`SELECT FROM pg_index WHERE NOT indisvalid`
  return [
    ...ends.filter(({ failure }) => failure !== undefined).map(({ failure }) => `a process failed: ${failure}`),
    ...(ran.toSorted().join() === expected.toSorted().join() ? [] : [`the processes ran ${ran.join(", ")}`]),
    ...(rows.map(({ id }) => id).join() === ids.join() ? [] : [`it has ${JSON.stringify(rows)}`]),
    ...(states[0]?.states === "applied" ? [] : [`the history says ${states[0]?.states}`]),
    ...(invalid.length === 0 ? [] : ["an index is INVALID"])
  ]
})
