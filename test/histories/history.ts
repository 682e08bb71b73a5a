/**
 * A whole history of migrations, as projects have them: up, all the way down, up
 * again, and what psql makes of the same files, each compared by the catalogues.
 */
import { Array, Effect, Layer, Redacted, Result } from "effect"
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
import { hasPsql } from "../support/hasPsql.ts"
import { schemaState } from "./schemaState.ts"

export interface HistoryReport {
  readonly applied: number
  /** What psql's result differs in, or that there is no psql. */
  readonly psql: "equal" | "absent" | ReadonlyArray<string>
  /** How many were reverted, by psql too, and what the first that was not failed with. */
  readonly reverted: number
  readonly revertedByPsql: number | undefined
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
  if (!hasPsql) return { ...report, psql: "absent", revertedByPsql: undefined } satisfies HistoryReport
  const { reverted, state } = yield* Effect.provide(Effect.andThen(begin, byPsql(directory)), Layer.fresh(database))
  return { ...report, psql: difference(state, before), revertedByPsql: reverted } satisfies HistoryReport
})

const run = promisify(execFile)

/** Each file by itself, in the order of the names, and back as far as that goes. */
const byPsql = Effect.fnUntraced(function* (directory: string) {
  const { url } = yield* TestDatabase
  const folder = mkdtempSync(join(tmpdir(), "pgkeel-histories-"))
  const file = join(folder, "migration.sql")
  const execute = (text: string) => {
    writeFileSync(file, text)
    // The message of the failure has the command, and so the password.
    return Effect.tryPromise({
      try: () => run("psql", ["-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", file, Redacted.value(url)]),
      catch: (error) => new Error(String(Object(error).stderr))
    })
  }
  const scripts = scriptsOf(directory)
  yield* Effect.forEach(scripts, ({ up }) => execute(up), { discard: true })
  const state = yield* schemaState
  let reverted = 0
  for (const { down } of scripts.filter(({ isRepeatable }) => !isRepeatable).toReversed()) {
    if (down === undefined || Result.isFailure(yield* Effect.result(execute(inOne(down))))) break
    reverted++
  }
  rmSync(folder, { recursive: true })
  return { state, reverted }
})

/** As a migration is reverted: all or nothing, unless it cannot be. */
const inOne = (text: string): string =>
  /\bCONCURRENTLY\b|transaction:false|pgkeel:no-transaction|^\s*(?:BEGIN|COMMIT)\s*;/imu.test(text)
    ? text
    : `BEGIN;\n${text}\n;COMMIT;`

const idOf = (name: string): string => /^(?:\d+(?:-\d+)*|R__.+)/u.exec(name)?.[0] ?? "0"

interface Scripts {
  readonly up: string
  readonly down: string | undefined
  readonly isRepeatable: boolean
}

const scriptsOf = (directory: string): ReadonlyArray<Scripts> =>
  [...readdirSync(directory)]
    .toSorted((a, b) => compareIds(idOf(a), idOf(b)))
    .flatMap((name): ReadonlyArray<Scripts> => {
      const path = join(directory, name)
      const isRepeatable = name.startsWith("R__")
      if (existsSync(join(path, "up.sql"))) {
        return [{ up: readFileSync(join(path, "up.sql"), "utf8"), down: textOf(join(path, "down.sql")), isRepeatable }]
      }
      if (!/^(?:\d|R__).*\.sql$/u.test(name) || /\.(?:down|verify)\.sql$/u.test(name)) return []
      const [up = "", down] = readFileSync(path, "utf8").split(/^-- migrate:down.*$/mu, 2)
      return [{ up, down: down ?? besideOf(path), isRepeatable }]
    })

const besideOf = (path: string) =>
  path.endsWith(".up.sql") ? textOf(path.replace(/\.up\.sql$/u, ".down.sql")) : undefined

const textOf = (path: string): string | undefined => (existsSync(path) ? readFileSync(path, "utf8") : undefined)

const difference = (left: string, right: string): "equal" | ReadonlyArray<string> => {
  if (left === right) return "equal"
  const [a, b] = [left.split("\n"), right.split("\n")]
  return [
    ...Array.difference(a, b).map((line) => `- ${line.trim()}`),
    ...Array.difference(b, a).map((line) => `+ ${line.trim()}`)
  ].slice(0, 40)
}
