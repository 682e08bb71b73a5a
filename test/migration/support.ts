/** What the tests of this folder share: a directory to write migrations into, and a migrator over a fresh database. */
import { NodeServices } from "@effect/platform-node"
import { assert, it, layer, type Vitest } from "@effect/vitest"
import { Context, Effect, FileSystem, Layer, Path, type Redacted, References, Schedule, type Scope } from "effect"
import type { ChildProcessSpawner } from "effect/process"
import { SqlClient } from "effect/sql"
import { PgClient } from "@effect/sql-pg"
import { DatabaseConfig } from "../../src/config/DatabaseConfig.ts"
import { ConnectionManager } from "../../src/connection/ConnectionManager.ts"
import { MigrationError } from "../../src/migration/MigrationError.ts"
import { Migrator, type MigratorOptions } from "../../src/migration/Migrator.ts"
import type { TestDatabase } from "../../src/testing/index.ts"
import { freshClient } from "../support/Database.ts"

export type Services =
  | TestDatabase
  | PgClient.PgClient
  | SqlClient.SqlClient
  | FileSystem.FileSystem
  | Path.Path
  | ChildProcessSpawner.ChildProcessSpawner
  | Scope.Scope

/** A test with an empty database of its own, on the real clock. */
export const test = <A, E>(name: string, body: () => Effect.Effect<A, E, Services>, timeout?: number) =>
  testOn(freshClient, name, body, timeout)

/** The same with the database that `client` makes, such as a copy of one that was migrated once. */
export const testOn = <A, E, E2>(
  client: () => Layer.Layer<TestDatabase | PgClient.PgClient | SqlClient.SqlClient, E2>,
  name: string,
  body: () => Effect.Effect<A, E, Services>,
  timeout?: number
) =>
  it.live(
    name,
    () =>
      Effect.scoped(body()).pipe(
        Effect.provide(Layer.mergeAll(client(), NodeServices.layer)),
        Effect.provideService(References.MinimumLogLevel, "Error")
      ),
    timeout
  )

/** The package's own client, which can send several statements in one write. */
export const ownClient = (url: Redacted.Redacted) =>
  ConnectionManager.layer().pipe(
    Layer.provide(DatabaseConfig.layer({ url, sslMode: "disable", maxConnections: 1 })),
    Layer.provide(NodeServices.layer)
  )

/** Tests that leave the database as it is, and so can have one for all of them. */
export const changingNothing = (
  tests: (
    it: Vitest.MethodsNonLive<TestDatabase | PgClient.PgClient | SqlClient.SqlClient | NodeServices.NodeServices>
  ) => void
) => layer(Layer.mergeAll(freshClient(), NodeServices.layer), { excludeTestServices: true })(tests)

/** Writes files, also in folders, into a directory that goes with the test. A text of `undefined` removes the file. */
export const directory = Effect.fnUntraced(function* (files: Record<string, string | Uint8Array>) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* fs.makeTempDirectoryScoped({ prefix: "pgkeel-migrations-" })
  yield* write(path, files)
  return path
})

export const write = Effect.fnUntraced(function* (
  path: string,
  files: Record<string, string | Uint8Array | undefined>
) {
  const fs = yield* FileSystem.FileSystem
  const { dirname, join } = yield* Path.Path
  for (const [name, text] of Object.entries(files)) {
    const file = join(path, name)
    if (name.includes("/")) yield* fs.makeDirectory(dirname(file), { recursive: true })
    yield* text === undefined
      ? fs.remove(file)
      : fs.writeFile(file, typeof text === "string" ? new TextEncoder().encode(text) : text)
  }
})

export const makeMigrator = (options: MigratorOptions) =>
  Effect.map(Layer.build(Migrator.layer(options)), (context) => Context.get(context, Migrator))

/** A migrator for one directory, in the namespace "app". */
export const migratorOf = (path: string, options: Partial<MigratorOptions> = {}) =>
  makeMigrator({ sources: [{ namespace: "app", directory: path }], ...options })

export const scalar = Effect.fnUntraced(function* (query: string) {
  const sql = yield* SqlClient.SqlClient
  const rows = yield* sql.unsafe(query).values
  return rows[0]?.[0]
})

/** Whether a relation is there. */
export const exists = (relation: string) => scalar(`SELECT to_regclass('${relation}') IS NOT NULL`)

export const history = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  return yield* sql<{
    readonly namespace: string
    readonly id: string
    readonly name: string
    readonly kind: string
    readonly state: string
    readonly statements: number
    readonly error: string | null
  }>`SELECT namespace, id, name, kind, state, statements, error FROM pgkeel.migrations ORDER BY namespace, id`
})

/** The reason of the `MigrationError` that it must fail with. */
export const reasonOf = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.map(Effect.flip(effect), (error) => {
    assert(error instanceof MigrationError, `not a MigrationError: ${String(error)}`)
    return error.reason
  })

/** After each test that used the pool: no session holds a lock, is in a transaction, or has other settings. */
export const assertClean = Effect.gen(function* () {
  const locks = yield* scalar(
    `SELECT count(*)::int FROM pg_locks
     WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`
  )
  const open = yield* scalar(
    `SELECT count(*)::int FROM pg_stat_activity
     WHERE datname = current_database() AND state LIKE 'idle in transaction%'`
  )
  if (locks !== 0 || open !== 0) {
    return yield* Effect.die(new Error(`${String(locks)} advisory locks and ${String(open)} transactions are left`))
  }
})

/** Until it succeeds, at most 20 seconds long. */
export const eventually = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.retry(effect, Schedule.spaced("50 millis").pipe(Schedule.upTo({ duration: "20 seconds" })))
