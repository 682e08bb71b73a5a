/**
 * A whole history of migrations, as projects have them: up, all the way down, up
 * again, and what psql makes of the same files, each compared by the catalogues.
 */
import { Array, Effect, Layer, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import { execFile } from "node:child_process"
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { DatabaseConfig } from "../../src/config/DatabaseConfig.ts"
import { ConnectionManager } from "../../src/connection/ConnectionManager.ts"
import { compareIds } from "../../src/migration/internal/migration.ts"
import { Migrator } from "../../src/migration/Migrator.ts"
import { TestDatabase } from "../../src/testing/TestDatabase.ts"
import { schemaState } from "./schemaState.ts"

export interface HistoryReport {
  readonly applied: number
  /** What psql's result differs in, or that there is no psql. */
  readonly psql: "equal" | "absent" | ReadonlyArray<string>
  /** How many were reverted, and what the first that was not failed with. */
  readonly reverted: number
  readonly stopped: string | undefined
  /** What the second `up` differs in; `undefined` if the way down ended early. */
  readonly again: "equal" | ReadonlyArray<string> | undefined
}

/** The package's own client: what pg_dump has written needs its COPY. */
const client = Layer.unwrap(
  Effect.map(TestDatabase, ({ url }) =>
    ConnectionManager.layer().pipe(Layer.provide(DatabaseConfig.layer({ url, maxConnections: 2 })))
  )
)

/** `server` makes a fresh one for each of the two runs, in which `first` is run first. */
export const follow = Effect.fnUntraced(function* <E, R>(
  directory: string,
  server: Layer.Layer<TestDatabase, E, R>,
  first?: string
) {
  const begin = Effect.flatMap(SqlClient.SqlClient, (sql) =>
    first === undefined ? Effect.void : Effect.asVoid(sql.unsafe(first))
  )
  const database = client.pipe(Layer.provideMerge(server))
  const ours = Effect.gen(function* () {
    yield* begin
    const migrator = yield* Migrator
    const { applied } = yield* migrator.up()
    const before = yield* schemaState
    let reverted = 0
    let stopped: string | undefined
    while (stopped === undefined) {
      const step = yield* Effect.result(migrator.down({ steps: 1 }))
      if (step._tag === "Failure") stopped = step.failure.message
      else if (step.success.reverted.length === 0) break
      else reverted++
    }
    yield* migrator.up()
    const again = difference(before, yield* schemaState)
    return { applied: applied.length, before, reverted, stopped, again }
  })
  const layer = Migrator.layer({ sources: [{ namespace: "app", directory }] }).pipe(Layer.provideMerge(database))
  const { before, ...report } = yield* Effect.provide(ours, Layer.fresh(layer))
  const psql = (yield* hasPsql)
    ? difference(yield* Effect.provide(Effect.andThen(begin, byPsql(directory)), Layer.fresh(database)), before)
    : "absent"
  return { ...report, psql } satisfies HistoryReport
})

const run = promisify(execFile)

const hasPsql = Effect.promise(() =>
  run("psql", ["--version"]).then(
    () => true,
    () => false
  )
)

/** Each file by itself, in the order of the names. */
const byPsql = Effect.fnUntraced(function* (directory: string) {
  const { url } = yield* TestDatabase
  const folder = mkdtempSync(join(tmpdir(), "pgkeel-histories-"))
  for (const [index, text] of upTexts(directory).entries()) {
    const file = join(folder, `${index}.sql`)
    writeFileSync(file, text)
    // The message of the failure has the command, and so the password.
    yield* Effect.tryPromise({
      try: () => run("psql", ["-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", file, Redacted.value(url)]),
      catch: (error) => new Error(String(Object(error).stderr))
    })
  }
  rmSync(folder, { recursive: true })
  return yield* schemaState
})

const idOf = (name: string): string => /^(?:\d+(?:-\d+)*|R__.+)/u.exec(name)?.[0] ?? "0"

const upTexts = (directory: string): ReadonlyArray<string> =>
  [...readdirSync(directory)]
    .toSorted((a, b) => compareIds(idOf(a), idOf(b)))
    .flatMap((name) => {
      const path = join(directory, name)
      if (existsSync(join(path, "up.sql"))) return [readFileSync(join(path, "up.sql"), "utf8")]
      if (!/^(?:\d|R__).*\.sql$/u.test(name) || /\.(?:down|verify)\.sql$/u.test(name)) return []
      return [readFileSync(path, "utf8").split(/^-- migrate:down.*$/mu, 1)[0] ?? ""]
    })

const difference = (left: string, right: string): "equal" | ReadonlyArray<string> => {
  if (left === right) return "equal"
  const [a, b] = [left.split("\n"), right.split("\n")]
  return [
    ...Array.difference(a, b).map((line) => `- ${line.trim()}`),
    ...Array.difference(b, a).map((line) => `+ ${line.trim()}`)
  ].slice(0, 40)
}
